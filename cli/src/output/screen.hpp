/// Standard output, written in one place so that a reader who leaves early is noticed.
#pragma once

#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::cli {

/// Text to a file descriptor. SIGPIPE must be ignored in the process.
class Screen {
 public:
  explicit Screen(int descriptor) : descriptor_(descriptor) {}

  /// Writes all of `text` at once. After the reader has closed the pipe it does nothing and succeeds:
  /// a reader that stops is not an error. Errors: kStorage when the output file cannot take the text.
  Result<void> write(std::string_view text);

  /// Whether the reader has gone, so that writing more is of no use.
  bool is_closed() const noexcept { return closed_; }

 private:
  int descriptor_;
  bool closed_ = false;
};

}  // namespace optiinfra::cli
