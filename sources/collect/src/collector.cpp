#include "optiinfra/collect/collector.hpp"

namespace optiinfra::collect {
namespace {

using Clock = MetricSource::Clock;

bool is_over(const CollectOptions& options, std::uint64_t samples, Clock::time_point begin) {
  if (options.is_stopped()) return true;
  if (options.samples_max != 0) return samples >= options.samples_max;
  return options.length.count() != 0 && Clock::now() >= begin + options.length;
}

}  // namespace

Result<CollectOutcome> collect(MetricSource& source, RowSink& sink, const CollectOptions& options) {
  CollectOutcome outcome;
  const auto begin = Clock::now();
  while (!is_over(options, outcome.samples, begin)) {
    OPTIINFRA_TRY(CollectedRows rows, source.collect(Clock::now() + kCollectStep));
    for (const std::string& remark : source.take_remarks()) options.remark(remark);
    if (!rows.is_empty()) {
      outcome.rows += rows.size();
      OPTIINFRA_CHECK(sink.add(std::move(rows)));
      options.on_sample(++outcome.samples);
    }
    OPTIINFRA_CHECK(sink.work());
  }
  OPTIINFRA_TRY(outcome.totals, sink.close());
  return outcome;
}

}  // namespace optiinfra::collect
