#include "outbox_sink.hpp"

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
  if (bytes == 0 || (!all && bytes < kGatherBytesMax && at - put_ < kGatherTime)) return false;
  put_ = at;
  OPTIINFRA_CHECK(put(resources_));
  OPTIINFRA_CHECK(put(servings_));
  return true;
}

Result<void> OutboxSink::put(Waiting& waiting) {
  if (waiting.lines.empty()) return {};
  if (waiting.key.is_nil()) waiting.key = Uuid::random();
  auto taken = outbox_.put(waiting.family, waiting.key, waiting.lines);
  is_blocked_ = !taken;
  if (!taken) return taken;
  waiting.lines.clear();
  waiting.key = {};
  return {};
}

}  // namespace optiinfra::agent
