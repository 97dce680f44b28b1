/// @file optiinfra/collect/sink.hpp
/// Where the rows of a collector go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "optiinfra/collect/source.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::collect {

/// Samples that wait while the store takes none; of more, and of more rows, the oldest are lost.
inline constexpr std::size_t kSamplesWaitingMax = 3'600;
inline constexpr std::size_t kCollectedRowsWaitingMax = 500'000;

/// What a sink has done with all rows that it was given.
struct SinkTotals {
  std::uint64_t rows_stored = 0;
  std::uint64_t rows_refused = 0;  ///< They broke a rule of a column.
};

/// Whether a sink that refuses rows now may take them later without any change of theirs: the store is away,
/// or a disk is full.
bool may_pass(const Error& error) noexcept;

/// Threads: one call at a time.
class RowSink {
 public:
  virtual ~RowSink() = default;

  /// Takes over one sample. A store that is away or full ends nothing: rows wait, and the sink says so once.
  /// Errors: only those that waiting does not cure.
  virtual Result<void> add(CollectedRows rows) = 0;

  /// Called about every 100 ms: sends what has waited long enough. Errors: as add().
  virtual Result<void> work() = 0;

  /// Stores what is left. No other call may follow.
  virtual Result<SinkTotals> close() = 0;
};

/// Receives what people should know: a sentence each.
using Remark = std::function<void(const std::string&)>;

struct StoreSinkOptions {
  std::filesystem::path spool_folder = {};  ///< Empty: no spool.
  Remark remark = [](const std::string&) {};
};

/// A store, through a Writer. With a spool a sample is on the disk before the next one is taken.
/// Errors: those of Writer::open.
Result<std::unique_ptr<RowSink>> open_store_sink(const StoreUrl& url, StoreSinkOptions options = {});

}  // namespace optiinfra::collect
