/// @file optiinfra/collect/collector.hpp
/// Polls a source and hands its rows to a sink, until the time is over or the caller stops it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "optiinfra/collect/sink.hpp"
#include "optiinfra/collect/source.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::collect {

struct CollectOptions {
  std::chrono::seconds length{0};  ///< 0: until is_stopped.
  /// Samples with rows, instead of a length: a sample that is due at the very end is still taken. 0: no
  /// limit.
  std::uint64_t samples_max = 0;
  std::function<bool()> is_stopped = [] { return false; };  ///< Asked every kCollectStep.
  Remark remark = [](const std::string&) {};
  std::function<void(std::uint64_t samples)> on_sample = [](std::uint64_t) {};
};

struct CollectOutcome {
  sys_seconds begin = now();
  std::uint64_t samples = 0;  ///< Polls that brought rows.
  std::uint64_t rows = 0;
  SinkTotals totals;
};

/// How long a source may work before it is asked whether to stop.
inline constexpr std::chrono::milliseconds kCollectStep{100};

/// Errors: those of the source and of the sink. What was collected before is then stored or lies in the
/// spool.
Result<CollectOutcome> collect(MetricSource& source, RowSink& sink, const CollectOptions& options);

}  // namespace optiinfra::collect
