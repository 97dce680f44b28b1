#include "optiinfra/service/tokens.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "optiinfra/service/audit.hpp"
#include "token_uses.hpp"

namespace optiinfra::service {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPrefix = "oi_";
constexpr std::size_t kIdBytes = 4, kSecretBytes = 24;

Error storage(const std::filesystem::path& path, const std::string& what) {
  return {ErrorKind::kStorage, path.string() + ": " + what + ": " + std::strerror(errno)};
}

std::string hex(const unsigned char* bytes, std::size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

Result<std::string> random_hex(std::size_t count) {
  std::array<unsigned char, kSecretBytes> bytes{};
  if (::RAND_bytes(bytes.data(), static_cast<int>(count)) != 1)
    return Error{ErrorKind::kUnavailable, "this machine has no randomness to make a token from"};
  return hex(bytes.data(), count);
}

std::string hash_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (::EVP_Digest(text.data(), text.size(), digest.data(), &size, ::EVP_sha256(), nullptr) != 1)
    detail::broken_invariant("libcrypto has no SHA-256");
  return hex(digest.data(), size);
}

/// Holds the folder against other writers until it is destroyed.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& file)
      : descriptor_(
            ::open((file.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    is_held_ = descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX) == 0;
  }
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  bool is_held() const { return is_held_; }

 private:
  int descriptor_;
  bool is_held_ = false;
};

Json json_of(const Token& token) {
  Json customers = Json::array();
  for (const Uuid& customer : token.customers) customers.push_back(customer.to_string());
  return {{"id", token.id},
          {"name", token.name},
          {"scope", std::string(to_string(token.scope))},
          {"customers", customers},
          {"created", format_time(token.created)},
          {"secret_sha256", token.secret_hash}};
}

Result<Token> token_of(const Json& json) {
  Token token{.id = json.at("id"), .name = json.at("name")};
  OPTIINFRA_TRY(token.scope, parse_scope(json.at("scope").get<std::string>()));
  for (const Json& each : json.at("customers")) {
    OPTIINFRA_TRY(const Uuid customer, Uuid::parse(each.get<std::string>()));
    token.customers.push_back(customer);
  }
  OPTIINFRA_TRY(token.created, parse_time(json.at("created").get<std::string>()));
  token.secret_hash = json.at("secret_sha256");
  return token;
}

Result<void> write_all(int file, const std::filesystem::path& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return storage(path, "it cannot be written");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(file) == 0 ? Result<void>{} : storage(path, "it cannot be synced");
}

/// Replaces the file whole.
Result<void> save(const std::filesystem::path& file, const std::vector<Token>& tokens) {
  Json all = Json::array();
  for (const Token& token : tokens) all.push_back(json_of(token));
  const std::filesystem::path fresh = file.string() + ".new";
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return storage(fresh, "it cannot be made");
  auto written = write_all(descriptor, fresh, Json{{"tokens", all}}.dump(2) + "\n");
  ::close(descriptor);
  OPTIINFRA_CHECK(std::move(written));
  if (::rename(fresh.c_str(), file.c_str()) != 0) return storage(file, "it cannot be replaced");
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) ::close(folder);
  return is_synced ? Result<void>{} : storage(file.parent_path(), "it cannot be synced");
}

/// A change of the tokens is made whether or not it can be noted: a token must be revocable on a full disk.
void note(const std::filesystem::path& file, const std::string& action, const std::string& target) {
  AuditLog audit(file.parent_path());
  (void)audit.append({.actor = "program", .action = action, .target = target});
}

}  // namespace

std::string_view to_string(Scope scope) noexcept {
  switch (scope) {
    case Scope::kRead:
      return "read";
    case Scope::kWrite:
      return "write";
    case Scope::kAdmin:
      break;
  }
  return "admin";
}

Result<Scope> parse_scope(std::string_view text) {
  for (const Scope scope : {Scope::kRead, Scope::kWrite, Scope::kAdmin})
    if (text == to_string(scope)) return scope;
  return invalid_argument("'" + std::string(text) + "' is not one of read, write, admin");
}

Tokens::Tokens(std::filesystem::path folder) : file_(std::move(folder) / "tokens.json") {}

std::string Tokens::version() const {
  struct stat status{};
  // Each change puts a new file in the place of the old one.
  if (::stat(file_.c_str(), &status) != 0) return {};
  return std::to_string(status.st_ino) + ":" + std::to_string(status.st_ctim.tv_sec) + "." +
         std::to_string(status.st_ctim.tv_nsec) + ":" + std::to_string(status.st_size);
}

Result<std::vector<Token>> Tokens::read() const {
  std::ifstream stream(file_);
  std::vector<Token> tokens;
  if (!stream) {
    if (!std::filesystem::exists(file_)) return tokens;
    return storage(file_, "it cannot be read");
  }
  std::stringstream text;
  text << stream.rdbuf();
  try {
    const Json json = Json::parse(text.str());
    for (const Json& each : json.at("tokens")) {
      OPTIINFRA_TRY(Token token, token_of(each));
      tokens.push_back(std::move(token));
    }
  } catch (const Json::exception& exception) {
    return Error{ErrorKind::kCorrupt, file_.string() +
                                          " is not the list of tokens that it was: " + exception.what() +
                                          "; no token is accepted until it is repaired or removed"};
  }
  return tokens;
}

Result<std::vector<Token>> Tokens::list() const {
  OPTIINFRA_TRY(auto tokens, read());
  const auto uses = read_token_uses(file_.parent_path());
  for (Token& token : tokens)
    if (const auto use = uses.find(token.id); use != uses.end()) token.last_used = use->second;
  return tokens;
}

Result<std::string> Tokens::create(const std::string& name, Scope scope, std::vector<Uuid> customers) {
  if (name.empty() || name.size() > 200) return invalid_argument("a token's name has 1 to 200 bytes");
  std::error_code error;
  std::filesystem::create_directories(file_.parent_path(), error);
  const FolderLock lock(file_);
  if (!lock.is_held()) return storage(file_, "its lock cannot be taken");
  OPTIINFRA_TRY(auto tokens, read());
  if (std::any_of(tokens.begin(), tokens.end(), [&](const Token& each) { return each.name == name; }))
    return invalid_argument("there is a token '" + name + "' already; revoke it first");
  if (tokens.size() >= kTokensMax)
    return Error{ErrorKind::kTooLarge, "there are " + std::to_string(kTokensMax) + " tokens already"};
  OPTIINFRA_TRY(const std::string id, random_hex(kIdBytes));
  OPTIINFRA_TRY(const std::string secret, random_hex(kSecretBytes));
  std::string text = std::string(kPrefix) + id + "_" + secret;
  tokens.push_back({id, name, scope, std::move(customers), now(), hash_of(text), {}});
  OPTIINFRA_CHECK(save(file_, tokens));
  note(file_, "token create", name + " (" + id + ")");
  return text;
}

Result<void> Tokens::revoke(const std::string& name) {
  const FolderLock lock(file_);
  if (!lock.is_held()) return storage(file_, "its lock cannot be taken");
  OPTIINFRA_TRY(auto tokens, read());
  if (std::erase_if(tokens, [&](const Token& each) { return each.name == name; }) == 0)
    return invalid_argument("there is no token '" + name + "'");
  OPTIINFRA_CHECK(save(file_, tokens));
  note(file_, "token revoke", name);
  return {};
}

Result<std::size_t> Tokens::forget(const Uuid& customer) {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) return std::size_t{0};
  const FolderLock lock(file_);
  if (!lock.is_held()) return storage(file_, "its lock cannot be taken");
  OPTIINFRA_TRY(auto tokens, read());
  std::vector<std::string> names;
  for (const Token& token : tokens)
    if (std::find(token.customers.begin(), token.customers.end(), customer) != token.customers.end())
      names.push_back(token.name);
  // Left in its list, one with no other customer would see all.
  std::size_t changed = std::erase_if(
      tokens, [&](const Token& token) { return token.customers == std::vector<Uuid>{customer}; });
  for (Token& token : tokens)
    if (std::erase(token.customers, customer) > 0) ++changed;
  if (changed > 0) OPTIINFRA_CHECK(save(file_, tokens));
  for (const std::string& name : names) note(file_, "token loses a customer that is forgotten", name);
  return changed;
}

bool is_text_of(const Token& token, std::string_view text) {
  if (!text.starts_with(kPrefix) || text.substr(kPrefix.size(), token.id.size()) != token.id) return false;
  const std::string hash = hash_of(text);
  return hash.size() == token.secret_hash.size() &&
         ::CRYPTO_memcmp(hash.data(), token.secret_hash.data(), hash.size()) == 0;
}

}  // namespace optiinfra::service
