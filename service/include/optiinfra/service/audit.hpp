/// @file optiinfra/service/audit.hpp
/// Who changed what: a file of JSON lines next to a service's tokens.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "optiinfra/core/error.hpp"

namespace optiinfra::service {

/// The file grows to this size, then becomes audit.jsonl.1, which it replaces.
inline constexpr std::uint64_t kAuditBytesMax = std::uint64_t{64} << 20;

struct AuditEntry {
  std::string
      actor;  ///< The id of the token, "local" for a client that needs none, "program" for `optiinfra token`.
  std::string action;       ///< "DELETE /api/v1/customers", "token create".
  std::string target = {};  ///< What it was about: "customer=acme", the token's name.
  int status = 0;           ///< Of the answer; 0 outside of HTTP.
  std::string request_id = {};
};

/// Requests of one caller to one path, with one status, since the last entry of them.
struct AuditCount {
  std::uint64_t requests = 0;
  std::uint64_t body_bytes = 0;
};

/// Appends to audit.jsonl in a folder. Inserts, which come by the thousand, are counted and written once a
/// minute; everything else at once. Threads: any; several processes may append to the same file.
class AuditLog {
 public:
  explicit AuditLog(std::filesystem::path folder);
  /// Writes what was counted.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// Errors: kStorage; the entry is not in the file.
  Result<void> append(const AuditEntry& entry);

  /// Counts an insert; writes the counts when the last time was a minute ago.
  Result<void> count(const std::string& actor, const std::string& action, int status, std::size_t body_bytes);

 private:
  using Key = std::pair<std::pair<std::string, std::string>, int>;
  Result<void> write_counts();

  const std::filesystem::path file_;
  std::mutex mutex_;
  std::map<Key, AuditCount> counts_;
  std::chrono::steady_clock::time_point written_at_ = std::chrono::steady_clock::now();
};

}  // namespace optiinfra::service
