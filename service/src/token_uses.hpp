/// When each token was last used: token-use.json, next to tokens.json.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "optiinfra/core/time.hpp"

namespace optiinfra::service {

/// By token id. Empty where the file is absent or cannot be read: this is for people, and nothing rests on
/// it.
std::map<std::string, sys_seconds> read_token_uses(const std::filesystem::path& folder);

/// Keeps the times in memory and writes them once a minute, so that a request costs no write. Threads: any.
class TokenUses {
 public:
  explicit TokenUses(std::filesystem::path folder);
  /// Writes what was not written yet.
  ~TokenUses();
  TokenUses(const TokenUses&) = delete;
  TokenUses& operator=(const TokenUses&) = delete;

  void note(const std::string& id);

 private:
  void write();

  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, sys_seconds> uses_;
  bool has_more_ = false;  ///< Than the file.
  std::chrono::steady_clock::time_point written_at_{};
};

}  // namespace optiinfra::service
