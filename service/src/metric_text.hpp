/// Writes metrics in Prometheus' text format 0.0.4.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace optiinfra::service {

/// One metric's text: its two comments, then its lines.
class MetricText {
 public:
  MetricText(std::string& text, std::string name, const char* kind, const char* meaning)
      : text_(text), name_(std::move(name)) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, meaning, name_, kind);
  }
  template <typename Number>
  void add(const std::string& labels, Number value, const char* suffix = "") {
    text_ += fmt::format("{}{}{} {}\n", name_, suffix, labels.empty() ? "" : "{" + labels + "}", value);
  }

 private:
  std::string& text_;
  const std::string name_;
};

/// A label whose value others chose.
inline std::string label_text(std::string_view name, std::string_view value) {
  std::string text = std::string(name) + "=\"";
  for (const char each : value) {
    if (each == '\\' || each == '"') text += '\\';
    if (each == '\n') {
      text += "\\n";
    } else {
      text += each;
    }
  }
  return text + '"';
}

}  // namespace optiinfra::service
