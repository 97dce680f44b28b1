/// When each token was last used: token-use.json, next to tokens.json.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "optiinfra/core/time.hpp"

namespace optiinfra::service {

/// By token id. Empty where the file is absent or cannot be read: this is for people, and nothing rests on
/// it.
std::map<std::string, sys_seconds> read_token_uses(const std::filesystem::path& folder);

/// Keeps the times in memory until flush(), so that a request costs no write. Threads: any.
class TokenUses {
 public:
  explicit TokenUses(std::filesystem::path folder);
  /// Flushes.
  ~TokenUses();
  TokenUses(const TokenUses&) = delete;
  TokenUses& operator=(const TokenUses&) = delete;

  void note(const std::string& id);

  /// Writes the times, if there are new ones. A file that cannot be written is tried again the next time.
  void flush();

 private:
  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, sys_seconds> uses_;
  bool has_more_ = false;  ///< Than the file.
};

}  // namespace optiinfra::service
