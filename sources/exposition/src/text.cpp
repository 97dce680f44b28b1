#include "optiinfra/exposition/text.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "line_cursor.hpp"
#include "optiinfra/core/utf8.hpp"
#include "text_number.hpp"

namespace optiinfra::exposition {
namespace {

constexpr std::string_view kTypeNames[] = {"unknown",        "counter", "gauge", "histogram",
                                           "gaugehistogram", "summary", "info",  "stateset"};

std::optional<MetricType> parse_type(std::string_view text) {
  if (text == "untyped") return MetricType::kUnknown;
  for (std::size_t i = 0; i < std::size(kTypeNames); ++i)
    if (text == kTypeNames[i]) return static_cast<MetricType>(i);
  return std::nullopt;
}

/// Whether a sample called `name` belongs to the metric `family`: it has its name, or its name and a suffix.
bool belongs_to(std::string_view name, std::string_view family) {
  if (!name.starts_with(family)) return false;
  constexpr std::string_view kSuffixes[] = {"",       "_total", "_created", "_bucket", "_sum",
                                            "_count", "_info",  "_gsum",    "_gcount"};
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), name.substr(family.size())) !=
         std::end(kSuffixes);
}

bool equals_type(std::string_view content_type, std::string_view lower) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  const std::size_t end = type.find_last_not_of(" \t");
  if (end == std::string_view::npos || end + 1 != lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), type.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b | 0x20 : b); });
}

}  // namespace

std::string_view to_string(MetricType type) noexcept { return kTypeNames[static_cast<std::size_t>(type)]; }

TextFormat text_format_of(std::string_view content_type) noexcept {
  return equals_type(content_type, "application/openmetrics-text") ? TextFormat::kOpenMetrics
                                                                   : TextFormat::kPrometheus;
}

TextFormat guess_text_format(std::string_view text) noexcept {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const bool ends = text == "# EOF" || text.ends_with("\n# EOF");
  return ends ? TextFormat::kOpenMetrics : TextFormat::kPrometheus;
}

class TextReader::State {
 public:
  State(std::string_view text, TextFormat format, TextLimits limits)
      : rest_(text), is_open_metrics_(format == TextFormat::kOpenMetrics), limits_(limits) {
    limits_.labels_max = std::min(limits_.labels_max, kLabelsMax);
    if (text.size() > kMetricsTextBytesMax) {
      fail(ErrorKind::kTooLarge, "the text has " + std::to_string(text.size()) + " bytes, at most " +
                                     std::to_string(kMetricsTextBytesMax) + " are read");
    } else if (!is_utf8(text)) {
      find_broken_line(text);
    }
  }

  Result<const TextSample*> next() {
    std::string_view line;
    while (!error_ && take_line(line)) {
      if (read_line(line)) return &sample_;
    }
    if (!error_ && is_open_metrics_ && !is_ended_)
      fail(ErrorKind::kCorrupt, "the text does not end with # EOF");
    if (error_) return *error_;
    return nullptr;
  }

 private:
  bool fail(ErrorKind kind, const std::string& what) {
    error_ = Error{kind, "line " + std::to_string(std::max<std::size_t>(line_, 1)) + ": " + what};
    return false;
  }
  bool broken(const char* what) { return fail(ErrorKind::kCorrupt, what); }
  bool over(const char* what, std::size_t most) {
    return fail(ErrorKind::kTooLarge, std::string(what) + ", at most " + std::to_string(most) + " are read");
  }

  void find_broken_line(std::string_view text) {
    for (line_ = 1; !text.empty(); ++line_) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (!is_utf8(text.substr(0, end))) break;
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    broken("the text is not UTF-8");
  }

  bool take_line(std::string_view& line) {
    if (rest_.empty()) return false;
    ++line_;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_ended_) return broken("there is a line after # EOF");
    if (line.size() > kTextLineBytesMax) return over("the line is too long in bytes", kTextLineBytesMax);
    return true;
  }

  /// Whether the line gave a sample. On an error it did not, and error_ is set.
  bool read_line(std::string_view line) {
    LineCursor cursor(line);
    if (!is_open_metrics_) cursor.take_blanks();
    if (cursor.at_end()) {
      if (is_open_metrics_) broken("an empty line, which OpenMetrics does not have");
      return false;
    }
    if (cursor.peek() == '#') {
      read_comment(line, cursor);
      return false;
    }
    return read_sample(line, cursor);
  }

  void read_comment(std::string_view line, LineCursor cursor) {
    if (is_open_metrics_ && line == "# EOF") {
      is_ended_ = true;
      return;
    }
    cursor.take('#');
    const std::size_t blanks = cursor.take_blanks();
    const std::string_view keyword = cursor.take_word();
    const bool is_known = keyword == "HELP" || keyword == "TYPE" || keyword == "UNIT";
    if (!is_known || blanks == 0) {
      if (is_open_metrics_) broken("a comment must be # HELP, # TYPE, # UNIT or # EOF");
      return;
    }
    if (cursor.take_blanks() == 0) return void(broken("a metric's name is missing"));
    std::string_view name;
    if (!read_described_name(cursor, name)) return;
    if (cursor.take_blanks() == 0 && !cursor.at_end())
      return void(broken("a blank after the name is missing"));
    if (family_ != name) {
      family_ = name;
      type_ = MetricType::kUnknown;
      unit_ = {};
    }
    if (keyword == "UNIT") unit_ = cursor.rest();
    if (keyword != "TYPE") return;
    std::string_view text = cursor.rest();
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    const auto type = parse_type(text);
    if (!type) return void(broken("this is no type of metric"));
    type_ = *type;
  }

  bool read_described_name(LineCursor& cursor, std::string_view& name) {
    if (!cursor.take('"')) {
      name = cursor.take_name(true);
      return !name.empty() || broken("this is no name of a metric");
    }
    // A name with escapes stays in a buffer of its own: it must last longer than a line.
    unescaped_.clear();
    unescaped_.reserve(cursor.rest().size());
    if (const char* const why = cursor.take_quoted(unescaped_, name)) return broken(why);
    if (name.empty()) return broken("a metric's name is empty");
    if (name.data() == unescaped_.data() && name == family_) {
      name = family_;
    } else if (name.data() == unescaped_.data()) {
      family_ = {};  // It may be a view of what is written to now.
      escaped_family_ = unescaped_;
      name = escaped_family_;
    }
    return true;
  }

  bool read_sample(std::string_view line, LineCursor& cursor) {
    if (++samples_ > limits_.samples_max) return over("there are too many samples", limits_.samples_max);
    unescaped_.clear();
    unescaped_.reserve(line.size());  // So that views into it stay valid.
    labels_.clear();
    sample_ = {};
    sample_.line = line_;
    if (cursor.peek() != '{') {
      sample_.name = cursor.take_name(true);
      if (sample_.name.empty()) return broken("a line must begin with a metric's name");
    }
    const std::size_t blanks = cursor.take_blanks();
    // In OpenMetrics a brace after a blank begins a value.
    if (cursor.peek() == '{' && (blanks == 0 || !is_open_metrics_)) {
      if (!read_labels(cursor, &sample_.name)) return false;
      if (sample_.name.empty()) return broken("the metric has no name");
      if (!take_gap(cursor)) return false;
    } else if (blanks == 0) {
      return broken("this letter may not stand in a metric's name");
    } else if (is_open_metrics_ && blanks != 1) {
      return broken("between the parts of a line stands one blank");
    }
    return read_value(cursor) && finish_sample();
  }

  /// The blanks between two parts of a line.
  bool take_gap(LineCursor& cursor) {
    const std::size_t blanks = cursor.take_blanks();
    if (is_open_metrics_ && blanks != 1) return broken("between the parts of a line stands one blank");
    return true;
  }

  /// `name` is where a quoted metric name goes; nullptr where none may stand.
  bool read_labels(LineCursor& cursor, std::string_view* name) {
    cursor.take('{');
    cursor.take_blanks();
    while (!cursor.take('}')) {
      if (!read_label(cursor, name)) return false;
      cursor.take_blanks();
      if (cursor.take(',')) {
        cursor.take_blanks();
        continue;
      }
      if (cursor.take('}')) return true;
      return broken(cursor.at_end() ? "the labels are not closed" : "between labels stands a comma");
    }
    return true;
  }

  bool read_label(LineCursor& cursor, std::string_view* metric_name) {
    std::string_view name;
    const bool is_quoted = cursor.take('"');
    if (is_quoted) {
      if (const char* const why = cursor.take_quoted(unescaped_, name)) return broken(why);
    } else {
      name = cursor.take_name(false);
    }
    if (name.empty())
      return broken(cursor.at_end() ? "the labels are not closed" : "this is no name of a label");
    cursor.take_blanks();
    if (!cursor.take('=')) {
      if (!is_quoted || metric_name == nullptr) return broken("after a label's name stands =");
      if (!metric_name->empty() || !labels_.empty()) return broken("the metric has two names");
      *metric_name = name;
      return true;
    }
    cursor.take_blanks();
    if (!cursor.take('"')) return broken("a label's value stands in quotes");
    std::string_view value;
    if (const char* const why = cursor.take_quoted(unescaped_, value)) return broken(why);
    return add_label({name, value});
  }

  bool add_label(MetricLabel label) {
    if (labels_.size() == limits_.labels_max) return over("there are too many labels", limits_.labels_max);
    if (label.name.size() > limits_.label_name_bytes_max)
      return over("a label's name is too long in bytes", limits_.label_name_bytes_max);
    if (label.value.size() > limits_.label_value_bytes_max)
      return over("a label's value is too long in bytes", limits_.label_value_bytes_max);
    for (const MetricLabel& each : labels_)
      if (each.name == label.name) return broken("a label stands twice");
    labels_.push_back(label);
    return true;
  }

  bool read_value(LineCursor& cursor) {
    if (is_open_metrics_ && cursor.peek() == '{') {
      if (!pass_composite(cursor)) return broken("this is no value, and labels follow the name at once");
      sample_.value = std::numeric_limits<double>::quiet_NaN();
    } else {
      const auto value = parse_value(cursor.take_word());
      if (!value) return broken("this is no value");
      sample_.value = *value;
    }
    return read_times(cursor);
  }

  /// {count:3,sum:1.5,...}
  static bool pass_composite(LineCursor& cursor) {
    cursor.take('{');
    if (cursor.take_name(false).empty() || !cursor.take(':')) return false;
    while (!cursor.at_end()) {
      if (cursor.take('}')) return cursor.at_end() || is_blank(cursor.peek());
      cursor.take(cursor.peek());
    }
    return false;
  }

  bool read_times(LineCursor& cursor) {
    bool has_timestamp = false;
    while (true) {
      const std::size_t blanks = cursor.take_blanks();
      if (cursor.at_end())
        return blanks == 0 || !is_open_metrics_ || broken("a blank at the end of the line");
      if (is_open_metrics_ && blanks != 1) return broken("between the parts of a line stands one blank");
      if (is_open_metrics_ && cursor.take('#')) return read_exemplar(cursor);
      const bool is_start = is_open_metrics_ && cursor.take("st@");
      const auto time =
          is_open_metrics_ ? parse_seconds(cursor.take_word()) : parse_milliseconds(cursor.take_word());
      if (!time) return broken("this is no timestamp");
      auto& target = is_start ? sample_.start_timestamp_ms : sample_.timestamp_ms;
      if (target || (has_timestamp && !is_start)) return broken("there is something after the timestamp");
      target = time;
      has_timestamp = true;
    }
  }

  bool read_exemplar(LineCursor& cursor) {
    const std::size_t labels = labels_.size();
    if (cursor.take_blanks() != 1 || cursor.peek() != '{')
      return broken("an exemplar begins with its labels");
    // Its labels are checked among themselves only.
    std::vector<MetricLabel> kept = std::exchange(labels_, {});
    const bool is_read = read_labels(cursor, nullptr);
    labels_ = std::move(kept);
    if (!is_read || labels_.size() != labels) return false;
    if (cursor.take_blanks() != 1 || !parse_value(cursor.take_word()))
      return broken("an exemplar has a value");
    if (cursor.take_blanks() == 1 && !cursor.at_end() && !parse_seconds(cursor.take_word()))
      return broken("this is no timestamp of an exemplar");
    if (!cursor.at_end()) return broken("there is something after the exemplar");
    sample_.has_exemplar = true;
    return true;
  }

  bool finish_sample() {
    sample_.labels = labels_;
    if (!family_.empty() && belongs_to(sample_.name, family_)) {
      sample_.type = type_;
      sample_.unit = unit_;
    }
    return true;
  }

  std::string_view rest_;
  const bool is_open_metrics_;
  TextLimits limits_;
  std::size_t line_ = 0;
  std::size_t samples_ = 0;
  bool is_ended_ = false;
  std::optional<Error> error_;

  std::string_view family_;
  std::string escaped_family_;
  MetricType type_ = MetricType::kUnknown;
  std::string_view unit_;

  TextSample sample_;
  std::vector<MetricLabel> labels_;
  std::string unescaped_;
};

TextReader::TextReader(std::string_view text, TextFormat format, TextLimits limits)
    : state_(std::make_unique<State>(text, format, limits)) {}
TextReader::~TextReader() = default;
TextReader::TextReader(TextReader&&) noexcept = default;
TextReader& TextReader::operator=(TextReader&&) noexcept = default;

Result<const TextSample*> TextReader::next() { return state_->next(); }

}  // namespace optiinfra::exposition
