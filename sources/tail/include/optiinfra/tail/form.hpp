/// @file optiinfra/tail/form.hpp
/// How the lines of a request log become rows: which key of a line is which column.
///
/// A form is a TOML file. `[columns]` names, for columns of performance_metrics_ts, a key of the line
/// ("usage.prompt_tokens"; a step into text that is itself JSON, and into a list by its number, is a step
/// like any other), a table, or a list of those, of which the first with a value counts:
///
/// | in a table | meaning |
/// | key | a key, or several of which the first that the line has counts |
/// | scale | the number is multiplied by this |
/// | since | the number, or time, less that of this key; below 0 there is no value |
/// | plus, per | with the number of this key added; divided by it |
/// | before | no value unless it is less than the number or time of this key |
/// | if_positive | no value unless the number of this key is above 0 |
/// | words | what a text means: {abort = "aborted", "4*" = "client_error", "*" = "ok"}; no value for others |
/// | text | this text, whatever the line says |
///
/// `only = {key = .., text = ..}` says which lines are requests, and `within` in which object of the line the
/// keys lie. A null, an empty text and a key that is not there are absent. A text in an identifier's column
/// that is no UUID gives the UUID of that name (identity_of), as in scraping; a request's is that of
/// "request".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::tail {

inline constexpr std::size_t kFormBytesMax = std::size_t{1} << 20;

/// Threads: any; it never changes. Copies are cheap.
class LogForm {
 public:
  /// A form that the program knows. Errors: kInvalidArgument that lists them.
  static Result<LogForm> builtin(std::string_view name);

  /// Reads a form. Errors: kInvalidArgument: "form NAME: line N: ...".
  static Result<LogForm> parse(std::string_view toml, std::string_view name);

  /// The names that builtin() knows, each with what it is for.
  struct Known {
    std::string name;
    std::string title;
  };
  static std::vector<Known> known();

  /// "sglang".
  const std::string& name() const noexcept;

  /// Whether the lines themselves say the column.
  bool has_column(std::string_view column) const;

 private:
  struct Rules;
  friend class LineReader;
  explicit LogForm(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  std::shared_ptr<const Rules> rules_;
};

/// For lines that do not say it: texts as in a form's column. An empty one is none.
struct LineDefaults {
  std::string customer = {};  ///< A UUID or a name.
  std::string service = {};
  std::string model = {};
  std::string instance = {};
};

struct RefusedLine {
  std::uint64_t line = 0;   ///< Of the text, from 0.
  std::string column = {};  ///< Empty when the reason concerns the whole line.
  std::string reason = {};

  /// "latency_ms: -3 must be a finite number, 0 or more".
  std::string to_string() const { return (column.empty() ? "" : column + ": ") + reason; }
};

/// At most this many refused lines are described one by one; all are counted.
inline constexpr std::size_t kRefusedLinesDescribedMax = 100;

struct LogRows {
  PerformanceBatch rows;             ///< All keep the rules of their columns.
  std::uint64_t lines = 0;           ///< All of them, blank ones included.
  std::uint64_t others = 0;          ///< Blank, or no request by the form's `only`.
  std::uint64_t refused_count = 0;   ///< No JSON, without a column that every row has, or against a rule.
  std::vector<RefusedLine> refused;  ///< The first of them.
};

/// Reads whole lines; the last may lack its end. `clock` is the present time, which the rule of times needs:
/// the same text with the same clock gives the same rows. Memory stays in proportion to the text. Never
/// fails.
LogRows read_log(const LogForm& form, const LineDefaults& defaults, std::string_view text, sys_seconds clock);

}  // namespace optiinfra::tail
