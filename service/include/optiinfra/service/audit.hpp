/// @file optiinfra/service/audit.hpp
/// Who changed what: a file of JSON lines next to a service's tokens.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"

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

/// Appends to audit.jsonl in a folder. Inserts, which come by the thousand, are counted and written by
/// flush(); everything else at once. Threads: any; several processes may append to the same file.
class AuditLog {
 public:
  explicit AuditLog(std::filesystem::path folder);
  /// Flushes.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// Errors: kStorage; the entry is not in the file.
  Result<void> append(const AuditEntry& entry);

  /// Counts an insert.
  void count(const std::string& actor, const std::string& action, int status, std::size_t body_bytes);

  /// Writes what was counted since the last time. Errors: kStorage; the counts are gone.
  Result<void> flush();

 private:
  /// Requests of one caller to one path, with one status.
  struct Count {
    sys_seconds first{};
    std::uint64_t requests = 0;
    std::uint64_t body_bytes = 0;
  };
  struct Key {
    std::string actor, action;
    int status = 0;
    auto operator<=>(const Key&) const = default;
  };

  const std::filesystem::path file_;
  std::mutex mutex_;
  std::map<Key, Count> counts_;  ///< As many as there are tokens, paths and statuses.
};

}  // namespace optiinfra::service
