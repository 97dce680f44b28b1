#include "optiinfra/report/csv.hpp"

namespace optiinfra::report {

std::string csv_cell(std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (const char letter : text) cell += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return cell + "\"";
}

std::string for_spreadsheets(std::string text) {
  constexpr std::string_view kStartsFormula = "=+-@\t\r\n";
  const bool is_formula = !text.empty() && kStartsFormula.find(text.front()) != std::string_view::npos;
  return is_formula ? "'" + text : text;
}

Records for_spreadsheets(Records records) {
  for (Row& row : records.rows)
    for (Value& value : row)
      if (std::string* const text = std::get_if<std::string>(&value))
        *text = for_spreadsheets(std::move(*text));
  return records;
}

std::string render_csv(const Records& records) {
  std::string text;
  for (std::size_t i = 0; i < records.fields.size(); ++i)
    text += (i == 0 ? "" : ",") + csv_cell(records.fields[i].key);
  text += "\n";
  for (const Row& row : records.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : ",") + csv_cell(plain_text(row[i]));
    text += "\n";
  }
  return text;
}

}  // namespace optiinfra::report
