/// @file optiinfra/service/tokens.hpp
/// Bearer tokens, which say what a client of a service may do. The service keeps only their hashes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"

namespace optiinfra::service {

/// What a token allows: kRead queries, kWrite only inserts, kAdmin everything.
enum class Scope { kRead, kWrite, kAdmin };
std::string_view to_string(Scope scope) noexcept;
Result<Scope> parse_scope(std::string_view text);

inline constexpr std::size_t kTokensMax = 10'000;

struct Token {
  std::string id;    ///< Public; part of the token's text.
  std::string name;  ///< For people; unique.
  Scope scope = Scope::kRead;
  std::vector<Uuid> customers = {};  ///< Whose rows it sees and writes; empty: all.
  sys_seconds created{};
  std::string secret_hash = {};  ///< SHA-256 in hex.
  /// As a service wrote it within a minute of the use; absent: never, as far as is known.
  std::optional<sys_seconds> last_used = {};
};

/// The tokens in one folder, kept in the file tokens.json, which only its owner can read. A change replaces
/// the whole file, so that a reader sees either the old or the new one.
/// Threads: any, and several processes; changes take a lock on the folder.
class Tokens {
 public:
  explicit Tokens(std::filesystem::path folder);

  /// Makes a token and returns its text, which cannot be read again. Errors: kInvalidArgument for a name that
  /// is empty or taken, kTooLarge beyond kTokensMax, kStorage.
  Result<std::string> create(const std::string& name, Scope scope, std::vector<Uuid> customers);

  /// Errors: kInvalidArgument when no token has that name.
  Result<void> revoke(const std::string& name);

  /// Differs after a change of the tokens. Costs one call of the system.
  std::string version() const;

  /// Revokes the tokens that are bound to this customer alone, and takes it out of the lists of those that
  /// are bound to others too. Returns how many were revoked or changed. Errors: kCorrupt, kStorage.
  Result<std::size_t> forget(const Uuid& customer);

  /// All tokens in the order in which they were made; empty without the file. Errors: kCorrupt, kStorage.
  Result<std::vector<Token>> list() const;

  /// The same without when they were last used, which is in a file of its own.
  Result<std::vector<Token>> read() const;

 private:
  std::filesystem::path file_;
};

/// Whether `text` is the text of `token`; a wrong secret takes as long as the right one.
bool is_text_of(const Token& token, std::string_view text);

}  // namespace optiinfra::service
