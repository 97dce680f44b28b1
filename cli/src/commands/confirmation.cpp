#include "commands/confirmation.hpp"

#include <unistd.h>

#include <iostream>

namespace optiinfra::cli {

Result<void> confirm(const Context& context, const std::string& sentence, const std::string& what_is_shown) {
  if (::isatty(0) != 1 || !context.console_terminal.interactive)
    return invalid_argument(sentence + ". Nothing was changed. Say --yes to do it, or --dry-run to see " +
                            what_is_shown);
  std::cerr << sentence << ".\nGo on? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return invalid_argument("nothing was changed");
}

}  // namespace optiinfra::cli
