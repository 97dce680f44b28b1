/// @file optiinfra/report/records.hpp
/// The answer of a command before it is printed as a table, JSON or CSV.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/report/series.hpp"

namespace optiinfra::report {

/// An absent or present value. A double that is not finite is shown as absent.
using Value =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, sys_seconds>;

/// How a column's values look in a table. JSON and CSV hold the plain value.
enum class Look {
  kText,
  kTime,
  kCount,    ///< With thousands separators.
  kDecimal,  ///< With Field::decimals digits after the point.
  kBytes,    ///< With a binary unit.
};

struct Field {
  std::string key = {};      ///< In JSON and CSV, with its unit: "avg_latency_ms".
  std::string heading = {};  ///< In tables, with its unit: "avg latency ms".
  Look look = Look::kText;
  int decimals = 2;
  bool only_if_present = false;  ///< Tables leave the column out when no row has a value.
};

using Row = std::vector<Value>;

struct Records {
  std::vector<Field> fields = {};
  std::vector<Row> rows = {};  ///< Each as long as `fields`.
};

/// One part of an answer.
struct Section {
  std::string key = {};    ///< Its name in JSON's "data" when an answer has several parts.
  std::string title = {};  ///< Above its table; empty for none.
  Records records = {};
  bool is_object = false;  ///< Exactly one row, shown as one value on each line and as a JSON object.
};

struct Report {
  std::string command = {};  ///< "query cost-hourly".
  std::optional<TimeRange> window = {};
  std::vector<Section> sections = {};   ///< CSV holds the first.
  std::vector<Series> charts = {};      ///< Tables only.
  std::vector<std::string> notes = {};  ///< Sentences below the tables; in no other output.
  std::string instead = {};  ///< A sentence instead of tables that would hold only zeros; in no other output.
  std::vector<std::pair<std::string, std::string>> units = {};       ///< Of keys that have one; only in JSON.
  std::vector<std::pair<std::string, std::uint64_t>> coverage = {};  ///< Rows of each family; only in JSON.
  bool has_more = false;  ///< The answer was cut at a limit; only in JSON, when it is true.
  std::optional<std::chrono::duration<double>> elapsed = {};
};

/// Adds the rows of `more` to `section` with `shard` as their first value, so that one section holds the rows
/// of all shards and each row names its shard. `section` is empty at first; then both must have the same
/// fields.
void append_of_shard(Section& section, std::uint64_t shard, Section more);

/// A section of one row.
Section object_section(std::string key, std::vector<Field> fields, Row row);

/// The value as CSV and plain text show it: times as RFC 3339, numbers with all their digits.
std::string plain_text(const Value& value);

}  // namespace optiinfra::report
