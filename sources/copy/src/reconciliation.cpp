#include "reconciliation.hpp"

#include <algorithm>
#include <cmath>

#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "source.hpp"

namespace optiinfra::copy {
namespace {

/// Relative difference that summing the same numbers in another order can make.
constexpr double kSumTolerance = 1e-9;

void describe(CopyReport& report, CopyDifference difference) {
  if (report.differences.size() < kCopyDifferencesDescribedMax)
    report.differences.push_back(std::move(difference));
}

bool differs(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) != std::isnan(b);
  return std::abs(a - b) > kSumTolerance * std::max(std::abs(a), std::abs(b));
}

using DayNumbers = std::map<std::string, std::vector<double>>;

Result<DayNumbers> finished_by_day(Client& store, const TierSql& sql) {
  DayNumbers numbers;
  const std::size_t measures = sql.table().finished().size();
  OPTIINFRA_CHECK(store.with_session([&](Session& session) -> Result<void> {
    return done(session.query(sql.finished(session), [&](const Block& block) {
      const auto& days = *block.values<Strings>(0);
      for (std::size_t row = 0; row < block.row_count(); ++row) {
        auto& of_day = numbers[std::string(days[row])];
        for (std::size_t i = 1; i <= measures; ++i)
          of_day.push_back((*block.values<std::vector<double>>(i))[row]);
      }
      return true;
    }));
  }));
  return numbers;
}

}  // namespace

Result<void> compare_contents(Client& target, const TierSql& sql, const CopyLedger& ledger,
                              CopyReport& report) {
  OPTIINFRA_TRY(const auto found, contents_by_day(target, sql));
  for (const auto& [day, state] : ledger.days()) {
    const auto there = found.find(day);
    const Content content = there == found.end() ? Content{} : there->second;
    ++report.days_compared;
    if (state.is_finished && content == state.content) continue;
    ++report.days_differing;
    const bool same_count = content.rows == state.content.rows;
    describe(report, {sql.table().family, sql.tier(), day, same_count ? "values of the rows" : "rows",
                      static_cast<double>(state.content.rows), static_cast<double>(content.rows)});
  }
  return {};
}

Result<void> compare_rollups(Client& source, Client& target, const TierSql& sql, CopyReport& report) {
  OPTIINFRA_TRY(const DayNumbers expected, finished_by_day(source, sql));
  OPTIINFRA_TRY(DayNumbers found, finished_by_day(target, sql));
  const auto columns = sql.table().finished();
  for (const auto& [day, numbers] : expected) {
    std::vector<double>& there = found[day];
    there.resize(numbers.size());
    bool same = true;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (!differs(numbers[i], there[i])) continue;
      same = false;
      describe(report, {sql.table().family, sql.tier(), day, columns[i].name, numbers[i], there[i]});
    }
    report.days_differing += same ? 0 : 1;
  }
  return {};
}

Result<void> verify_target(Client& target, CopyReport& report) {
  return target.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    OPTIINFRA_TRY(const store::VerifyReport verified, store::verify(session));
    report.rollup_hours_verified += verified.hours_compared;
    report.rollup_hours_differing += verified.hours_differing;
    return {};
  });
}

}  // namespace optiinfra::copy
