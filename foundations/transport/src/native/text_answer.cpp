#include "native/text_answer.hpp"

#include <algorithm>
#include <iterator>

#include "optiinfra/codec/native.hpp"
#include "optiinfra/transport/sql.hpp"
#include "statement_text.hpp"

namespace optiinfra::native {
namespace {

constexpr int kSyntaxError = 62;

/// A format as formatRow() takes it, and the headings that stand before the rows.
struct Layout {
  std::string rows;  ///< "CSV"
  bool names = false;
  bool types = false;
};

bool cut_end(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

Result<Layout> layout_of(std::string_view format) {
  static constexpr std::string_view kWithHeadings[] = {
      "CSV",          "JSONCompactEachRow", "JSONCompactStringsEachRow", "TSV", "TSVRaw",
      "TabSeparated", "TabSeparatedRaw"};
  static constexpr std::string_view kWithout[] = {"JSONEachRow", "JSONStringsEachRow", "RowBinary"};
  std::string_view rows = format;
  const bool types = cut_end(rows, "WithNamesAndTypes");
  const bool names = cut_end(rows, "WithNames") || types;
  const auto holds = [&](const auto& list) {
    return std::find(std::begin(list), std::end(list), rows) != std::end(list);
  };
  if (holds(kWithHeadings) || (!names && holds(kWithout))) return Layout{std::string(rows), names, types};
  return Error{
      ErrorKind::kInvalidArgument,
      "the native protocol gives no answer in the format '" + std::string(format) +
          "'; take one of rows, such as CSV, TSV, JSONEachRow or JSONCompactEachRowWithNamesAndTypes, or "
          "reach the server with an http:// URL, which gives every format"};
}

bool is_query(std::string_view sql) {
  const std::string word = next_word(sql);
  return word == "SELECT" || word == "WITH" || word == "FROM" || word == "(";
}

std::string format_row(const Layout& layout, const std::string& values) {
  return "formatRow(" + sql_literal(layout.rows) + ", " + values + ")";
}

std::string in_parentheses(std::string_view sql) { return "(\n" + std::string(sql) + "\n)"; }

/// The texts of the first column, which lie end to end.
std::string_view text_of(const Block& block) {
  const auto* rows = block.values<Strings>(0);
  return rows == nullptr || rows->size() == 0 ? std::string_view{}
                                              : std::string_view((*rows)[0].data(), rows->size_bytes());
}

class TextAnswer {
 public:
  TextAnswer(const Statement& statement, Layout layout, const TextSink& on_text, const RunBlocks& run)
      : statement_(statement), layout_(std::move(layout)), on_text_(on_text), run_(run) {}

  Result<QuerySummary> of_query(std::string_view sql) {
    if (layout_.names) {
      OPTIINFRA_CHECK(describe(sql));
      OPTIINFRA_TRY(const bool more, give_headings());
      if (!more) return QuerySummary{};
    }
    return give_rows("SELECT " + format_row(layout_, "*") + " FROM " + in_parentheses(sql), {});
  }

  Result<QuerySummary> of_statement() {
    std::vector<std::byte> bytes;
    OPTIINFRA_TRY(QuerySummary summary, collect(bytes));
    NativeReader blocks([rest = std::span<const std::byte>(bytes)](std::span<std::byte> into) mutable {
      const std::size_t step = std::min(into.size(), rest.size());
      std::copy_n(rest.begin(), step, into.begin());
      rest = rest.subspan(step);
      return Result<std::size_t>(step);
    });
    for (bool first = true;; first = false) {
      Block block;
      OPTIINFRA_TRY(const bool more, blocks.next(block));
      if (!more || stopped_) return summary;
      if (first && layout_.names) {
        for (const Column& column : block.columns())
          names_.push_back(column.name), types_.push_back(column.type);
        OPTIINFRA_TRY(const bool wanted, give_headings());
        if (!wanted) return summary;
      }
      const std::string sql = "SELECT " + format_row(layout_, "*") + " FROM " + std::string(kExternalTable);
      if (auto given = give_rows(sql, block, false); !given) return given;
    }
  }

  bool has_begun() const { return begun_; }

 private:
  Statement with_sql(std::string sql, bool with_parameters = true) const {
    return {.sql = std::move(sql),
            .parameters = with_parameters ? statement_.parameters : std::vector<NamedValue>{},
            .settings = statement_.settings,
            .timeout = statement_.timeout};
  }

  Result<void> describe(std::string_view sql) {
    auto described =
        run_(with_sql("DESCRIBE TABLE (SELECT * FROM " + in_parentheses(sql) + ")"), {},
             [this](const Block& block) {
               const auto* names = block.values<Strings>(0);
               const auto* types = block.values<Strings>(1);
               for (std::size_t i = 0; names != nullptr && types != nullptr && i < names->size(); ++i)
                 names_.emplace_back((*names)[i]), types_.emplace_back((*types)[i]);
               return true;
             });
    if (!described) return std::move(described).error();
    return {};
  }

  /// False when the caller wants no more.
  Result<bool> give_headings() {
    if (names_.empty()) return true;
    std::string sql = "SELECT concat(" + format_row(layout_, literals(names_));
    sql += ", " + (layout_.types ? format_row(layout_, literals(types_)) : std::string("''")) + ")";
    if (auto given = give_rows(std::move(sql), {}, false); !given) return std::move(given).error();
    return !stopped_;
  }

  static std::string literals(const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + sql_literal(text);
    return list;
  }

  Result<QuerySummary> give_rows(std::string sql, const Block& external, bool with_parameters = true) {
    return run_(with_sql(std::move(sql), with_parameters), external, [this](const Block& block) {
      begun_ = true;
      stopped_ = !on_text_(text_of(block));
      return !stopped_;
    });
  }

  Result<QuerySummary> collect(std::vector<std::byte>& bytes) {
    Result<void> kept;
    auto summary = run_(statement_, {}, [&](const Block& block) {
      kept = write_native(block, [&bytes](std::span<const std::byte> piece) -> Result<void> {
        if (bytes.size() + piece.size() > kWholeAnswerBytesMax)
          return Error{ErrorKind::kTooLarge, "the statement's answer is over the limit of " +
                                                 std::to_string(kWholeAnswerBytesMax) + " bytes"};
        bytes.insert(bytes.end(), piece.begin(), piece.end());
        return {};
      });
      return kept.has_value();
    });
    if (!kept) return std::move(kept).error();
    return summary;
  }

  const Statement& statement_;
  const Layout layout_;
  const TextSink& on_text_;
  const RunBlocks& run_;
  std::vector<std::string> names_, types_;
  bool begun_ = false;    ///< The caller has been given text.
  bool stopped_ = false;  ///< The caller wants no more.
};

Result<QuerySummary> answer_as_native(const Statement& statement, const TextSink& on_text,
                                      const RunBlocks& run) {
  return run(statement, {}, [&](const Block& block) {
    bool more = true;
    (void)write_native(block, [&](std::span<const std::byte> bytes) -> Result<void> {
      more = more && on_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      return {};
    }).has_value();
    return more;
  });
}

}  // namespace

Result<QuerySummary> answer_as_text(const Statement& statement, std::string_view format,
                                    const TextSink& on_text, const RunBlocks& run) {
  if (format == "Native") return answer_as_native(statement, on_text, run);
  OPTIINFRA_TRY(Layout layout, layout_of(format));
  OPTIINFRA_TRY(const std::string_view sql, single_statement(statement.sql));
  TextAnswer answer(statement, std::move(layout), on_text, run);
  if (!is_query(sql)) return answer.of_statement();
  auto summary = answer.of_query(sql);
  // What cannot stand in parentheses, such as INTO OUTFILE, or is wrong: the server says it of the statement
  // itself.
  if (!summary && summary.error().server_code == kSyntaxError && !answer.has_begun())
    return answer.of_statement();
  return summary;
}

}  // namespace optiinfra::native
