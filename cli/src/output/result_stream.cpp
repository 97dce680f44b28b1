#include "output/result_stream.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "output/reports.hpp"
#include "output/table.hpp"

namespace optiinfra::cli {
namespace {

using Json = nlohmann::ordered_json;

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

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string text_of(const Json& value) {
  return value.is_null() ? std::string{} : value.is_string() ? value.get<std::string>() : dumped(value);
}

class JsonWriter final : public ResultWriter {
 public:
  JsonWriter(Screen& screen, std::string command) : screen_(screen), command_(std::move(command)) {}

  Result<void> begin(const std::vector<std::string>& names, const std::vector<std::string>&) override {
    for (const std::string& name : names) names_.push_back(json_string(name));
    return screen_.write("{\"command\":" + json_string(command_) + ",\"data\":[");
  }

  Result<void> row(std::string_view row) override {
    OPTIINFRA_TRY(const Json values, parse_array(row));
    std::string object = first_ ? "{" : ",\n{";
    first_ = false;
    for (std::size_t i = 0; i < values.size() && i < names_.size(); ++i)
      object += (i == 0 ? "" : ",") + names_[i] + ":" + dumped(values[i]);
    return screen_.write(object + "}");
  }

  Result<void> end(double elapsed_ms) override {
    return screen_.write(fmt::format("],\"elapsed_ms\":{:.3f}}}\n", elapsed_ms));
  }

 private:
  Screen& screen_;
  std::string command_;
  std::vector<std::string> names_;
  bool first_ = true;
};

class CsvWriter final : public ResultWriter {
 public:
  explicit CsvWriter(Screen& screen) : screen_(screen) {}

  Result<void> begin(const std::vector<std::string>& names, const std::vector<std::string>&) override {
    std::string line;
    for (const std::string& name : names) line += (line.empty() ? "" : ",") + csv_cell(name);
    return names.empty() ? Result<void>{} : screen_.write(line + "\n");
  }

  Result<void> row(std::string_view row) override {
    OPTIINFRA_TRY(const Json values, parse_array(row));
    std::string line;
    for (std::size_t i = 0; i < values.size(); ++i)
      line += (i == 0 ? "" : ",") + csv_cell(text_of(values[i]));
    return screen_.write(line + "\n");
  }

  Result<void> end(double) override { return {}; }

 private:
  Screen& screen_;
};

bool is_number_type(std::string_view type) {
  for (const std::string_view wrapper : {"Nullable(", "LowCardinality("})
    if (type.starts_with(wrapper)) type.remove_prefix(wrapper.size());
  return type.starts_with("Int") || type.starts_with("UInt") || type.starts_with("Float") ||
         type.starts_with("Decimal");
}

class TableWriter final : public ResultWriter {
 public:
  TableWriter(Screen& screen, const Terminal& terminal) : screen_(screen), terminal_(terminal) {}

  Result<void> begin(const std::vector<std::string>& names, const std::vector<std::string>& types) override {
    for (std::size_t i = 0; i < names.size(); ++i)
      // The values are texts already; kCount only sets numbers to the right.
      section_.records.fields.push_back(
          {names[i], names[i], i < types.size() && is_number_type(types[i]) ? Look::kCount : Look::kText});
    return {};
  }

  Result<void> row(std::string_view row) override {
    if (++count_ > kTableRowsMax) return {};
    OPTIINFRA_TRY(const Json values, parse_array(row));
    Row& cells = section_.records.rows.emplace_back(section_.records.fields.size());
    for (std::size_t i = 0; i < values.size() && i < cells.size(); ++i)
      if (!values[i].is_null()) cells[i] = text_of(values[i]);
    return {};
  }

  Result<void> end(double elapsed_ms) override {
    Report report{.command = "sql"};
    if (!section_.records.fields.empty()) report.sections.push_back(std::move(section_));
    report.elapsed = std::chrono::duration<double, std::milli>(elapsed_ms);
    if (count_ > kTableRowsMax)
      report.notes.push_back(
          fmt::format("{} of {} rows; --output csv or json prints all", kTableRowsMax, count_));
    return screen_.write(render_report(report, terminal_));
  }

 private:
  Screen& screen_;
  Terminal terminal_;
  Section section_;
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<ResultWriter> make_json_writer(Screen& screen, std::string command) {
  return std::make_unique<JsonWriter>(screen, std::move(command));
}
std::unique_ptr<ResultWriter> make_csv_writer(Screen& screen) { return std::make_unique<CsvWriter>(screen); }
std::unique_ptr<ResultWriter> make_table_writer(Screen& screen, const Terminal& terminal) {
  return std::make_unique<TableWriter>(screen, terminal);
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

}  // namespace optiinfra::cli
