#include "optiinfra/copy/copy.hpp"

#include <algorithm>

#include "copy_ledger.hpp"
#include "day_copy.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "reconciliation.hpp"
#include "source.hpp"

namespace optiinfra::copy {
namespace {

/// Reading one side may wait for the other side's inserts.
constexpr std::chrono::hours kReadTimeout{24 * 7};

std::string days_text(std::chrono::days days) { return std::to_string(days.count()) + " days"; }

Error keeps_longer(const TableDefinition& table, std::chrono::days source, std::chrono::days target) {
  return {ErrorKind::kIncompatible,
          std::string(table.name) + ": the target keeps raw rows " + days_text(target) + " and the source " +
              days_text(source) +
              ", so that rollups of the days between would arrive without the raw rows that the target "
              "expects; set the same retention first: optiinfra retention set " +
              table.name + " raw " + std::to_string(source.count()) +
              "d (on the target), and lengthen it when the copy is done"};
}

/// One family, in both tiers.
class FamilyCopying {
 public:
  FamilyCopying(Client& source, Client& target, Uuid source_id, Family family, const CopyOptions& options)
      : source_(source),
        target_(target),
        source_id_(source_id),
        table_(table_of(family)),
        options_(options),
        raw_ledger_(target, source_id, family, store::Tier::kRaw),
        rollup_ledger_(target, source_id, family, store::Tier::kRollup) {
    copied_.family = family;
  }

  Result<FamilyCopy> copy() {
    OPTIINFRA_CHECK(raw_ledger_.open());
    OPTIINFRA_CHECK(rollup_ledger_.open());
    OPTIINFRA_TRY(borders_, find_borders());
    OPTIINFRA_TRY(read_timeout_, longest_read());
    copied_.raw_from = borders_.raw_from;
    OPTIINFRA_CHECK(copy_rollups());
    OPTIINFRA_CHECK(copy_raw());
    return copied_;
  }

  Result<void> compare(CopyReport& report) {
    const TierSql raw(table_, store::Tier::kRaw, borders_, read_timeout_),
        rollup(table_, store::Tier::kRollup, borders_, read_timeout_);
    OPTIINFRA_CHECK(compare_contents(target_, raw, raw_ledger_, report));
    OPTIINFRA_CHECK(compare_contents(target_, rollup, rollup_ledger_, report));
    return compare_rollups(source_, target_, rollup, report);
  }

 private:
  /// The first copy decides from which hour on raw rows are whole at the source; later ones keep to it, so
  /// that no hour is copied as rollup once and as raw rows another time.
  Result<CopyBorders> find_borders() {
    const sys_seconds clock = now();
    OPTIINFRA_TRY(const auto kept_by_source, kept_for(source_, table_.family, store::Tier::kRaw));
    OPTIINFRA_TRY(const auto kept_by_target, kept_for(target_, table_.family, store::Tier::kRaw));
    OPTIINFRA_TRY(const auto rollup_kept, kept_for(target_, table_.family, store::Tier::kRollup));
    if (kept_by_target > kept_by_source) return keeps_longer(table_, kept_by_source, kept_by_target);
    CopyBorders borders;
    const sys_seconds whole_from = std::chrono::ceil<std::chrono::hours>(clock - kept_by_source);
    OPTIINFRA_TRY(borders.raw_from, raw_ledger_.raw_from(std::max(whole_from, kOldestTime)));
    // Rows that the target would remove within the day are not copied.
    const sys_seconds kept_from = std::chrono::ceil<std::chrono::days>(clock - rollup_kept);
    borders.rollup_from = std::max(kept_from + std::chrono::days{1}, kOldestTime);
    return borders;
  }

  Result<std::chrono::milliseconds> longest_read() {
    std::chrono::milliseconds time = kReadTimeout;
    for (Client* store : {&source_, &target_})
      OPTIINFRA_CHECK(store->with_session([&](Session& session) -> Result<void> {
        OPTIINFRA_TRY(time, statement_time_up_to(session, time));
        return {};
      }));
    return time;
  }

  Result<void> copy_rollups() {
    const TierSql sql(table_, store::Tier::kRollup, borders_, read_timeout_);
    OPTIINFRA_TRY(const auto present, contents_by_day(source_, sql));
    for (const auto& [day, content] : present) {
      const DayCopy copying{source_, target_, rollup_ledger_, sql, source_id_, day, {}};
      OPTIINFRA_TRY(const std::uint64_t rows, copy_day(copying, content));
      copied_.rollup_hours_copied += rows;
      copied_.rollup_hours_already_copied += content.rows - std::min(rows, content.rows);
    }
    return {};
  }

  Result<void> copy_raw() {
    const TierSql sql(table_, store::Tier::kRaw, borders_, read_timeout_);
    OPTIINFRA_TRY(const auto present, contents_by_day(source_, sql));
    CopyProgress progress{.family = table_.family, .day = {}};
    for (const auto& [day, content] : present) progress.rows_total += content.rows;
    for (const auto& [day, content] : present) {
      progress.day = day;
      const std::uint64_t rows_before = progress.rows_done;
      const auto on_block = [&](std::uint64_t rows) {
        progress.rows_done += rows;
        if (options_.on_progress) options_.on_progress(progress);
      };
      const DayCopy copying{source_, target_, raw_ledger_, sql, source_id_, day, on_block};
      OPTIINFRA_TRY(const std::uint64_t rows, copy_day(copying, content));
      const std::uint64_t held = raw_ledger_.find(day).value_or(DayState{}).content.rows;
      copied_.rows_copied += rows;
      copied_.rows_already_copied += held - std::min(rows, held);
      ++copied_.days;
      progress.rows_done = rows_before + content.rows;
    }
    if (options_.on_progress) options_.on_progress(progress);
    return count_behind(sql);
  }

  /// Rows that the source has now and the copied days had not.
  Result<void> count_behind(const TierSql& sql) {
    OPTIINFRA_TRY(const auto present, contents_by_day(source_, sql));
    for (const auto& [day, content] : present) {
      const std::uint64_t held = raw_ledger_.find(day).value_or(DayState{}).content.rows;
      copied_.rows_behind += content.rows - std::min(held, content.rows);
    }
    return {};
  }

  Client& source_;
  Client& target_;
  const Uuid source_id_;
  const TableDefinition& table_;
  const CopyOptions& options_;
  CopyLedger raw_ledger_, rollup_ledger_;
  CopyBorders borders_;
  std::chrono::milliseconds read_timeout_ = kReadTimeout;
  FamilyCopy copied_;
};

}  // namespace

Result<CopyReport> copy_store(Client& source, Client& target, const CopyOptions& options) {
  OPTIINFRA_TRY(const Uuid source_id, identity_of(source));
  OPTIINFRA_TRY(const Uuid target_id, identity_of(target));
  if (source_id == target_id) return invalid_argument("both URLs name the same store; a copy needs two");
  std::vector<Family> families = options.families;
  if (families.empty()) families.assign(std::begin(kFamilies), std::end(kFamilies));
  CopyReport report;
  OPTIINFRA_TRY(report.names_copied, copy_names(source, target));
  std::vector<FamilyCopying> copies;
  copies.reserve(families.size());
  for (const Family family : families) {
    FamilyCopying& copying = copies.emplace_back(source, target, source_id, family, options);
    OPTIINFRA_TRY(FamilyCopy copied, copying.copy());
    report.families.push_back(copied);
  }
  for (FamilyCopying& copying : copies) OPTIINFRA_CHECK(copying.compare(report));
  OPTIINFRA_CHECK(verify_target(target, report));
  return report;
}

}  // namespace optiinfra::copy
