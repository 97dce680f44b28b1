#include "api/served_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

namespace optiinfra::cli {
namespace {

constexpr std::size_t kFileBytesMax = 4096;

std::filesystem::path file_of(const std::filesystem::path& store) { return store / "service" / "address"; }

/// An address that listens everywhere is reached at the loopback one.
std::string reachable(const std::string& address) {
  if (address.starts_with("0.0.0.0:")) return "127.0.0.1" + address.substr(7);
  if (address.starts_with("[::]:")) return "[::1]" + address.substr(4);
  return address;
}

/// The file's text, when only this account, or root, can have written it.
std::string read_own(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return {};
  std::string text(kFileBytesMax, '\0');
  struct stat status{};
  const bool is_own = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                      (status.st_uid == ::geteuid() || status.st_uid == 0) &&
                      (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  const auto size = is_own ? ::read(file, text.data(), text.size()) : 0;
  ::close(file);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

/// Whether that process holds the store. The lock is the kernel's and goes with its process; its file names
/// it.
bool is_held_by(const std::filesystem::path& store, long process) {
  const int lock = ::open((store / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return false;
  const bool is_free = ::flock(lock, LOCK_SH | LOCK_NB) == 0;
  std::string text(kFileBytesMax, '\0');
  const auto size = is_free ? 0 : ::pread(lock, text.data(), text.size(), 0);
  ::close(lock);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text.find("(process " + std::to_string(process) + ")") != std::string::npos;
}

/// "api://127.0.0.1:7070\n1234\n": where, and the process that wrote it.
struct Served {
  std::string url;
  long process = 0;
};

std::optional<Served> parse(const std::string& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string::npos || !api::is_api_url(text)) return std::nullopt;
  Served served{.url = text.substr(0, end)};
  const char* const digits = text.data() + end + 1;
  const auto [stop, code] = std::from_chars(digits, text.data() + text.size(), served.process);
  if (code != std::errc{} || served.process <= 0 || stop == text.data() + text.size() || *stop != '\n')
    return std::nullopt;
  return served;
}

}  // namespace

ServedFolder::ServedFolder(std::filesystem::path store, const std::string& address, bool is_encrypted)
    : file_(file_of(store)) {
  // On this machine's own address the certificate's name is another, and the file says who listens.
  const std::string url =
      (is_encrypted ? "apis://" : "api://") + reachable(address) + (is_encrypted ? "?verify=no" : "");
  const std::string text = url + "\n" + std::to_string(::getpid()) + "\n";
  const std::string unfinished = file_.string() + ".new";
  std::error_code ignored;
  std::filesystem::create_directories(file_.parent_path(), ignored);
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return;
  const bool is_written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  if (is_written)
    std::filesystem::rename(unfinished, file_, ignored);
  else
    std::filesystem::remove(unfinished, ignored);
}

ServedFolder::~ServedFolder() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

std::optional<api::ApiUrl> find_served(const std::filesystem::path& store) {
  if (store.empty()) return std::nullopt;
  const auto served = parse(read_own(file_of(store)));
  if (!served || !is_held_by(store, served->process)) return std::nullopt;
  auto url = api::parse_api_url(served->url);
  return url ? std::optional(*std::move(url)) : std::nullopt;
}

}  // namespace optiinfra::cli
