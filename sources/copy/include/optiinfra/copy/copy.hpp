/// @file optiinfra/copy/copy.hpp
/// Copies a store into another one: embedded to server, server to cluster, and every other pair.
///
/// Raw rows are copied day by day in the table's order; the target's views build their rollups again. Hours
/// whose raw rows are past the source's retention have only their rollup, which is copied as it is, sketches
/// included. The first copy between two stores decides where that border lies, and later copies keep it.
///
/// The target records in `copy_ledger` what was copied. So the same call finishes a copy that was killed at
/// any point, and a later call copies the rows that the source has received since.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/retention.hpp"

namespace optiinfra::copy {

/// Most rows of one copied block, and the bytes of text at which a block ends earlier.
inline constexpr std::size_t kCopyBlockRowsMax = 262'144;
inline constexpr std::size_t kCopyBlockTextBytesMax = std::size_t{32} << 20;

/// At most this many differences are described; all are counted.
inline constexpr std::size_t kCopyDifferencesDescribedMax = 100;

struct CopyProgress {
  Family family{};
  std::string day;              ///< "2026-03-01"
  std::uint64_t rows_done = 0;  ///< Of the family's raw rows, earlier calls included.
  std::uint64_t rows_total = 0;
};

struct CopyOptions {
  std::vector<Family> families = {};  ///< Empty: all.
  /// Called after each block. It may throw to stop the copy; what is stored is recorded by then.
  std::function<void(const CopyProgress&)> on_progress = {};
};

/// The result for one family.
struct FamilyCopy {
  Family family{};
  std::uint64_t days = 0;                 ///< With raw rows.
  std::uint64_t rows_copied = 0;          ///< By this call.
  std::uint64_t rows_already_copied = 0;  ///< By earlier ones.
  std::uint64_t rollup_hours_copied = 0;  ///< Rollup rows without raw rows, by this call.
  std::uint64_t rollup_hours_already_copied = 0;
  std::uint64_t rows_behind =
      0;  ///< Raw rows that the source received while this call ran; the next one copies them.
  sys_seconds raw_from{};  ///< Hours before it are copied as rollups only.
};

/// A day on which the two stores differ.
struct CopyDifference {
  Family family{};
  store::Tier tier = store::Tier::kRaw;
  std::string day;
  std::string measure;  ///< "rows", "values of the rows", or a column of the rollup.
  double source = 0;    ///< As it was copied.
  double target = 0;
};

struct CopyReport {
  std::vector<FamilyCopy> families;
  std::uint64_t names_copied = 0;  ///< Records of names that the target lacked.
  std::uint64_t days_compared = 0;
  std::uint64_t days_differing = 0;
  std::vector<CopyDifference> differences;   ///< The first kCopyDifferencesDescribedMax.
  std::uint64_t rollup_hours_verified = 0;   ///< Of the target, against its raw rows.
  std::uint64_t rollup_hours_differing = 0;  ///< See `optiinfra verify` on the target.

  bool ok() const noexcept { return days_differing == 0 && rollup_hours_differing == 0; }
};

/// Copies, then compares: the rows and their values on both sides for each day that was copied, and every
/// rollup hour of the target against its raw rows.
///
/// The next call copies rows that the source receives while a day is being read. Two embedded stores need two
/// processes, because a process holds one folder: serve one of them with `optiinfra server`.
/// Errors: kInvalidArgument when both are the same store; kIncompatible when the target keeps raw rows longer
/// than the source does, since the rollups without raw rows would then look damaged; those of either store,
/// saying which. After an error, the same call continues where this one stopped.
Result<CopyReport> copy_store(Client& source, Client& target, const CopyOptions& options);

}  // namespace optiinfra::copy
