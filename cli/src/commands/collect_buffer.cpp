#include "commands/collect_buffer.hpp"

#include <utility>

namespace optiinfra::cli {

Result<void> CollectBuffer::flush() {
  while (sent_.size() != 0 || fresh_.size() != 0) {
    if (sent_.size() == 0) {
      std::swap(sent_, fresh_);
      token_ = "collect/" + Uuid::random().to_string();
    }
    OPTIINFRA_TRY(const InsertReceipt receipt, client_.insert_resource_metrics(sent_, {.token = token_}));
    rows_stored_ += receipt.rows_stored;
    sent_.clear();
  }
  return {};
}

Result<void> CollectBuffer::flush_or_keep() {
  auto stored = flush();
  if (stored || stored.error().kind == ErrorKind::kInvalidArgument) return stored;
  const std::size_t kept = sent_.size() + fresh_.size();
  if (kept > kBufferedRowsMax)
    return with_context(std::move(stored).error(), std::to_string(kept) + " rows could not be stored");
  remark_("kept " + std::to_string(kept) + " rows for later: " + stored.error().message);
  return {};
}

}  // namespace optiinfra::cli
