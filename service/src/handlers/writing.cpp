#include "handlers/writing.hpp"

#include "handlers/answers.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace optiinfra::service {
namespace {

Uuid uuid_of(const XXH128_hash_t& hash) { return {hash.high64, hash.low64}; }

}  // namespace

std::string_view media_type(const Request& request) {
  std::string_view type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

spool::RequestKey key_of(const Call& call, std::string_view what, std::string_view body) {
  const std::string_view key = call.request.header("idempotency-key");
  std::string named = call.caller.name + '\n' + std::string(what) + '\n' + std::string(key);
  const std::uint64_t content = XXH3_64bits(body.data(), body.size());
  if (key.empty()) {
    const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
    named.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  }
  return {uuid_of(XXH3_128bits(named.data(), named.size())), content};
}

std::optional<Uuid> NamesInRows::operator()(std::string_view column, std::string_view text) {
  const auto kind = name_kind_of_column(column);
  if (!kind) return std::nullopt;
  if (!names_) {
    auto names = names_of(call_);
    names_ = names ? *std::move(names) : Names();
  }
  const NamedId* const entry = names_->find(*kind, text);
  if (entry == nullptr) return std::nullopt;
  const auto id = Uuid::parse(entry->id);
  return id ? std::optional(*id) : std::nullopt;
}

}  // namespace optiinfra::service
