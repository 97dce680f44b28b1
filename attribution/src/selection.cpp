#include "selection.hpp"

#include <charconv>
#include <map>

namespace optiinfra::attribution {
namespace {

Result<const KeyColumn*> find_column(std::span<const KeyColumn> known, const std::string& name) {
  std::string names;
  for (const KeyColumn& each : known) {
    if (name == each.dimension.name) return &each;
    names += (names.empty() ? "" : ", ") + std::string(each.dimension.name);
  }
  return invalid_argument("'" + name + "' is not one of " + names);
}

std::string bucket_expression(const std::optional<Bucket>& bucket, const std::string& time) {
  if (!bucket) return "toUInt32(0)";
  if (*bucket == Bucket::kHour) return "toUInt32(toUnixTimestamp(toStartOfHour(" + time + ")))";
  if (*bucket == Bucket::kDay) return "toUInt32(toUnixTimestamp(toStartOfDay(" + time + ")))";
  return "toUInt32(toUnixTimestamp(toDateTime(toMonday(" + time + "), 'UTC')))";
}

/// A nil identifier counts as absent.
std::string text_expression(const KeyColumn& column) {
  const std::string name = column.column;
  if (!column.is_uuid) return "CAST(" + name + ", 'String')";
  return "if(" + name + " = toUUID('" + Uuid{}.to_string() + "'), '', toString(" + name + "))";
}

}  // namespace

Result<Selection> Selection::create(std::span<const KeyColumn> known,
                                    const std::vector<std::string>& dimensions,
                                    const std::vector<Filter>& filters, std::optional<Bucket> bucket,
                                    const char* time_column) {
  Selection selection;
  selection.bucket_ = bucket;
  selection.time_column_ = time_column;
  for (const std::string& name : dimensions) {
    OPTIINFRA_TRY(const KeyColumn* column, find_column(known, name));
    selection.dimensions_.push_back(column);
  }
  std::map<const KeyColumn*, std::string> lists;
  for (const Filter& filter : filters) {
    OPTIINFRA_TRY(const KeyColumn* column, find_column(known, filter.dimension));
    if (column->is_uuid) {
      if (const auto id = Uuid::parse(filter.value); !id) return with_context(id.error(), filter.dimension);
    }
    const std::string name = "filter" + std::to_string(selection.parameters_.size());
    std::string& list = lists[column];
    list += (list.empty() ? "{" : ", {") + name + (column->is_uuid ? ":UUID}" : ":String}");
    selection.parameters_.emplace_back(name, filter.value);
  }
  for (const auto& [column, list] : lists) {
    selection.filtered_.insert(column->column);
    selection.conditions_ += " AND " + std::string(column->column) + " IN (" + list + ")";
  }
  return selection;
}

std::string Selection::keys() const {
  std::string sql = bucket_expression(bucket_, time_column_) + " AS bucket";
  for (std::size_t i = 0; i < dimensions_.size(); ++i)
    sql += ", " + text_expression(*dimensions_[i]) + " AS key" + std::to_string(i);
  return sql;
}

std::string Selection::key_names() const {
  std::string names = "bucket";
  for (std::size_t i = 0; i < dimensions_.size(); ++i) names += ", key" + std::to_string(i);
  return names;
}

std::string Selection::conditions() const { return conditions_; }

std::set<std::string_view> Selection::columns_read() const {
  std::set<std::string_view> read = filtered_;
  for (const KeyColumn* each : dimensions_) read.insert(each->column);
  return read;
}

std::vector<AnswerColumn> Selection::columns() const {
  std::vector<AnswerColumn> columns;
  if (bucket_) columns.push_back({"begin", "begin", "", CellKind::kTime});
  for (const KeyColumn* each : dimensions_)
    columns.push_back({each->dimension.column, each->dimension.heading, "", CellKind::kText});
  return columns;
}

Key Selection::key_at(const Block& block, std::size_t row) const {
  Key key = {std::to_string((*block.values<std::vector<std::uint32_t>>(0))[row])};
  for (std::size_t i = 0; i < dimensions_.size(); ++i) key.emplace_back((*block.values<Strings>(1 + i))[row]);
  return key;
}

std::vector<Cell> Selection::cells_of(const Key& key) const {
  std::vector<Cell> cells;
  if (bucket_) {
    std::uint32_t seconds = 0;
    std::from_chars(key[0].data(), key[0].data() + key[0].size(), seconds);
    cells.emplace_back(sys_seconds{std::chrono::seconds{seconds}});
  }
  cells.insert(cells.end(), key.begin() + 1, key.end());
  return cells;
}

}  // namespace optiinfra::attribution
