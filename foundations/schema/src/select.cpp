#include "optiinfra/schema/select.hpp"

namespace optiinfra {
namespace {

std::string clause(const char* keyword, const std::vector<std::string>& texts, const char* separator = ", ") {
  return texts.empty() ? "" : keyword + joined(texts, separator);
}

}  // namespace

std::string joined(const std::vector<std::string>& texts, const std::string& separator) {
  std::string all;
  for (const std::string& text : texts) all += (&text == texts.data() ? "" : separator) + text;
  return all;
}

void Select::add(const std::vector<std::string>& names) {
  for (const std::string& name : names) columns.push_back({name});
}

std::string Select::sql() const {
  std::string text = "SELECT ";
  for (const Selected& column : columns) {
    // People read stored views: what is computed stands on a line of its own.
    if (&column != columns.data()) text += column.name.empty() ? ", " : ",\n    ";
    text += column.expression;
    if (!column.name.empty()) text += " AS " + column.name;
  }
  text += "\nFROM " + from + clause("\nWHERE ", where, " AND ") + clause("\nGROUP BY ", group_by) +
          clause("\nORDER BY ", order_by);
  return limit == 0 ? text : text + "\nLIMIT " + std::to_string(limit);
}

std::string subquery(const std::vector<Select>& parts) {
  std::vector<std::string> texts;
  for (const Select& part : parts) texts.push_back(part.sql());
  return "(" + joined(texts, "\nUNION ALL ") + ")";
}

}  // namespace optiinfra
