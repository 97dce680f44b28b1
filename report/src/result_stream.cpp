#include "optiinfra/report/result_stream.hpp"

#include <fmt/core.h>

#include "json_text.hpp"
#include "optiinfra/report/csv.hpp"
#include "optiinfra/report/json.hpp"

namespace optiinfra::report {
namespace {

Error not_rows() {
  return {
      ErrorKind::kInvalidArgument,
      "the statement chose an output format of its own; leave FORMAT out of the SQL and write --format NAME"};
}

Result<Json> parse_array(std::string_view line) {
  Json array = Json::parse(line.begin(), line.end(), nullptr, false);
  if (array.is_array()) return array;
  return not_rows();
}

Result<std::vector<std::string>> parse_texts(std::string_view line) {
  OPTIINFRA_TRY(const Json array, parse_array(line));
  std::vector<std::string> texts;
  for (const Json& each : array) {
    if (!each.is_string()) return not_rows();
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

std::string text_of(const Json& value) {
  return value.is_null() ? std::string{} : value.is_string() ? value.get<std::string>() : dump_json(value);
}

class JsonWriter final : public ResultWriter {
 public:
  JsonWriter(TextOutput output, std::string command)
      : output_(std::move(output)), command_(std::move(command)) {}

  Result<void> begin(const std::vector<std::string>& names, const std::vector<std::string>&) override {
    for (const std::string& name : names) names_.push_back(json_string(name));
    return output_("{\"command\":" + json_string(command_) + ",\"data\":[");
  }

  Result<void> row(std::string_view row) override {
    OPTIINFRA_TRY(const Json values, parse_array(row));
    std::string object = first_ ? "{" : ",\n{";
    first_ = false;
    for (std::size_t i = 0; i < values.size() && i < names_.size(); ++i)
      object += (i == 0 ? "" : ",") + names_[i] + ":" + dump_json(values[i]);
    return output_(object + "}");
  }

  Result<void> end(double elapsed_ms) override {
    return output_(fmt::format("],\"elapsed_ms\":{:.3f}}}\n", elapsed_ms));
  }

 private:
  TextOutput output_;
  std::string command_;
  std::vector<std::string> names_;
  bool first_ = true;
};

class CsvWriter final : public ResultWriter {
 public:
  explicit CsvWriter(TextOutput output) : output_(std::move(output)) {}

  Result<void> begin(const std::vector<std::string>& names, const std::vector<std::string>&) override {
    std::string line;
    for (const std::string& name : names) line += (line.empty() ? "" : ",") + csv_cell(name);
    return names.empty() ? Result<void>{} : output_(line + "\n");
  }

  Result<void> row(std::string_view row) override {
    OPTIINFRA_TRY(const Json values, parse_array(row));
    std::string line;
    for (std::size_t i = 0; i < values.size(); ++i)
      line += (i == 0 ? "" : ",") + csv_cell(text_of(values[i]));
    return output_(line + "\n");
  }

  Result<void> end(double) override { return {}; }

 private:
  TextOutput output_;
};

}  // namespace

std::unique_ptr<ResultWriter> make_json_writer(TextOutput output, std::string command) {
  return std::make_unique<JsonWriter>(std::move(output), std::move(command));
}
std::unique_ptr<ResultWriter> make_csv_writer(TextOutput output) {
  return std::make_unique<CsvWriter>(std::move(output));
}

Result<std::vector<std::optional<std::string>>> parse_row(std::string_view row) {
  OPTIINFRA_TRY(const Json values, parse_array(row));
  std::vector<std::optional<std::string>> texts;
  for (const Json& value : values)
    texts.push_back(value.is_null() ? std::nullopt : std::optional(text_of(value)));
  return texts;
}

Result<void> ResultReader::take(std::string_view piece) {
  bool starts_piece = rest_.empty();
  for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    rest_ += piece.substr(0, end);
    piece.remove_prefix(end + 1);
    const std::string line = std::exchange(rest_, {});
    OPTIINFRA_CHECK(take_line(line, starts_piece));
    starts_piece = false;
  }
  rest_ += piece;
  return {};
}

Result<void> ResultReader::take_line(std::string_view line, bool starts_piece) {
  if (line.empty()) return {};
  if (names_line_.empty()) {
    names_line_ = line;
    return {};
  }
  if (types_line_.empty()) {
    OPTIINFRA_TRY(const auto names, parse_texts(names_line_));
    OPTIINFRA_TRY(const auto types, parse_texts(line));
    types_line_ = line;
    return writer_.begin(names, types);
  }
  if (starts_piece && line == names_line_) {
    held_ = line;
    return {};
  }
  if (!held_.empty()) {
    const std::string held = std::exchange(held_, {});
    if (line == types_line_) return {};
    OPTIINFRA_CHECK(writer_.row(held));
  }
  return writer_.row(line);
}

Result<void> ResultReader::finish(double elapsed_ms) {
  if (!rest_.empty()) OPTIINFRA_CHECK(take_line(std::exchange(rest_, {}), false));
  if (!held_.empty()) OPTIINFRA_CHECK(writer_.row(std::exchange(held_, {})));
  if (types_line_.empty()) {
    if (!names_line_.empty()) return not_rows();
    OPTIINFRA_CHECK(writer_.begin({}, {}));
  }
  return writer_.end(elapsed_ms);
}

}  // namespace optiinfra::report
