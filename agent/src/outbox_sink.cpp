#include "outbox_sink.hpp"

#include <utility>

#include "optiinfra/rows/encode.hpp"

namespace optiinfra::agent {
namespace {

/// A kill loses what was measured within this.
constexpr std::chrono::seconds kGatherTime{5};
constexpr std::size_t kGatherBytesMax = std::size_t{4} << 20;

template <typename Row>
void append_rows(std::string& lines, const std::vector<Row>& rows) {
  for (const Row& row : rows) rows::append_json_line(lines, row);
}

}  // namespace

void OutboxSink::add(const collect::CollectedRows& rows) {
  append_rows(resources_.lines, rows.resources);
  append_rows(servings_.lines, rows.servings);
  rows_ += rows.size();
}

Result<bool> OutboxSink::work(bool all) {
  const auto at = collect::MetricSource::Clock::now();
  const std::size_t bytes = resources_.lines.size() + servings_.lines.size();
  const bool is_due = all || at - put_ >= kGatherTime || (bytes >= kGatherBytesMax && !is_blocked_);
  if ((bytes == 0 && !is_blocked_) || !is_due) return false;
  put_ = at;
  is_blocked_ = true;  // Until both are taken.
  OPTIINFRA_CHECK(put(resources_));
  OPTIINFRA_CHECK(put(servings_));
  is_blocked_ = false;
  return true;
}

Result<void> OutboxSink::put(Waiting& waiting) {
  while (!waiting.request.empty() || !waiting.lines.empty()) {
    if (waiting.request.empty()) {
      waiting.request = std::exchange(waiting.lines, {});
      waiting.key = Uuid::random();
    }
    OPTIINFRA_CHECK(outbox_.put(waiting.family, waiting.key, waiting.request));
    waiting.request.clear();
  }
  return {};
}

}  // namespace optiinfra::agent
