#include "output/screen.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace optiinfra::cli {

Result<void> Screen::write(std::string_view text) {
  while (!text.empty() && !closed_) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno != EINTR) {
      return Error{ErrorKind::kStorage, std::string("the answer could not be written to standard output: ") +
                                            std::strerror(errno)};
    }
  }
  return {};
}

}  // namespace optiinfra::cli
