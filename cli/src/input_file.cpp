#include "input_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace optiinfra::cli {

Result<std::string> read_input_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text, piece(std::size_t{1} << 16, '\0');
  if (!file) return Error{ErrorKind::kStorage, path + " cannot be read: " + std::strerror(errno)};
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    text.append(piece, 0, static_cast<std::size_t>(file.gcount()));
    if (text.size() > kInputFileBytesMax) return Error{ErrorKind::kTooLarge, path + " is over 64 MiB"};
  }
  if (file.bad()) return Error{ErrorKind::kStorage, path + " cannot be read: " + std::strerror(errno)};
  return text;
}

}  // namespace optiinfra::cli
