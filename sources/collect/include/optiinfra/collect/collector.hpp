/// @file optiinfra/collect/collector.hpp
/// Polls a source and stores what it has, until the time is over or a signal comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "optiinfra/collect/source.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra {

struct CollectOptions {
  std::filesystem::path spool_folder = {};                  ///< Empty: no spool.
  std::chrono::seconds length{0};                           ///< 0: until is_stopped.
  std::uint64_t samples_max = 0;                            ///< Samples with rows; 0 for no limit.
  std::function<bool()> is_stopped = [] { return false; };  ///< Asked every kCollectStep.
  std::function<void(const std::string&)> remark = [](const std::string&) {};
  std::function<void(std::uint64_t samples)> on_sample = [](std::uint64_t) {};
};

struct CollectOutcome {
  sys_seconds begin = now();
  std::uint64_t samples = 0;  ///< Polls that brought rows.
  std::uint64_t rows = 0;
  std::uint64_t rows_stored = 0;
  std::uint64_t rows_refused = 0;  ///< They broke a rule of a column.
};

/// How long a source may work before it is asked whether to stop.
inline constexpr std::chrono::milliseconds kCollectStep{100};
/// Samples that wait while the writer takes none, because the spool's disk or its memory is full; of more,
/// and of more rows, the oldest are lost.
inline constexpr std::size_t kSamplesWaitingMax = 3'600;
inline constexpr std::size_t kCollectedRowsWaitingMax = 500'000;

/// Errors: those of Writer::open and of the source, and those of the store that do not pass by themselves.
/// What was collected before is then stored or lies in the spool.
Result<CollectOutcome> collect(MetricSource& source, const StoreUrl& url, const CollectOptions& options);

}  // namespace optiinfra
