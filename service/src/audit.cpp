#include "optiinfra/service/audit.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace optiinfra::service {
namespace {

using AuditJson = nlohmann::ordered_json;

Error audit_error(const std::filesystem::path& file, const char* what) {
  return {ErrorKind::kStorage, std::string(what) + " " + file.string() + ": " + std::strerror(errno)};
}

std::string line_of(const AuditJson& json) {
  return json.dump(-1, ' ', false, AuditJson::error_handler_t::replace) + "\n";
}

/// The file, held against other processes, one of which may give it its other name just now.
Result<int> hold(const std::filesystem::path& path) {
  while (true) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return audit_error(path, "cannot open");
    struct stat held{}, named{};
    const bool is_held = ::flock(file, LOCK_EX) == 0 && ::fstat(file, &held) == 0;
    const bool is_named = is_held && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino;
    if (is_named) return file;
    ::close(file);
    if (!is_held) return audit_error(path, "cannot lock");
  }
}

Result<void> append_text(const std::filesystem::path& path, std::string_view text) {
  OPTIINFRA_TRY(const int file, hold(path));
  Result<void> written;
  while (written && !text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno != EINTR) written = audit_error(path, "cannot write");
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  struct stat status{};
  const bool is_full =
      ::fstat(file, &status) == 0 && static_cast<std::uint64_t>(status.st_size) >= kAuditBytesMax;
  if (is_full) (void)::rename(path.c_str(), (path.string() + ".1").c_str());
  ::close(file);
  return written;
}

}  // namespace

AuditLog::AuditLog(std::filesystem::path folder) : file_(std::move(folder) / "audit.jsonl") {}

AuditLog::~AuditLog() { (void)flush(); }

Result<void> AuditLog::append(const AuditEntry& entry) {
  AuditJson json = {{"time", format_time(now())}, {"actor", entry.actor}, {"action", entry.action}};
  if (!entry.target.empty()) json["target"] = entry.target;
  if (entry.status != 0) json["status"] = entry.status;
  if (!entry.request_id.empty()) json["request_id"] = entry.request_id;
  return append_text(file_, line_of(json));
}

void AuditLog::count(const std::string& actor, const std::string& action, int status,
                     std::size_t body_bytes) {
  const std::lock_guard lock(mutex_);
  Count& count = counts_[{actor, action, status}];
  if (count.requests == 0) count.first = now();
  ++count.requests;
  count.body_bytes += body_bytes;
}

Result<void> AuditLog::flush() {
  std::map<Key, Count> counts;
  {
    const std::lock_guard lock(mutex_);
    counts.swap(counts_);
  }
  std::string text;
  for (const auto& [key, count] : counts)
    text += line_of({{"time", format_time(now())},
                     {"actor", key.actor},
                     {"action", key.action},
                     {"status", key.status},
                     {"since", format_time(count.first)},
                     {"requests", count.requests},
                     {"body_bytes", count.body_bytes}});
  return text.empty() ? Result<void>{} : append_text(file_, text);
}

}  // namespace optiinfra::service
