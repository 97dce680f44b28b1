#include "rejected_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <regex>
#include <utility>

namespace optiinfra {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBufferBytes = 1 << 18;

Error cannot_keep(std::string_view doing, const fs::path& path, int code) {
  return {ErrorKind::kStorage, "cannot " + std::string(doing) + " " + path.string() +
                                   ", the file for refused rows: " + std::strerror(code)};
}

fs::path folder_of(const fs::path& imported) {
  const fs::path folder = imported.has_parent_path() ? imported.parent_path() : fs::path(".");
  return ::access(folder.c_str(), W_OK | X_OK) == 0 ? folder : fs::path(".");
}

/// The first lines of a file: how many there are, their bytes, and the last of them.
struct Head {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::string last;
};

/// At most `lines_max` lines, without one that does not end.
Head read_head(const fs::path& path, std::uint64_t lines_max) {
  std::ifstream file(path, std::ios::binary);
  Head head;
  for (std::string line; head.lines < lines_max && std::getline(file, line) && !file.eof(); ++head.lines) {
    head.bytes += line.size() + 1;
    head.last = line;
  }
  return head;
}

/// Replacing what a person or another program has written would lose it.
Result<void> expect_ours(const fs::path& path) {
  const Error foreign{ErrorKind::kStorage, path.string() +
                                               ", the file for refused rows, exists and was not written by "
                                               "an import; move it away or rename the file to be imported"};
  std::error_code code;
  if (fs::symlink_status(path, code).type() != fs::file_type::regular) return foreign;
  std::string begin(std::size_t{64}, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot_keep("read", path, errno);
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(file.gcount()));
  // An import that was killed can leave an empty one.
  static const std::regex line_of_ours(R"(\{("line":\d+,)?"row":\d+,"reason":")");
  const bool is_ours =
      begin.empty() || std::regex_search(begin, line_of_ours, std::regex_constants::match_continuous);
  return is_ours ? Result<void>{} : foreign;
}

}  // namespace

RejectedFile::RejectedFile(const fs::path& imported, const fs::path& folder, RejectedLimits limits)
    : path_((folder.empty() ? folder_of(imported) : folder) /
            (imported.filename().string() + ".rejected.jsonl")),
      limits_(limits) {}

RejectedFile::~RejectedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> RejectedFile::keep(std::uint64_t lines) {
  line_count_ = byte_count_ = 0;
  buffer_.clear();
  last_line_.clear();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  std::error_code code;
  if (fs::symlink_status(path_, code).type() == fs::file_type::not_found) return {};
  OPTIINFRA_CHECK(expect_ours(path_));
  if (lines == 0) {
    if (::unlink(path_.c_str()) != 0) return cannot_keep("remove", path_, errno);
    return {};
  }
  Head head = read_head(path_, lines);
  if (::truncate(path_.c_str(), static_cast<off_t>(head.bytes)) != 0)
    return cannot_keep("shorten", path_, errno);
  line_count_ = head.lines;
  byte_count_ = head.bytes;
  last_line_ = std::move(head.last);
  return {};
}

Result<void> RejectedFile::open() {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor_ < 0) return cannot_keep("write", path_, errno);
  return {};
}

Result<void> RejectedFile::append(std::string_view line) {
  if (line_count_ >= limits_.lines_max || byte_count_ >= limits_.bytes_max) return {};
  byte_count_ += line.size() + 1;
  buffer_ += line;
  buffer_ += '\n';
  ++line_count_;
  if (buffer_.size() < kBufferBytes) return {};
  return write_out();
}

Result<void> RejectedFile::write_out() {
  if (descriptor_ < 0) OPTIINFRA_CHECK(open());
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot_keep("write", path_, errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return {};
}

Result<void> RejectedFile::sync() {
  if (!buffer_.empty()) OPTIINFRA_CHECK(write_out());
  if (descriptor_ >= 0 && ::fdatasync(descriptor_) != 0) return cannot_keep("write", path_, errno);
  return {};
}

}  // namespace optiinfra
