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

constexpr const char* kNoText = "must be text in UTF-8";

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

/// Texts that come once and belong to many rows may take this many times the bytes of their body, and in a
/// small body kSpreadBytesMin.
constexpr std::size_t kSpreadOfBody = 8, kSpreadBytesMin = std::size_t{1} << 20;

/// The keys that no row may have, and why; null for the others.
std::vector<const char*> faults_of_keys(const Dictionary& dictionary) {
  static const std::string kTooLong = "must be a text of at most " + std::to_string(kTextBytesMax) + " bytes";
  std::vector<const char*> faults(dictionary.key_count());
  for (std::size_t key = 0; key < faults.size(); ++key) {
    const std::string_view text = dictionary.key(key);
    if (text.size() > kTextBytesMax)
      faults[key] = kTooLong.c_str();
    else if (!is_utf8(text))
      faults[key] = kNoText;
  }
  return faults;
}

/// A text for each row; empty where its key has a fault.
Strings strings_of(const Dictionary& dictionary, const std::vector<const char*>& faults) {
  Strings strings;
  for (const std::uint32_t key : dictionary.indexes())
    strings.append(faults[key] != nullptr ? std::string_view() : dictionary.key(key));
  return strings;
}

/// Whether it is some other format's text. In blocks the lengths of names and types are control characters.
bool is_like_text(std::string_view body) {
  return std::ranges::all_of(body.substr(0, 64), [](unsigned char each) {
    return each >= ' ' || each == '\t' || each == '\r' || each == '\n';
  });
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

Error wrong_type(const std::string& column, const std::string& type, const ColumnDefinition& definition) {
  return native_error("column '" + column + "' has the type " + shown_text(type) + "; send it as " +
                      definition.type);
}

}  // namespace

NativeBlocks::NativeBlocks(std::string_view body, std::vector<ColumnDefinition> columns)
    : columns_(std::move(columns)),
      body_(body),
      rest_(body),
      reader_(source_of(rest_), NativeForm::kFile, kDecodedRowsMax) {}

Result<std::optional<Block>> NativeBlocks::next() {
  Block block;
  do {
    auto more = reader_.next(block);
    if (!more) return error_of_body(std::move(more).error());
    if (!*more) return std::optional<Block>{};
  } while (block.empty());
  block_rows_ = block.row_count();
  row_count_ += block_rows_;
  if (row_count_ > kDecodedRowsMax) return too_many_rows();
  faults_.clear();
  OPTIINFRA_TRY(std::vector<Column> columns, known_columns(std::move(block)));
  Block fitted;
  for (Column& column : columns) {
    OPTIINFRA_TRY(const ColumnDefinition* definition, definition_of(column.name));
    OPTIINFRA_CHECK(fit(column, *definition));
    fitted.add(std::move(column));
  }
  keep_faultless();
  return std::optional<Block>(std::move(fitted));
}

/// What the reader could not read, as a mistake in the request.
Error NativeBlocks::error_of_body(Error error) const {
  if (row_count_ == 0 && is_like_text(body_))
    return native_error(
        "the body is text and no block; name the format that it is in (JSON, JSON lines, CSV)");
  if (const auto& unknown = reader_.unknown_type()) {
    const auto definition = definition_of(unknown->column);
    if (!definition) return std::move(definition).error();
    return wrong_type(unknown->column, unknown->type, **definition);
  }
  // The message has the name that the body gives a column, whatever bytes that is.
  constexpr std::size_t kMessageMax = 400;
  error.message = shown_text(error.message, kMessageMax);
  return error.kind == ErrorKind::kCorrupt ? invalid_argument(std::move(error).message) : error;
}

Result<const ColumnDefinition*> NativeBlocks::definition_of(const std::string& column) const {
  const auto definition =
      std::ranges::find(columns_, std::string_view(column),
                        [](const ColumnDefinition& each) { return std::string_view(each.name); });
  if (definition != columns_.end()) return &*definition;
  std::vector<std::string> known;
  for (const ColumnDefinition& each : columns_) known.emplace_back(each.name);
  return native_error("unknown column '" + shown_text(column) + "'" + suggestion(column, known));
}

/// The block's columns when all of them can be read, and none is missing.
Result<std::vector<Column>> NativeBlocks::known_columns(Block block) const {
  for (const ColumnDefinition& column : columns_)
    if (column.presence == Presence::kRequired && block.find(column.name) == nullptr)
      return native_error("a block without the column '" + std::string(column.name) +
                          "'; every row must have it");
  std::vector<Column> columns = std::move(block).columns();
  for (auto column = columns.begin(); column != columns.end(); ++column) {
    OPTIINFRA_TRY(const ColumnDefinition* definition, definition_of(column->name));
    const auto has_its_name = [&](const Column& other) { return other.name == column->name; };
    if (std::any_of(columns.begin(), column, has_its_name))
      return native_error("column '" + column->name + "' is there twice");
    if (plain_type(column->type) != plain_type(definition->type))
      return wrong_type(column->name, column->type, *definition);
  }
  return columns;
}

/// Gives the column the layout of its table's column, and finds the rows that cannot be taken.
Result<void> NativeBlocks::fit(Column& column, const ColumnDefinition& definition) {
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
  if (!is_text(definition)) return {};
  if (const auto* dictionary = std::get_if<Dictionary>(&column.data)) {
    const std::vector<const char*> faults = faults_of_keys(*dictionary);
    for (std::size_t row = 0; row < dictionary->size(); ++row)
      if (const char* reason = faults[dictionary->indexes()[row]]) fault(row, definition, reason);
    if (std::string_view(definition.type) == "String") {
      for (const std::uint32_t key : dictionary->indexes())
        if (faults[key] == nullptr) spread_bytes_ += dictionary->key(key).size();
      if (spread_bytes_ > std::max(kSpreadOfBody * body_.size(), kSpreadBytesMin))
        return Error{ErrorKind::kTooLarge, "Native, column '" + column.name +
                                               "': the texts of its rows take more than " +
                                               std::to_string(kSpreadOfBody) +
                                               " times the body; send it as String, or fewer rows at once"};
      Strings strings = strings_of(*dictionary, faults);
      column.data = std::move(strings);
      column.type = definition.type;
    }
  } else if (const auto* strings = std::get_if<Strings>(&column.data)) {
    for (std::size_t row = 0; row < strings->size(); ++row)
      if (!is_utf8((*strings)[row])) fault(row, definition, kNoText);
  }
  return {};
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
