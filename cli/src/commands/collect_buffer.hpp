/// Rows of a collector between being measured and being stored.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "optiinfra/client/client.hpp"

namespace optiinfra::cli {

/// Most rows that are kept while the store takes none: more than a day of a host with eight GPUs and a
/// sample every ten seconds.
inline constexpr std::size_t kBufferedRowsMax = 100'000;

/// Stores rows in groups, each under a token of its own, so that a group that is sent again after an
/// error is stored once.
class CollectBuffer {
 public:
  using Remark = std::function<void(const std::string&)>;

  /// `client` must outlive it.
  CollectBuffer(Client& client, Remark remark) : client_(client), remark_(std::move(remark)) {}

  void add(std::span<const ResourceMetric> rows) { fresh_.append(rows); }

  /// Stores everything. On an error the rows stay.
  Result<void> flush();

  /// The same, but a store that takes nothing now is no error as long as kBufferedRowsMax allows.
  Result<void> flush_or_keep();

  std::uint64_t rows_stored() const noexcept { return rows_stored_; }

 private:
  Client& client_;
  Remark remark_;
  ResourceBatch fresh_;
  ResourceBatch sent_;  ///< Not acknowledged; sent again unchanged, with `token_`.
  std::string token_;
  std::uint64_t rows_stored_ = 0;
};

}  // namespace optiinfra::cli
