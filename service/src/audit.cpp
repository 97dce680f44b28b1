#include "optiinfra/service/audit.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "optiinfra/core/time.hpp"

namespace optiinfra::service {
namespace {

using AuditJson = nlohmann::ordered_json;

constexpr std::chrono::minutes kCountsAge{1};
/// Callers, paths and statuses that are counted at once; beyond, the counts are written early.
constexpr std::size_t kCountsMax = 10'000;

Error audit_error(const std::filesystem::path& file, const char* what) {
  return {ErrorKind::kStorage, std::string(what) + " " + file.string() + ": " + std::strerror(errno)};
}

std::string line_of(const AuditJson& json) {
  return json.dump(-1, ' ', false, AuditJson::error_handler_t::replace) + "\n";
}

/// In one write, so that the lines of two processes do not mix.
Result<void> append_text(const std::filesystem::path& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return audit_error(path, "cannot open");
  struct stat status{};
  const bool is_full =
      ::fstat(file, &status) == 0 && static_cast<std::uint64_t>(status.st_size) >= kAuditBytesMax;
  const bool is_written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int code = errno;
  ::close(file);
  errno = code;
  if (!is_written) return audit_error(path, "cannot write");
  if (is_full) (void)::rename(path.c_str(), (path.string() + ".1").c_str());
  return {};
}

}  // namespace

AuditLog::AuditLog(std::filesystem::path folder) : file_(std::move(folder) / "audit.jsonl") {}

AuditLog::~AuditLog() {
  const std::lock_guard lock(mutex_);
  (void)write_counts();
}

Result<void> AuditLog::append(const AuditEntry& entry) {
  AuditJson json = {{"time", format_time(now())}, {"actor", entry.actor}, {"action", entry.action}};
  if (!entry.target.empty()) json["target"] = entry.target;
  if (entry.status != 0) json["status"] = entry.status;
  if (!entry.request_id.empty()) json["request_id"] = entry.request_id;
  const std::lock_guard lock(mutex_);
  return append_text(file_, line_of(json));
}

Result<void> AuditLog::count(const std::string& actor, const std::string& action, int status,
                             std::size_t body_bytes) {
  const std::lock_guard lock(mutex_);
  AuditCount& count = counts_[{{actor, action}, status}];
  ++count.requests;
  count.body_bytes += body_bytes;
  const bool is_due = std::chrono::steady_clock::now() - written_at_ >= kCountsAge;
  return is_due || counts_.size() >= kCountsMax ? write_counts() : Result<void>{};
}

/// Holds mutex_.
Result<void> AuditLog::write_counts() {
  std::string text;
  for (const auto& [key, count] : counts_)
    text += line_of({{"time", format_time(now())},
                     {"actor", key.first.first},
                     {"action", key.first.second},
                     {"status", key.second},
                     {"requests", count.requests},
                     {"body_bytes", count.body_bytes}});
  counts_.clear();
  written_at_ = std::chrono::steady_clock::now();
  return text.empty() ? Result<void>{} : append_text(file_, text);
}

}  // namespace optiinfra::service
