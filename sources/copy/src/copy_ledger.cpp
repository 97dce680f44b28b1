#include "copy_ledger.hpp"

#include "optiinfra/transport/session.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::copy {
namespace {

constexpr const char* kTable = "copy_ledger";
/// Stands where a day does: its `rows` is the time at which raw rows begin.
constexpr const char* kRawFrom = "raw from";

const char* tier_name(store::Tier tier) { return tier == store::Tier::kRaw ? "raw" : "rollup"; }

Column text(std::string name, std::string_view value) {
  Strings values;
  values.append(value);
  return {std::move(name), "String", std::move(values)};
}

Column label(std::string name, std::string_view value) {
  Dictionary values;
  values.append(value);
  return {std::move(name), "LowCardinality(String)", std::move(values)};
}

Column number(std::string name, std::uint64_t value) {
  return {std::move(name), "UInt64", std::vector<std::uint64_t>{value}};
}

std::int64_t microseconds_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Result<void> CopyLedger::open() {
  days_.clear();
  auto read = target_.with_session([&](Session& session) -> Result<void> {
    const Statement statement{
        .sql =
            "SELECT day, argMax(blocks, place), argMax(rows, place), argMax(hash_sum, place), "
            "argMax(block_rows, place), argMax(finished, place) FROM (SELECT *, (recorded_at, rows, "
            "finished) AS "
            "place FROM " +
            qualified(session.database(), kTable) +
            " WHERE source_id = {source:UUID} AND family = {family:String} AND tier = {tier:String}) GROUP "
            "BY day",
        .parameters = {
            {"source", source_.to_string()}, {"family", table_of(family_).name}, {"tier", tier_name(tier_)}}};
    auto asked = session.query(statement, [&](const Block& block) {
      const auto& days = *block.values<Strings>(0);
      const auto values = [&](std::size_t column) -> const auto& {
        return *block.values<std::vector<std::uint64_t>>(column);
      };
      const auto& finished = *block.values<std::vector<std::uint8_t>>(5);
      for (std::size_t i = 0; i < block.row_count(); ++i)
        days_[std::string(days[i])] = {
            values(1)[i], {values(2)[i], values(3)[i]}, values(4)[i], finished[i] != 0};
      return true;
    });
    if (!asked) return std::move(asked).error();
    return {};
  });
  if (!read) return with_context(std::move(read).error(), "the record of copies");
  return {};
}

std::optional<DayState> CopyLedger::find(const std::string& day) const {
  const auto found = days_.find(day);
  return found == days_.end() ? std::nullopt : std::optional(found->second);
}

Result<void> CopyLedger::record(const std::string& day, const DayState& state) {
  Block row;
  row.add({"source_id", "UUID", std::vector<Uuid>{source_}});
  row.add(label("family", table_of(family_).name));
  row.add(label("tier", tier_name(tier_)));
  row.add(text("day", day));
  row.add(number("blocks", state.blocks));
  row.add(number("rows", state.content.rows));
  row.add(number("hash_sum", state.content.hash_sum));
  row.add(number("block_rows", state.block_rows));
  row.add({"finished", "UInt8",
           std::vector<std::uint8_t>{state.is_finished ? std::uint8_t{1} : std::uint8_t{0}}});
  row.add({"recorded_at", "DateTime64(6, 'UTC')", std::vector<std::int64_t>{microseconds_now()}});
  auto recorded = target_.with_session([&](Session& session) -> Result<void> {
    return done(session.insert({.table = qualified(session.database(), kTable),
                                .deduplication_token = {},
                                .settings = {{"distributed_foreground_insert", "1"}}},
                               row));
  });
  if (!recorded) return with_context(std::move(recorded).error(), "the record of copies");
  days_[day] = state;
  return {};
}

Result<sys_seconds> CopyLedger::raw_from(sys_seconds proposed) {
  const auto known = find(kRawFrom);
  if (known) {
    days_.erase(kRawFrom);
    return sys_seconds{std::chrono::seconds{known->content.rows}};
  }
  OPTIINFRA_CHECK(record(kRawFrom, {0, {to_column_time(proposed), 0}, 0, true}));
  days_.erase(kRawFrom);
  return proposed;
}

}  // namespace optiinfra::copy
