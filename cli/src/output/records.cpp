#include "output/records.hpp"

#include <fmt/core.h>

#include <cmath>

#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

struct TableText {
  const Field& field;
  const std::string& unset;

  std::string operator()(std::monostate) const { return unset; }
  std::string operator()(bool value) const { return value ? "yes" : "no"; }
  std::string operator()(std::int64_t value) const {
    return value < 0 ? "-" + count(std::uint64_t{0} - static_cast<std::uint64_t>(value))
                     : count(static_cast<std::uint64_t>(value));
  }
  std::string operator()(std::uint64_t value) const {
    return field.look == Look::kBytes ? format_bytes(value) : count(value);
  }
  std::string operator()(double value) const {
    if (!std::isfinite(value)) return unset;
    return field.look == Look::kDecimal ? format_decimal(value, field.decimals) : fmt::format("{}", value);
  }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(sys_seconds value) const { return format_engine_time(value); }

  std::string count(std::uint64_t value) const {
    return field.look == Look::kText ? std::to_string(value) : format_count(value);
  }
};

struct PlainText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(double value) const {
    return std::isfinite(value) ? fmt::format("{}", value) : std::string{};
  }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(sys_seconds value) const { return format_time(value); }
  template <typename Integer>
  std::string operator()(Integer value) const {
    return std::to_string(value);
  }
};

}  // namespace

void append_of_shard(Section& section, std::uint64_t shard, Section more) {
  for (Row& row : more.records.rows) row.emplace(row.begin(), shard);
  if (section.key.empty()) {
    more.records.fields.insert(more.records.fields.begin(), {"shard", "shard", Look::kCount});
    section = std::move(more);
    return;
  }
  for (Row& row : more.records.rows) section.records.rows.push_back(std::move(row));
}

Section object_section(std::string key, std::vector<Field> fields, Row row) {
  Records records{.fields = std::move(fields), .rows = {}};
  records.rows.push_back(std::move(row));
  return {.key = std::move(key), .title = {}, .records = std::move(records), .is_object = true};
}

std::string table_text(const Value& value, const Field& field, const std::string& unset) {
  return std::visit(TableText{field, unset}, value);
}

std::string plain_text(const Value& value) { return std::visit(PlainText{}, value); }

}  // namespace optiinfra::cli
