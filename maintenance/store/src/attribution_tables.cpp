#include "optiinfra/store/attribution_tables.hpp"

#include <algorithm>

namespace optiinfra::store {
namespace {

constexpr AttributionColumn kCostColumns[] = {
    {"hour", "DateTime('UTC')", "DoubleDelta, ZSTD(1)", "the hour that was paid for"},
    {"version", "UInt64", "ZSTD(1)",
     "grows with each version; rows of a version that attributed_hours lacks are unfinished"},
    {"customer_id", "UUID", "ZSTD(1)", "the customer who pays; nil when no charge covers the requests"},
    {"served_customer_id", "UUID", "ZSTD(1)",
     "the customer whose requests were served, or the payer when none were; filter by this one"},
    {"service_id", "UUID", "ZSTD(1)", "the service of the requests; nil for a part that served none"},
    {"model_name", "LowCardinality(String)", "ZSTD(1)", "the model of the requests"},
    {"instance_id", "LowCardinality(String)", "ZSTD(1)", "the instance; empty for a charge without one"},
    {"cloud_provider", "LowCardinality(String)", "ZSTD(1)", "of the charge"},
    {"region", "LowCardinality(String)", "ZSTD(1)", "of the charge"},
    {"instance_type", "LowCardinality(String)", "ZSTD(1)", "of the charge"},
    {"kind", "LowCardinality(String)", "ZSTD(1)",
     "served, wasted, underfill, idle, overhead, unreconciled or unpriced"},
    {"currency", "LowCardinality(String)", "ZSTD(1)",
     "the currency of the amounts; never add amounts of two currencies"},
    {"cost", "Int64", "ZSTD(1)", "billionths of the currency, as are the other amounts"},
    {"input_cost", "Int64", "ZSTD(1)", "the part of cost for reading prompts"},
    {"avoided_cost", "Int64", "ZSTD(1)", "what cached prompt tokens would have cost; not part of any sum"},
    {"shared_underfill", "Int64", "ZSTD(1)",
     "the change of cost when underfill is shared among the requests; the sum over a charge is 0"},
    {"shared_idle", "Int64", "ZSTD(1)", "the same for idle time"},
    {"billed", "Int64", "ZSTD(1)", "the charge, on one of its rows: the sum of cost over its rows"},
    {"requests", "UInt64", "ZSTD(1)", "requests that began in the hour"},
    {"prompt_tokens", "UInt64", "ZSTD(1)", "their prompt tokens"},
    {"cached_tokens", "UInt64", "ZSTD(1)", "the prompt tokens that were in the prefix cache"},
    {"completion_tokens", "UInt64", "ZSTD(1)", "tokens that they generated"},
    {"weight", "UInt64", "ZSTD(1)",
     "the requests' weight: ns of prefill and decode, millionths of weighted tokens, or seconds"},
    {"efficient_rate", "UInt64", "ZSTD(1)",
     "weight per second of such an instance in its best hours; 0 when not known"},
    {"busy_seconds", "UInt32", "ZSTD(1)", "seconds with a request, on one row of the instance"},
    {"covered_seconds", "UInt32", "ZSTD(1)", "seconds that the charges cover, on the same row"},
    {"method", "LowCardinality(String)", "ZSTD(1)", "how weight and instance were found: WEIGHT/PLACEMENT"},
    {"price_source", "LowCardinality(String)", "ZSTD(1)",
     "where the price is from: bill, or price book and the price's source"},
};

constexpr AttributionColumn kHoursColumns[] = {
    {"hour", "DateTime('UTC')", "", "the hour"},
    {"version", "UInt64", "", "the version that is complete; the largest counts"},
    {"inputs", "UInt64", "", "a hash of the rows and rules it was made from"},
    {"rows", "UInt64", "", "rows of the version in attributed_cost_hourly"},
    {"checksum", "UInt64", "", "a hash of them"},
    {"requests", "UInt64", "", "requests that began in the hour"},
    {"made_at", "DateTime('UTC')", "", "when it was complete"},
};

constexpr AttributedSum kSums[] = {{"cost", "kind = 'served'"},
                                   {"cost", "kind = 'wasted'"},
                                   {"cost", "kind = 'underfill'"},
                                   {"cost", "kind = 'idle'"},
                                   {"cost", "kind = 'overhead'"},
                                   {"cost", "kind = 'unreconciled'"},
                                   {"input_cost", ""},
                                   {"avoided_cost", ""},
                                   {"shared_underfill", ""},
                                   {"shared_idle", ""},
                                   {"requests", ""},
                                   {"requests", "kind = 'served'"},
                                   {"requests", "kind = 'wasted'"},
                                   {"requests", "kind = 'unpriced'"},
                                   {"prompt_tokens", ""},
                                   {"cached_tokens", ""},
                                   {"completion_tokens", ""},
                                   {"requests", "kind != 'unpriced'"},
                                   {"prompt_tokens", "kind != 'unpriced'"},
                                   {"cached_tokens", "kind != 'unpriced'"},
                                   {"completion_tokens", "kind != 'unpriced'"},
                                   {"", "kind != 'unpriced'"},
                                   {"", "efficient_rate > 0"}};

/// What the sums are kept for.
constexpr std::pair<const char*, const char*> kProjections[] = {{"by_model", "model_name"},
                                                                {"by_customer", "served_customer_id"}};

std::string projection(const char* key) {
  std::string sql = std::string("(SELECT ") + key + ", hour, version, currency";
  for (const char* const column : {"method", "price_source"}) sql += ", " + attributed_texts(column);
  for (const AttributedSum& sum : kSums) sql += ", " + sum.sql();
  return sql + ", " + kAttributedHourCount + " GROUP BY " + key + ", hour, version, currency)";
}

std::string projections() {
  std::string sql;
  for (const auto& [name, key] : kProjections)
    sql += std::string(",\n    PROJECTION ") + name + " " + projection(key);
  return sql;
}

std::string lines(std::span<const AttributionColumn> columns, bool with_codecs) {
  std::string sql;
  for (const AttributionColumn& column : columns) {
    sql += std::string(sql.empty() ? "\n    " : ",\n    ") + column.name + " " + column.type;
    if (with_codecs && *column.codec != '\0') sql += std::string(" CODEC(") + column.codec + ")";
  }
  return sql;
}

/// Lines are synced before their version is recorded, so that a version whose rows a crash took is not.
std::string create(std::string_view database, const char* table, const std::string& lines, const char* order,
                   const TableForm& form) {
  return "CREATE TABLE IF NOT EXISTS " + addressed(database, table, form) + "\n(" + lines + "\n)\n" +
         engine_clause("MergeTree", form) + "\nPARTITION BY toYYYYMM(hour)\nORDER BY (" + order +
         ")\nTTL hour + toIntervalDay(" + std::to_string(kRollupRetention.count()) +
         ")\nSETTINGS fsync_after_insert = 1, fsync_part_directory = 1";
}

void describe(std::string& text, const char* table, const char* about,
              std::span<const AttributionColumn> columns) {
  text +=
      "## `" + std::string(table) + "`\n" + about + "\n\n| column | type | meaning |\n| --- | --- | --- |\n";
  for (const AttributionColumn& column : columns)
    text += "| `" + std::string(column.name) + "` | " + column.type + " | " + column.meaning + " |\n";
  text += "\n";
}

}  // namespace

std::span<const AttributionColumn> attributed_cost_columns() { return kCostColumns; }
std::span<const AttributionColumn> attributed_hours_columns() { return kHoursColumns; }

std::span<const AttributedSum> attributed_sums() { return kSums; }

std::string AttributedSum::sql() const {
  const std::string of = column;
  if (of.empty()) return std::string("countIf(") + condition + ")";
  return *condition == '\0' ? "sum(" + of + ")" : "sumIf(" + of + ", " + condition + ")";
}

std::vector<NamedValue> attributed_sums_settings(const std::set<std::string_view>& columns) {
  for (const auto& [name, key] : kProjections) {
    const bool has_all =
        std::all_of(columns.begin(), columns.end(), [&](std::string_view column) { return column == key; });
    if (has_all) return {{"preferred_optimize_projection_name", name}};
  }
  return {{"optimize_use_projections", "0"}};
}

std::string attributed_texts(const char* column) {
  return "groupUniqArrayIf(" + std::string(column) + ", " + column + " != '')";
}

std::vector<std::string> add_attributed_sums(std::string_view database, const TableForm& form) {
  std::vector<std::string> statements;
  const std::string alter = "ALTER TABLE " + addressed(database, kAttributedCostTable, form) + " ";
  for (const auto& [name, key] : kProjections) {
    statements.push_back(alter + "ADD PROJECTION IF NOT EXISTS " + name + " " + projection(key));
    statements.push_back(alter + "MATERIALIZE PROJECTION " + name + " SETTINGS mutations_sync = 2");
  }
  return statements;
}

std::vector<std::string> create_attribution_tables(std::string_view database, const TableForm& form) {
  return {create(database, kAttributedCostTable, lines(kCostColumns, true) + projections(),
                 "served_customer_id, hour, service_id, model_name, instance_id, kind", form),
          create(database, kAttributedHoursTable, lines(kHoursColumns, true), "hour, version", form)};
}

std::vector<std::string> distribute_attribution_tables(std::string_view database,
                                                       const DistributedForm& form) {
  constexpr const char* kKey = "xxHash64(hour)";
  return {
      create_distributed(database, kAttributedCostTable, lines(kCostColumns, false) + "\n", kKey, form),
      create_distributed(database, kAttributedHoursTable, lines(kHoursColumns, false) + "\n", kKey, form)};
}

std::string attribution_markdown() {
  std::string text =
      "# Attributed tables\nMade from the definitions in `maintenance/store/src/attribution_tables.cpp`; a "
      "test holds "
      "the two "
      "together. Times are UTC.\n\n";
  describe(text, kAttributedCostTable,
           "What `optiinfra attribute` makes ([0022](decisions/0022-attributed-cost.md), "
           "[unit economics](unit-economics.md)), kept 730 days. Read the newest complete version of each "
           "hour: `WHERE (hour, version) IN (SELECT hour, max(version) FROM optiinfra.attributed_hours GROUP "
           "BY hour)`.",
           kCostColumns);
  describe(text, kAttributedHoursTable, "The complete versions, one row each; kept 730 days.", kHoursColumns);
  return text;
}

}  // namespace optiinfra::store
