/// The capabilities of the terminal or file that text is written to.
#pragma once

#include <functional>

namespace optiinfra::cli {

struct Terminal {
  bool interactive = false;  ///< A person's terminal: lines may be rewritten.
  bool unicode = false;      ///< Otherwise plain ASCII only.
  bool colour = false;
  int width = 80;  ///< Columns.
};

/// Reads an environment variable: nullptr when it is not set.
using Environment = std::function<const char*(const char*)>;

/// Terminal of what is known about it: `columns` is 0 when the system does not say.
Terminal describe_terminal(bool interactive, int columns, const Environment& environment);

/// Asks the system about `descriptor` and the process's environment.
Terminal terminal_of(int descriptor);

}  // namespace optiinfra::cli
