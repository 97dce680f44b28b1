#include "optiinfra/schema/reference.hpp"

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra {
namespace {

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string listed(const std::vector<const char*>& names) {
  std::string text;
  for (const char* name : names) text += (text.empty() ? "" : ", ") + code(name);
  return text;
}

std::string default_text(const ColumnDefinition& column) {
  if (column.presence == Presence::kRequired) return "required";
  if (column.may_be_absent()) return "absent";
  const std::string_view type = column.contract_type;
  if (type == "String") return "''";
  return type == "UUID" ? "nil" : "0";
}

std::string raw_section(const TableDefinition& table) {
  std::string text = "Sorted by " + listed(table.raw_key) + ", a partition per UTC day, kept " +
                     std::to_string(table.raw_retention.count()) +
                     " days.\n\n| column | type | stored as | unit | must be | in an import | meaning |\n" +
                     "| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const ColumnDefinition& column : table.columns()) {
    text += "| " + code(column.name) + " | " + column.contract_type + " | " + column.type + ", " +
            column.codec + " | " + column.unit + " | " + std::string(rule_text(column.rule)) + " | " +
            default_text(column) + " | " + column.meaning + " |\n";
  }
  return text;
}

std::string unit_text(const MeasureDefinition& measure) {
  return *measure.note == '\0' ? measure.unit : std::string(measure.unit) + ", " + measure.note;
}

std::string rollup_section(const TableDefinition& table) {
  std::string text =
      "\n### " + code(table.finishing_view) + "\nOrdinary numbers, one row per " + listed(table.rollup_key) +
      (table.later_key.empty() ? "" : ", " + listed(table.later_key)) + ". It finishes " +
      code(table.rollup_table) + ", which " + code(table.view) + " feeds; kept " +
      std::to_string(kRollupRetention.count()) +
      " days.\n\n| measure | stored as | made from raw rows by | unit |\n" + "| --- | --- | --- | --- |\n";
  for (const MeasureDefinition& measure : table.measures) {
    text += "| " + code(measure.name) + " | " + measure.state_type() + " | " +
            code(measure.raw_expression("")) + " | " + unit_text(measure) + " |\n";
  }
  return text;
}

}  // namespace

std::string reference_markdown() {
  std::string text =
      "# Tables and columns\n"
      "Made from the definitions in `foundations/schema/`; a test holds the two together. All objects are in "
      "the "
      "database `optiinfra`. Times are UTC.\n"
      "A client that knows only the column `type` can insert by column name. Hidden from `SELECT *` in each "
      "raw table: `arrival_hour`, the hour in which the row was "
      "stored, `batch_id`, a hash of the token of the insert that stored it (0 without a token), and "
      "`generation`, which\nrepairs of the rollup count up ([0014](decisions/0014-exactly-once.md)).\nRead "
      "measures through the finishing views, or merge them: `avgMerge(avg_latency)`, "
      "`sum(request_count)`, `maxMerge(max_gpu_util)`. The "
      "latency sketch\n`latency_ns_quantiles` (nanoseconds) gives `p50_latency`, `p90_latency`, "
      "`p95_latency` and `p99_latency` in milliseconds, within 1 %.\n"
      "An insert without a token (`insert_deduplication_token`) whose rows equal those of one of the "
      "table's last 10,000 inserts counts once\n([server](server.md#inserting)).\n";
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    text += "\n## " + code(table.raw_table) + "\n" + raw_section(table) + rollup_section(table);
  }
  return text;
}

}  // namespace optiinfra
