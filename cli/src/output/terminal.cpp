#include "output/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace optiinfra::cli {
namespace {

constexpr int kColumnsMin = 40;
constexpr int kColumnsMax = 400;
constexpr int kColumnsUnknown = 80;

std::string text_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? std::string{} : std::string(value);
}

/// The first of the three that is set decides, as in the C library.
bool is_utf8(const Environment& environment) {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = text_of(environment, name);
    if (!locale.empty()) break;
  }
  std::transform(locale.begin(), locale.end(), locale.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

}  // namespace

Terminal describe_terminal(bool interactive, int columns, const Environment& environment) {
  if (columns <= 0) columns = std::atoi(text_of(environment, "COLUMNS").c_str());
  if (columns <= 0) columns = kColumnsUnknown;
  const bool plain = !text_of(environment, "NO_COLOR").empty() || text_of(environment, "TERM") == "dumb";
  return {.interactive = interactive && text_of(environment, "TERM") != "dumb",
          .unicode = is_utf8(environment),
          .colour = interactive && !plain,
          .width = std::clamp(columns, kColumnsMin, kColumnsMax)};
}

Terminal terminal_of(int descriptor) {
  winsize size{};
  const bool interactive = ::isatty(descriptor) == 1;
  const bool known = interactive && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  return describe_terminal(interactive, known ? size.ws_col : 0,
                           [](const char* name) { return std::getenv(name); });
}

}  // namespace optiinfra::cli
