#include "optiinfra/core/csv_reader.hpp"

#include <algorithm>

namespace optiinfra {

CsvReader::CsvReader(std::string_view text) : rest_(text) {
  constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
  if (rest_.starts_with(kUtf8Mark)) rest_.remove_prefix(kUtf8Mark.size());
}

Result<std::vector<std::string>> CsvReader::record() {
  std::vector<std::string> cells;
  line_ = next_line_;
  do {
    OPTIINFRA_TRY(std::string cell, read_cell());
    cells.push_back(std::move(cell));
  } while (take(','));
  (void)take('\r');
  if (!take('\n') && !rest_.empty()) return refuse("has characters after a closing quote");
  ++next_line_;
  return cells;
}

Error CsvReader::refuse(const std::string& what) const {
  return invalid_argument("line " + std::to_string(line_) + " " + what);
}

bool CsvReader::take(char wanted) {
  if (rest_.empty() || rest_.front() != wanted) return false;
  rest_.remove_prefix(1);
  return true;
}

Result<std::string> CsvReader::read_cell() {
  if (!take('"')) {
    const std::string_view cell = rest_.substr(0, rest_.find_first_of(",\r\n"));
    rest_.remove_prefix(cell.size());
    return std::string(cell);
  }
  std::string cell;
  while (true) {
    const std::size_t quote = rest_.find('"');
    if (quote == std::string_view::npos) return refuse("ends inside of quotes");
    cell += rest_.substr(0, quote);
    rest_.remove_prefix(quote + 1);
    if (!take('"')) break;
    cell += '"';
  }
  next_line_ += static_cast<std::size_t>(std::count(cell.begin(), cell.end(), '\n'));
  return cell;
}

}  // namespace optiinfra
