/// The sender of a request, and what it may do.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/message.hpp"
#include "optiinfra/client/question.hpp"
#include "optiinfra/service/tokens.hpp"
#include "token_uses.hpp"

namespace optiinfra::service {

struct Caller {
  std::string name;  ///< The token's id; "local" for a client that needs no token.
  Scope scope = Scope::kAdmin;
  std::vector<Uuid> customers = {};  ///< Whose rows; empty: all.

  bool may(Scope wanted) const { return scope == Scope::kAdmin || scope == wanted; }
  bool sees_all() const { return customers.empty(); }
  bool sees(const Uuid& customer) const;
};

/// Limits the filters to the caller's customers. Nothing when no customer is left: for this caller the rows
/// of others do not exist.
std::optional<std::vector<Filter>> kept_to(const Caller& caller, std::vector<Filter> filters);

/// Identifies callers by their tokens. Notices new and revoked tokens at once.
/// Threads: any.
class Access {
 public:
  /// `needs_token`: whether a request without one is refused; otherwise it is an admin's.
  Access(std::filesystem::path folder, bool needs_token);

  /// Writes when tokens were last used. Call it every minute or so.
  void flush() { uses_.flush(); }

  /// The caller, or the refusal.
  std::variant<Caller, Response> identify(const Request& request);

 private:
  static constexpr std::chrono::seconds kTokensAge{
      1};  ///< Where a change left no trace in the file's version.
  std::shared_ptr<const std::vector<Token>> tokens();

  const Tokens tokens_;
  TokenUses uses_;
  const bool needs_token_;
  std::mutex mutex_;
  std::shared_ptr<const std::vector<Token>> known_;  ///< Null when the list cannot be read.
  std::string version_;
  std::chrono::steady_clock::time_point read_at_{};
};

}  // namespace optiinfra::service
