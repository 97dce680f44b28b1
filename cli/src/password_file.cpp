#include "password_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace optiinfra::cli {
namespace {

constexpr std::size_t kPasswordFileBytesMax = 4096;

}  // namespace

Result<std::string> read_password_file(const std::string& path) {
  const auto failed = [&path](const std::string& why) {
    return Error{ErrorKind::kStorage, "cannot read the password file " + path + ": " + why};
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed(std::strerror(errno));
  struct stat status{};
  if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0)
    std::fprintf(stderr, "note: everyone on this machine can read the password in %s; chmod o-r it\n",
                 path.c_str());
  char buffer[kPasswordFileBytesMax + 1];
  const auto size = ::read(file, buffer, sizeof buffer);
  const int code = errno;
  ::close(file);
  if (size < 0) return failed(std::strerror(code));
  if (size > static_cast<ssize_t>(kPasswordFileBytesMax)) return failed("it is over 4096 bytes");
  std::string password(buffer, static_cast<std::size_t>(size));
  password.resize(std::min(password.find_first_of("\r\n"), password.size()));
  if (password.empty()) return failed("its first line, the password, is empty");
  if (password.find('\0') != std::string::npos) return failed("the password holds a zero byte");
  return password;
}

Result<StoreUrl> with_password(StoreUrl store) {
  const char* const file = std::getenv("OPTIINFRA_PASSWORD_FILE");
  if (store.protocol == Protocol::kEmbedded || !store.password.empty() || file == nullptr || *file == '\0')
    return store;
  OPTIINFRA_TRY(store.password, read_password_file(file));
  return store;
}

}  // namespace optiinfra::cli
