/// @file optiinfra/report/records.hpp
/// What a command answers with, before it becomes a table, JSON or CSV.
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

/// Nothing, or a value. A double that is not finite is shown as nothing.
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
  bool is_object = false;  ///< Exactly one row, shown as one value a line and as a JSON object.
};

struct Report {
  std::string command = {};  ///< "query cost-hourly".
  std::optional<TimeRange> window = {};
  std::vector<Section> sections = {};   ///< CSV holds the first.
  std::vector<Series> charts = {};      ///< Tables only.
  std::vector<std::string> notes = {};  ///< Sentences below the tables; in no other output.
  std::string instead =
      {};  ///< A sentence in the place of tables that would hold nothing but zeros; in no other output.
  std::vector<std::pair<std::string, std::string>> units = {};  ///< Of keys that have one; in JSON alone.
  std::vector<std::pair<std::string, std::uint64_t>> coverage = {};  ///< Rows of each family; in JSON alone.
  bool has_more = false;  ///< The answer was cut at a limit; in JSON alone, where it is so.
  std::optional<std::chrono::duration<double>> elapsed = {};
};

/// Adds `more`'s rows, which must have the same fields, with `shard` in front, to `section`, which is empty
/// at first: rows of a store's parts under each other, so that each says where it comes from.
void append_of_shard(Section& section, std::uint64_t shard, Section more);

/// A section of one row.
Section object_section(std::string key, std::vector<Field> fields, Row row);

/// The value as CSV and plain text show it: times as RFC 3339, numbers with all their digits.
std::string plain_text(const Value& value);

}  // namespace optiinfra::report
