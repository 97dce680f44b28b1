#include <array>
#include <numeric>

#include "formats.hpp"
#include "json_cursor.hpp"

namespace optiinfra::rows {
namespace {

class ObjectReader {
 public:
  explicit ObjectReader(RowBuilder& builder) : builder_(builder) {
    std::iota(next_.begin(), next_.end(), std::size_t{1});
    next_[RowBuilder::kNoColumn] = 0;
  }

  /// One value that should be an object, as a row of its own. False at a mistake in JSON's syntax; the row is
  /// to be ended all the same.
  bool read_row(JsonCursor& cursor) {
    if (!cursor.take('{')) return read_no_object(cursor);
    if (cursor.take('}')) return true;
    std::size_t previous = RowBuilder::kNoColumn;
    do {
      if (!read_member(cursor, previous)) return false;
    } while (cursor.take(','));
    return cursor.expect('}', "expected ',' or '}'");
  }

 private:
  bool read_no_object(JsonCursor& cursor) {
    Token token;
    if (!cursor.read_value(token, unescaped_name_)) return false;
    builder_.refuse_row((token.kind == Token::Kind::kNested ? "an array" : shown_token(token)) +
                        " must be an object, which is a row");
    return true;
  }

  bool read_member(JsonCursor& cursor, std::size_t& previous) {
    Token token;
    std::size_t column = RowBuilder::kNoColumn;
    if (!read_column(cursor, previous, column)) return false;
    if (column == RowBuilder::kNoColumn) return cursor.read_value(token, unescaped_name_);
    if (!cursor.read_value(token, unescaped_[column])) return false;
    builder_.set(column, token);
    previous = column;
    return true;
  }

  /// A row's keys mostly come in the order of the row before.
  bool read_column(JsonCursor& cursor, std::size_t previous, std::size_t& column) {
    const std::size_t guess = next_[previous];
    if (guess < builder_.columns().size() && cursor.take_key(builder_.columns()[guess].name)) {
      column = guess;
      return true;
    }
    std::string_view name;
    if (!cursor.read_key(name, unescaped_name_)) return false;
    column = builder_.find(name);
    if (column == RowBuilder::kNoColumn) {
      builder_.refuse_unknown(name);
    } else {
      next_[previous] = column;
    }
    return true;
  }

  RowBuilder& builder_;
  std::array<std::size_t, RowBuilder::kColumnsMax + 1> next_{};  ///< By the column before it in the row.
  std::array<std::string, RowBuilder::kColumnsMax> unescaped_;   ///< Texts that the row's values lie in.
  std::string unescaped_name_;
};

Error syntax_error(const JsonCursor& cursor, std::size_t row) {
  return invalid_argument("JSON, byte " + std::to_string(cursor.offset()) + ", in row " +
                          std::to_string(row) + ": " + cursor.error());
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

Error too_many_rows() {
  return {ErrorKind::kTooLarge,
          "the body has more than " + std::to_string(kDecodedRowsMax) + " rows; send it in parts"};
}

Result<void> read_json(std::string_view body, RowBuilder& builder) {
  JsonCursor cursor(body);
  ObjectReader reader(builder);
  const auto read_row = [&]() -> Result<void> {
    if (!builder.begin_row()) return too_many_rows();
    if (!reader.read_row(cursor)) return syntax_error(cursor, builder.row_count());
    builder.end_row();
    return {};
  };
  if (cursor.peek() == '{') {
    OPTIINFRA_CHECK(read_row());
  } else if (!cursor.expect('[', "expected an array of rows, or one row")) {
    return syntax_error(cursor, 0);
  } else if (!cursor.take(']')) {
    do {
      OPTIINFRA_CHECK(read_row());
    } while (cursor.take(','));
    if (!cursor.expect(']', "expected ',' or ']' after a row"))
      return syntax_error(cursor, builder.row_count());
  }
  if (cursor.at_end()) return {};
  cursor.fail("more after the end of the rows; a row on each line is the format JSON lines");
  return syntax_error(cursor, builder.row_count());
}

Result<void> read_json_lines(std::string_view body, RowBuilder& builder) {
  ObjectReader reader(builder);
  while (!body.empty()) {
    const std::size_t length = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, length);
    body.remove_prefix(std::min(length + 1, body.size()));
    if (is_blank(line)) continue;
    if (!builder.begin_row()) return too_many_rows();
    JsonCursor cursor(line);
    const bool is_read =
        reader.read_row(cursor) && (cursor.at_end() || cursor.fail("more after the end of the row"));
    if (!is_read)
      builder.refuse_row("no JSON at byte " + std::to_string(cursor.offset()) +
                         " of its line: " + cursor.error());
    builder.end_row();
  }
  return {};
}

}  // namespace optiinfra::rows
