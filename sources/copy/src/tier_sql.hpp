/// The SQL with which one family's raw rows, or its rollup rows that have no raw rows, are read.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::copy {

/// The rows of a store that are copied, by time: raw rows from `raw_from` on, and before it only rollup rows,
/// as far back as the target keeps them.
struct CopyBorders {
  sys_seconds rollup_from{};
  sys_seconds raw_from{};
};

class TierSql {
 public:
  /// `read_timeout` is the budget of each statement; reading one side may wait for the other side's inserts.
  TierSql(const TableDefinition& table, store::Tier tier, CopyBorders borders,
          std::chrono::milliseconds read_timeout);

  const TableDefinition& table() const noexcept { return *table_; }
  store::Tier tier() const noexcept { return tier_; }

  /// The rows of a day, or of one slice of them by their hash, in an order that holds for equal contents:
  /// the table's columns in their order, then the row's hash. A rollup has one row per key and hour, its
  /// states as text.
  Statement rows(const Session& session, const std::string& day) const;
  Statement rows(const Session& session, const std::string& day, std::uint64_t slice,
                 std::uint64_t slices) const;

  /// For the same rows: hash and how many have it.
  Statement hashes(const Session& session, const std::string& day, std::uint64_t slice,
                   std::uint64_t slices) const;

  /// Day, rows and sum of hashes, of all days.
  Statement contents(const Session& session) const;

  /// Of a rollup: day, and for each finished column the sum over the day's keys and hours, as Float64.
  Statement finished(const Session& session) const;

 private:
  Statement statement(const Session& session, const std::string& select, const std::string& rest,
                      const std::string& day) const;

  const TableDefinition* table_;
  store::Tier tier_;
  std::chrono::milliseconds read_timeout_;
  std::vector<NamedValue> parameters_;
  std::string columns_, row_hash_, time_, condition_, group_by_, order_;
};

}  // namespace optiinfra::copy
