#include "hour_writer.hpp"

#include <span>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::attribution {
namespace {

/// Rows of one insert.
constexpr std::size_t kRowsOfInsert = 200'000;

const std::vector<NamedValue> kInsertSettings = {{"distributed_foreground_insert", "1"}};

/// Columns of a block, each made of one value of every row.
class Columns {
 public:
  Columns(Block& block, std::span<const AttributedCost> rows) : block_(block), rows_(rows) {}

  template <typename T, typename Value>
  void add(const char* name, const char* type, Value value) {
    std::vector<T> values;
    values.reserve(rows_.size());
    for (const AttributedCost& row : rows_) values.push_back(value(row));
    block_.add({name, type, std::move(values)});
  }

  template <typename Value>
  void add_label(const char* name, Value value) {
    Dictionary values;
    values.reserve(rows_.size());
    for (const AttributedCost& row : rows_) values.append(value(row));
    block_.add({name, "LowCardinality(String)", std::move(values)});
  }

  void add_id(const char* name, Uuid AttributedCost::* member) {
    add<Uuid>(name, "UUID", [member](const AttributedCost& row) { return row.*member; });
  }
  void add_label(const char* name, std::string AttributedCost::* member) {
    add_label(name, [member](const AttributedCost& row) -> const std::string& { return row.*member; });
  }
  void add_amount(const char* name, std::int64_t AttributedCost::* member) {
    add<std::int64_t>(name, "Int64", [member](const AttributedCost& row) { return row.*member; });
  }
  void add_count(const char* name, std::uint64_t AttributedCost::* member) {
    add<std::uint64_t>(name, "UInt64", [member](const AttributedCost& row) { return row.*member; });
  }
  void add_seconds(const char* name, std::uint32_t AttributedCost::* member) {
    add<std::uint32_t>(name, "UInt32", [member](const AttributedCost& row) { return row.*member; });
  }

 private:
  Block& block_;
  std::span<const AttributedCost> rows_;
};

Block block_of(sys_seconds hour, std::uint64_t version, std::span<const AttributedCost> rows) {
  Block block;
  Columns columns(block, rows);
  columns.add<std::uint32_t>("hour", "DateTime('UTC')", [&](const auto&) { return to_column_time(hour); });
  columns.add<std::uint64_t>("version", "UInt64", [&](const auto&) { return version; });
  columns.add_id("customer_id", &AttributedCost::payer);
  columns.add_id("served_customer_id", &AttributedCost::served);
  columns.add_id("service_id", &AttributedCost::service);
  columns.add_label("model_name", &AttributedCost::model);
  columns.add_label("instance_id", &AttributedCost::instance);
  columns.add_label("cloud_provider", &AttributedCost::provider);
  columns.add_label("region", &AttributedCost::region);
  columns.add_label("instance_type", &AttributedCost::instance_type);
  columns.add_label("kind", [](const AttributedCost& row) { return to_string(row.kind); });
  columns.add_label("currency", &AttributedCost::currency);
  columns.add_amount("cost", &AttributedCost::cost);
  columns.add_amount("input_cost", &AttributedCost::input_cost);
  columns.add_amount("avoided_cost", &AttributedCost::avoided_cost);
  columns.add_amount("shared_underfill", &AttributedCost::shared_underfill);
  columns.add_amount("shared_idle", &AttributedCost::shared_idle);
  columns.add_amount("billed", &AttributedCost::billed);
  columns.add_count("requests", &AttributedCost::requests);
  columns.add_count("prompt_tokens", &AttributedCost::prompt_tokens);
  columns.add_count("cached_tokens", &AttributedCost::cached_tokens);
  columns.add_count("completion_tokens", &AttributedCost::completion_tokens);
  columns.add_count("weight", &AttributedCost::weight);
  columns.add_count("efficient_rate", &AttributedCost::efficient_rate);
  columns.add_seconds("busy_seconds", &AttributedCost::busy_seconds);
  columns.add_seconds("covered_seconds", &AttributedCost::covered_seconds);
  columns.add_label("method", &AttributedCost::method);
  columns.add_label("price_source", &AttributedCost::price_source);
  return block;
}

struct Checksum {
  std::uint64_t rows = 0, hash = 0;
};

/// Of the rows as they are stored.
Result<Checksum> read_checksum(Session& session, sys_seconds hour, std::uint64_t version) {
  Checksum checksum;
  const std::string sql = "SELECT " + checksum_columns() + " FROM " +
                          qualified(session.database(), store::kAttributedCostTable) +
                          " WHERE hour = toDateTime({hour:UInt32}, 'UTC') AND version = {version:UInt64}";
  auto asked = session.query(
      {.sql = sql,
       .parameters = {{"hour", std::to_string(to_column_time(hour))}, {"version", std::to_string(version)}}},
      [&](const Block& block) {
        if (block.empty()) return true;
        checksum = {(*block.values<std::vector<std::uint64_t>>(0))[0],
                    (*block.values<std::vector<std::uint64_t>>(1))[0]};
        return true;
      });
  if (!asked) return std::move(asked).error();
  return checksum;
}

Result<void> record(Session& session, sys_seconds hour, const HourVersion& version, const Checksum& checksum,
                    std::uint64_t requests) {
  Block row;
  const auto number = [&](const char* name, std::uint64_t value) {
    row.add({name, "UInt64", std::vector<std::uint64_t>{value}});
  };
  row.add({"hour", "DateTime('UTC')", std::vector<std::uint32_t>{to_column_time(hour)}});
  number("version", version.version);
  number("inputs", version.inputs);
  number("rows", checksum.rows);
  number("checksum", checksum.hash);
  number("requests", requests);
  row.add({"made_at", "DateTime('UTC')", std::vector<std::uint32_t>{to_column_time(now())}});
  return done(session.insert(
      {.table = qualified(session.database(), store::kAttributedHoursTable), .settings = kInsertSettings},
      row));
}

std::string hash_of_rows(bool with_version) {
  std::string columns;
  for (const store::AttributionColumn& column : store::attributed_cost_columns()) {
    const std::string name = column.name;
    if (name == "version" && !with_version) continue;
    columns +=
        (columns.empty() ? "" : ", ") +
        (std::string_view(column.type).starts_with("LowCardinality") ? "toString(" + name + ")" : name);
  }
  return "sum(cityHash64(" + columns + "))";
}

}  // namespace

std::string checksum_of_rows() { return hash_of_rows(true); }

std::string checksum_columns() { return "count(), " + checksum_of_rows(); }

Result<std::map<sys_seconds, HourVersion>> read_versions(Session& session, TimeRange range) {
  std::map<sys_seconds, HourVersion> versions;
  const std::string sql =
      "SELECT toUInt32(toUnixTimestamp(hour)), max(version), argMax(inputs, version) FROM " +
      qualified(session.database(), store::kAttributedHoursTable) +
      " WHERE hour >= toDateTime({from:UInt32}, 'UTC') AND hour < toDateTime({to:UInt32}, 'UTC') GROUP BY "
      "hour";
  auto asked =
      session.query({.sql = sql,
                     .parameters = {{"from", std::to_string(to_column_time(range.begin))},
                                    {"to", std::to_string(to_column_time(range.end))}}},
                    [&](const Block& block) {
                      for (std::size_t i = 0; i < block.row_count(); ++i) {
                        const std::chrono::seconds hour{(*block.values<std::vector<std::uint32_t>>(0))[i]};
                        versions[sys_seconds{hour}] = {(*block.values<std::vector<std::uint64_t>>(1))[i],
                                                       (*block.values<std::vector<std::uint64_t>>(2))[i]};
                      }
                      return true;
                    });
  if (!asked) return std::move(asked).error();
  return versions;
}

Result<void> store_version(Session& session, sys_seconds hour, const HourVersion& version,
                           const std::vector<AttributedCost>& rows) {
  const std::span<const AttributedCost> all(rows);
  for (std::size_t begin = 0; begin < all.size(); begin += kRowsOfInsert) {
    OPTIINFRA_CHECK(insert_rows_of_version(
        session,
        block_of(hour, version.version, all.subspan(begin, std::min(kRowsOfInsert, all.size() - begin)))));
  }
  std::uint64_t requests = 0;
  for (const AttributedCost& row : rows) requests += row.requests;
  return record_version(session, hour, version, rows.size(), requests);
}

std::uint64_t next_version(std::uint64_t before) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return std::max(before + 1, static_cast<std::uint64_t>(microseconds.count()));
}

Result<void> insert_rows_of_version(Session& session, const Block& rows) {
  return done(session.insert(
      {.table = qualified(session.database(), store::kAttributedCostTable), .settings = kInsertSettings},
      rows));
}

Result<void> record_version(Session& session, sys_seconds hour, const HourVersion& version,
                            std::uint64_t rows, std::uint64_t requests) {
  OPTIINFRA_TRY(const Checksum checksum, read_checksum(session, hour, version.version));
  if (checksum.rows != rows)
    return Error{ErrorKind::kCorrupt, "the hour " + format_time(hour) + " has " +
                                          std::to_string(checksum.rows) + " rows of " + std::to_string(rows) +
                                          " that were stored; run the same command again"};
  return record(session, hour, version, checksum, requests);
}

Result<VersionContent> read_content(Session& session, sys_seconds hour, std::uint64_t version) {
  VersionContent content;
  auto asked = session.query(
      {.sql = "SELECT count(), " + hash_of_rows(false) + ", sum(requests) FROM " +
              qualified(session.database(), store::kAttributedCostTable) +
              " WHERE hour = toDateTime({hour:UInt32}, 'UTC') AND version = {version:UInt64}",
       .parameters = {{"hour", std::to_string(to_column_time(hour))}, {"version", std::to_string(version)}}},
      [&](const Block& block) {
        if (block.empty()) return true;
        const auto number = [&](std::size_t column) {
          return (*block.values<std::vector<std::uint64_t>>(column))[0];
        };
        content = {number(0), number(1), number(2)};
        return true;
      });
  if (!asked) return std::move(asked).error();
  return content;
}

}  // namespace optiinfra::attribution
