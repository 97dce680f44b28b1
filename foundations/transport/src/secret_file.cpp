#include "optiinfra/transport/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace optiinfra {
namespace {

constexpr std::size_t kSecretFileBytesMax = 4096;

}  // namespace

Result<Secret> read_secret_file(const std::string& path, const std::string& what) {
  const auto failed = [&](const std::string& why) {
    return Error{ErrorKind::kStorage, "cannot read the " + what + " file " + path + ": " + why};
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed(std::strerror(errno));
  Secret secret;
  struct stat status{};
  secret.is_open_to_all =
      ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0;
  char buffer[kSecretFileBytesMax + 1];
  const auto size = ::read(file, buffer, sizeof buffer);
  const int code = errno;
  ::close(file);
  if (size < 0) return failed(std::strerror(code));
  if (size > static_cast<ssize_t>(kSecretFileBytesMax)) return failed("it is over 4096 bytes");
  secret.text.assign(buffer, static_cast<std::size_t>(size));
  secret.text.resize(std::min(secret.text.find_first_of("\r\n"), secret.text.size()));
  if (secret.text.empty()) return failed("its first line, the " + what + ", is empty");
  if (secret.text.find('\0') != std::string::npos) return failed("the " + what + " holds a zero byte");
  return secret;
}

}  // namespace optiinfra
