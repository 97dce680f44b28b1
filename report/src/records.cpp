#include "optiinfra/report/records.hpp"

#include <fmt/core.h>

#include <cmath>

namespace optiinfra::report {
namespace {

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

std::string plain_text(const Value& value) { return std::visit(PlainText{}, value); }

}  // namespace optiinfra::report
