#include "native_rows.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "formats.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/utf8.hpp"
#include "token.hpp"

namespace optiinfra::rows {
namespace {

/// What is between the parentheses of "Nullable(Float32)", or the whole name.
std::string_view inside(std::string_view type, std::string_view wrapper) {
  const bool is_wrapped = type.starts_with(wrapper) && type.ends_with(')');
  return is_wrapped ? type.substr(wrapper.size(), type.size() - wrapper.size() - 1) : type;
}

/// The type without what changes only how values travel, or which time zone shows them.
std::string_view plain_type(std::string_view type) {
  type = inside(inside(type, "Nullable("), "LowCardinality(");
  if (type.starts_with("DateTime(")) return "DateTime";
  return type == "Bool" ? "UInt8" : type;
}

bool is_text(const ColumnDefinition& column) { return plain_type(column.type) == "String"; }

/// Absent texts, numbers and times become the default of their type.
template <typename T>
void clear_absent(std::vector<T>& values, const std::vector<std::uint8_t>& absent) {
  for (std::size_t row = 0; row < values.size(); ++row)
    if (absent[row] != 0) values[row] = T{};
}
void clear_absent(Strings& values, const std::vector<std::uint8_t>& absent) {
  if (std::ranges::find(absent, 1) == absent.end()) return;
  Strings cleared;
  for (std::size_t row = 0; row < values.size(); ++row)
    cleared.append(absent[row] != 0 ? std::string_view() : values[row]);
  values = std::move(cleared);
}

Strings strings_of(const Dictionary& dictionary) {
  Strings strings;
  for (std::size_t row = 0; row < dictionary.size(); ++row) strings.append(dictionary[row]);
  return strings;
}

ByteSource source_of(std::string_view& rest) {
  return [&rest](std::span<std::byte> into) -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), rest.size());
    if (size > 0) std::memcpy(into.data(), rest.data(), size);
    rest.remove_prefix(size);
    return size;
  };
}

Error native_error(const std::string& what) { return invalid_argument("Native, " + what); }

}  // namespace

NativeBlocks::NativeBlocks(std::string_view body, std::vector<ColumnDefinition> columns)
    : columns_(std::move(columns)),
      rest_(body),
      reader_(source_of(rest_), NativeForm::kFile, kDecodedRowsMax) {}

Result<std::optional<Block>> NativeBlocks::next() {
  Block block;
  do {
    auto more = reader_.next(block);
    // What the codec calls corrupt is a mistake in the request.
    if (!more && more.error().kind == ErrorKind::kCorrupt) return invalid_argument(more.error().message);
    OPTIINFRA_CHECK(more);
    if (!*more) return std::optional<Block>{};
  } while (block.empty());
  block_rows_ = block.row_count();
  row_count_ += block_rows_;
  if (row_count_ > kDecodedRowsMax) return too_many_rows();
  faults_.clear();
  OPTIINFRA_TRY(std::vector<Column> columns, known_columns(std::move(block)));
  Block fitted;
  for (Column& column : columns) {
    const auto definition = std::ranges::find(columns_, std::string_view(column.name),
                                              [](const ColumnDefinition& each) { return each.name; });
    fit(column, *definition);
    fitted.add(std::move(column));
  }
  keep_faultless();
  return std::optional<Block>(std::move(fitted));
}

/// The block's columns when all of them can be read, and none is missing.
Result<std::vector<Column>> NativeBlocks::known_columns(Block block) const {
  for (const ColumnDefinition& column : columns_)
    if (column.presence == Presence::kRequired && block.find(column.name) == nullptr)
      return native_error("a block without the column '" + std::string(column.name) +
                          "'; every row must have it");
  std::vector<Column> columns = std::move(block).columns();
  for (auto column = columns.begin(); column != columns.end(); ++column) {
    const auto has_its_name = [&](const auto& other) { return std::string_view(other.name) == column->name; };
    const auto definition = std::ranges::find_if(columns_, has_its_name);
    if (definition == columns_.end()) {
      std::vector<std::string> known;
      for (const ColumnDefinition& each : columns_) known.emplace_back(each.name);
      return native_error("unknown column '" + shown_text(column->name) + "'" +
                          suggestion(column->name, known));
    }
    if (std::any_of(columns.begin(), column, has_its_name))
      return native_error("column '" + column->name + "' is there twice");
    if (plain_type(column->type) != plain_type(definition->type))
      return native_error("column '" + column->name + "' has the type " + shown_text(column->type) +
                          "; send it as " + definition->type);
  }
  return columns;
}

/// Gives the column the layout of its table's column, and finds the rows that cannot be taken.
void NativeBlocks::fit(Column& column, const ColumnDefinition& definition) {
  const auto* nullable = std::get_if<std::unique_ptr<Nullable>>(&column.data);
  if (nullable != nullptr && !definition.may_be_absent()) {
    Nullable& values = **nullable;
    if (definition.presence == Presence::kRequired)
      for (std::size_t row = 0; row < values.null.size(); ++row)
        if (values.null[row] != 0) fault(row, definition, "null in a column that every row must have");
    std::visit(
        [&](auto& each) {
          if constexpr (requires { clear_absent(each, values.null); }) clear_absent(each, values.null);
        },
        values.values);
    ColumnData inner = std::move(values.values);
    column.data = std::move(inner);
    column.type = std::string(inside(column.type, "Nullable("));
  }
  if (!is_text(definition)) return;
  constexpr const char* kNoText = "must be text in UTF-8";
  if (const auto* dictionary = std::get_if<Dictionary>(&column.data)) {
    std::vector<bool> is_bad(dictionary->key_count());
    for (std::size_t key = 0; key < is_bad.size(); ++key) is_bad[key] = !is_utf8(dictionary->key(key));
    if (std::ranges::find(is_bad, true) != is_bad.end())
      for (std::size_t row = 0; row < dictionary->size(); ++row)
        if (is_bad[dictionary->indexes()[row]]) fault(row, definition, kNoText);
    if (std::string_view(definition.type) == "String") {
      Strings strings = strings_of(*dictionary);
      column.data = std::move(strings);
      column.type = definition.type;
    }
  } else if (const auto* strings = std::get_if<Strings>(&column.data)) {
    for (std::size_t row = 0; row < strings->size(); ++row)
      if (!is_utf8((*strings)[row])) fault(row, definition, kNoText);
  }
}

void NativeBlocks::fault(std::size_t row, const ColumnDefinition& column, const char* reason) {
  if (faults_.empty()) faults_.resize(block_rows_);
  if (faults_[row].column == nullptr) faults_[row] = {&column, reason};
}

void NativeBlocks::keep_faultless() {
  rows_.resize(block_rows_);
  std::iota(rows_.begin(), rows_.end(), 0u);
  if (faults_.empty()) return;
  std::erase_if(rows_, [&](std::uint32_t row) {
    const Fault& fault = faults_[row];
    if (fault.column == nullptr) return false;
    if (rejected_.size() < kRejectedDescribedMax)
      rejected_.push_back({first_index() + row, fault.column->name, fault.reason});
    ++rejected_count_;
    return true;
  });
}

}  // namespace optiinfra::rows
