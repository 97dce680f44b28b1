/// @file optiinfra/service/tokens.hpp
/// Who may do what through a service: bearer tokens, of which the service keeps a hash alone.
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

/// What a token allows. Each scope allows what the one before it does, but for kWrite, which only writes.
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
};

/// The tokens in one folder, kept in the file tokens.json, which its owner alone can read. A change replaces
/// the file whole, so that a reader sees it before or after, never half.
/// Threads: any, and several processes; changes take a lock on the folder.
class Tokens {
 public:
  explicit Tokens(std::filesystem::path folder);

  /// Makes a token and gives its text, which cannot be had again. Errors: kInvalidArgument for a name that is
  /// empty or taken, kTooLarge beyond kTokensMax, kStorage.
  Result<std::string> create(const std::string& name, Scope scope, std::vector<Uuid> customers);

  /// Errors: kInvalidArgument when there is none of that name.
  Result<void> revoke(const std::string& name);

  /// In the order in which they were made. No file: none. Errors: kCorrupt, kStorage.
  Result<std::vector<Token>> list() const;

 private:
  std::filesystem::path file_;
};

/// Whether `text` is the text of `token`; a wrong secret takes as long as the right one.
bool is_text_of(const Token& token, std::string_view text);

}  // namespace optiinfra::service
