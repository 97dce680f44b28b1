#include "output/wrapped.hpp"

#include <sstream>

#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

/// Where the library's formatter begins the meaning of a flag or a command.
constexpr std::size_t kMeaningColumn = 30;

bool shows_a_command(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(' ');
  return begin != 0 && begin != std::string::npos && begin < kMeaningColumn &&
         (line.compare(begin, 10, "optiinfra ") == 0 || line.ends_with('\\') ||
          line.compare(begin, 2, "--") == 0) &&
         (line.size() <= kMeaningColumn || line.find("  ", begin) == std::string::npos);
}

std::size_t indent_of(const std::string& line) {
  const bool has_meaning = line.size() > kMeaningColumn && line[kMeaningColumn - 1] == ' ' && line[0] == ' ';
  if (has_meaning) return kMeaningColumn;
  return line.find_first_not_of(' ');
}

std::string wrapped_line(std::string line, std::size_t width) {
  std::string text;
  const std::string indent(indent_of(line), ' ');
  while (display_width(line) > width) {
    const std::size_t space = line.rfind(' ', width);
    if (space == std::string::npos || space <= indent.size()) break;
    text += line.substr(0, space) + "\n";
    line = indent + line.substr(space + 1);
  }
  return text + line + "\n";
}

}  // namespace

std::string wrapped(const std::string& help, int width) {
  std::string text;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);)
    text += shows_a_command(line) || line.empty() ? line + "\n"
                                                  : wrapped_line(line, static_cast<std::size_t>(width));
  return text;
}

}  // namespace optiinfra::cli
