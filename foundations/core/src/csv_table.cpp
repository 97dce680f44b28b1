#include "optiinfra/core/csv_table.hpp"

#include <algorithm>

#include "optiinfra/core/csv_reader.hpp"
#include "optiinfra/core/nearest.hpp"

namespace optiinfra {

Result<std::size_t> index_of_field(std::string_view name, std::span<const std::string_view> known) {
  const auto found = std::find(known.begin(), known.end(), name);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  const std::vector<std::string> names(known.begin(), known.end());
  return invalid_argument("'" + shown(name) + "' is not one of " + listed(names) + suggestion(name, names));
}

Result<void> read_csv_table(std::string_view text, std::span<const std::string_view> known,
                            const OnTexts& on_row) {
  CsvReader reader(text);
  OPTIINFRA_TRY(const auto header, reader.record());
  std::vector<std::size_t> fields;
  for (const std::string& name : header) {
    OPTIINFRA_TRY(const std::size_t field, index_of_field(name, known));
    if (std::find(fields.begin(), fields.end(), field) != fields.end())
      return invalid_argument("the header has the column '" + name + "' twice");
    fields.push_back(field);
  }
  while (!reader.at_end()) {
    OPTIINFRA_TRY(auto cells, reader.record());
    if (cells.size() == 1 && cells.front().empty()) continue;
    if (cells.size() != fields.size())
      return reader.refuse("has " + std::to_string(cells.size()) + " cells, and the header " +
                           std::to_string(fields.size()));
    std::vector<std::string> texts(known.size());
    for (std::size_t i = 0; i < cells.size(); ++i) texts[fields[i]] = std::move(cells[i]);
    auto done = on_row(std::move(texts));
    if (!done) return with_context(std::move(done).error(), "line " + std::to_string(reader.line()));
  }
  return {};
}

}  // namespace optiinfra
