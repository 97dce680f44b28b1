#include <algorithm>
#include <array>

#include "formats.hpp"
#include "optiinfra/core/nearest.hpp"

namespace optiinfra::rows {
namespace {

/// RFC 4180 from left to right, one field at a time.
class CsvCursor {
 public:
  enum class Form {
    kGood,
    kMisquoted,  ///< A quote inside of a field without quotes, or characters after a closing one.
    kUnclosed,   ///< The body ends inside of quotes.
  };

  explicit CsvCursor(std::string_view body) : body_(body) {}

  bool at_end() const { return at_ == body_.size(); }

  /// Whether the last field ended its record.
  bool ends_record() const { return ends_record_; }

  /// Steps over lines without a character.
  void skip_blank_lines() {
    while (skip_line_end()) continue;
  }

  /// `field` lies in the body, or in `unquoted` where it has doubled quotes.
  Form read_field(std::string_view& field, std::string& unquoted) {
    field_begin_ = at_;
    const bool is_quoted = at_ < body_.size() && body_[at_] == '"';
    Form form = is_quoted ? read_quoted(field, unquoted) : Form::kGood;
    if (form == Form::kUnclosed) return form;
    const std::string_view rest = read_to_separator();
    if (!is_quoted) field = rest;
    const bool is_good = is_quoted ? rest.empty() : rest.find('"') == std::string_view::npos;
    return is_good ? form : Form::kMisquoted;
  }

  /// Of the last field's begin, from 1.
  std::size_t line() const {
    const auto begin = body_.begin();
    return 1 + static_cast<std::size_t>(
                   std::count(begin, begin + static_cast<std::ptrdiff_t>(field_begin_), '\n'));
  }

 private:
  bool skip_line_end() {
    const std::string_view rest = body_.substr(at_);
    const std::size_t length = rest.starts_with('\n') ? 1 : rest.starts_with("\r\n") ? 2 : 0;
    at_ += length;
    return length > 0;
  }

  Form read_quoted(std::string_view& field, std::string& unquoted) {
    unquoted.clear();
    std::size_t begin = ++at_;
    while (true) {
      const std::size_t quote = body_.find('"', at_);
      if (quote == std::string_view::npos) return Form::kUnclosed;
      field = body_.substr(begin, quote - begin);
      at_ = quote + 1;
      if (at_ == body_.size() || body_[at_] != '"') break;
      unquoted.append(body_, begin, quote + 1 - begin);
      begin = ++at_;
    }
    if (!unquoted.empty()) field = unquoted.append(field);
    return Form::kGood;
  }

  /// Steps over the separator as well.
  std::string_view read_to_separator() {
    const char* const begin = body_.data() + at_;
    const char* const end = body_.data() + body_.size();
    const char* at = begin;
    while (at < end && *at != ',' && *at != '\n') ++at;
    std::string_view text(begin, static_cast<std::size_t>(at - begin));
    ends_record_ = at == end || *at == '\n';
    if (ends_record_ && text.ends_with('\r')) text.remove_suffix(1);
    at_ += static_cast<std::size_t>(at - begin) + (at < end ? 1 : 0);
    return text;
  }

  std::string_view body_;
  std::size_t at_ = 0;
  std::size_t field_begin_ = 0;
  bool ends_record_ = false;
};

Error error_in_line(const CsvCursor& cursor, const std::string& what) {
  return invalid_argument("CSV, line " + std::to_string(cursor.line()) + ": " + what);
}

class CsvReader {
 public:
  CsvReader(std::string_view body, RowBuilder& builder) : cursor_(body), builder_(builder) {}

  Result<void> read() {
    OPTIINFRA_CHECK(read_header());
    for (cursor_.skip_blank_lines(); !cursor_.at_end(); cursor_.skip_blank_lines()) {
      if (!builder_.begin_row()) return too_many_rows();
      OPTIINFRA_CHECK(read_record());
      builder_.end_row();
    }
    return {};
  }

 private:
  Result<void> read_header() {
    cursor_.skip_blank_lines();
    if (cursor_.at_end())
      return error_in_line(cursor_, "there is no header; name the columns in the first line");
    do {
      std::string_view name;
      if (cursor_.read_field(name, unquoted_.front()) != CsvCursor::Form::kGood)
        return error_in_line(cursor_, "a name in the header whose quotes do not fit");
      OPTIINFRA_CHECK(add_column(name));
    } while (!cursor_.ends_record());
    for (std::size_t column = 0; column < builder_.columns().size(); ++column) {
      const RowColumn& definition = builder_.columns()[column];
      if (definition.is_required && std::find(columns_.begin(), columns_.end(), column) == columns_.end())
        return error_in_line(
            cursor_, "the header lacks " + std::string(definition.name) + ", which every row must have");
    }
    return {};
  }

  Result<void> add_column(std::string_view name) {
    const std::size_t column = builder_.find(name);
    if (column == RowBuilder::kNoColumn) return error_in_line(cursor_, builder_.unknown_column(name));
    if (std::find(columns_.begin(), columns_.end(), column) != columns_.end())
      return error_in_line(cursor_, "the header names " + std::string(name) + " twice");
    columns_.push_back(column);
    return {};
  }

  Result<void> read_record() {
    std::size_t count = 0;
    do {
      // Fields without a column end the row, whatever they hold.
      std::string& unquoted = unquoted_[std::min(count, columns_.size())];
      std::string_view field;
      const CsvCursor::Form form = cursor_.read_field(field, unquoted);
      if (form == CsvCursor::Form::kUnclosed)
        return error_in_line(cursor_, "the quote that opens here is never closed");
      if (form == CsvCursor::Form::kMisquoted) {
        builder_.refuse_row("a quote in the middle of field " + std::to_string(count + 1) +
                            "; put the field in quotes and double those inside");
      } else if (count < columns_.size()) {
        builder_.set(columns_[count], {field.empty() ? Token::Kind::kNull : Token::Kind::kText, field});
      }
      ++count;
    } while (!cursor_.ends_record());
    if (count != columns_.size())
      builder_.refuse_row("the number of its fields is " + std::to_string(count) + ", the header's " +
                          std::to_string(columns_.size()));
    return {};
  }

  CsvCursor cursor_;
  RowBuilder& builder_;
  std::vector<std::size_t> columns_;  ///< Of each field; each at most once, which bounds them.
  std::array<std::string, RowBuilder::kColumnsMax + 1> unquoted_;  ///< Texts that the row's values lie in.
};

}  // namespace

Result<void> read_csv(std::string_view body, RowBuilder& builder) { return CsvReader(body, builder).read(); }

}  // namespace optiinfra::rows
