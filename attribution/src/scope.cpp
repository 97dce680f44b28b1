#include "scope.hpp"

#include <algorithm>

#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/utf8.hpp"

namespace optiinfra::attribution {
namespace {

constexpr std::size_t kScopeTextBytesMax = 256;

}  // namespace

Result<void> parse_scope(const std::string& text, std::string& scope, std::string& scope_id) {
  if (text.empty()) return {};
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size())
    return invalid_argument("'" + shown(text) + "' is not DIMENSION=VALUE, such as customer=acme");
  scope = text.substr(0, sign);
  scope_id = text.substr(sign + 1);
  return {};
}

Result<void> resolve_scope(const Names& names, const std::string& scope, std::string& scope_id) {
  const auto kind = parse_name_kind(scope);
  if (!kind) return {};
  OPTIINFRA_TRY(scope_id, names.id_of(*kind, scope_id));
  return {};
}

std::vector<std::string> scopes_of(std::span<const KeyColumn> known) {
  std::vector<std::string> scopes;
  for (const KeyColumn& each : known) scopes.emplace_back(each.dimension.name);
  return scopes;
}

Result<void> expect_scope(const std::string& one, const std::string& name, const std::string& scope,
                          std::string& scope_id, std::span<const KeyColumn> known) {
  for (const std::string* text : {&name, static_cast<const std::string*>(&scope_id)}) {
    if (text->size() > kScopeTextBytesMax || !is_utf8(*text))
      return invalid_argument("the name of the " + one +
                              " and what it is for are UTF-8 of at most 256 bytes");
  }
  if (name.empty()) return invalid_argument("name: the " + one + " needs one");
  if (scope.empty() != scope_id.empty())
    return invalid_argument("the " + one + " is for everything, or for one value of a dimension");
  if (scope.empty()) return {};
  for (const KeyColumn& each : known) {
    if (scope != each.dimension.name) continue;
    if (!each.is_uuid) return {};
    const auto id = Uuid::parse(scope_id);
    if (!id) return invalid_argument("for a " + scope + " the " + one + " needs its UUID");
    scope_id = id->to_string();
    return {};
  }
  return invalid_argument("the " + one + " cannot be for a '" + shown(scope) +
                          "'; it is for everything, or " + "for one of " + listed(scopes_of(known)));
}

Error no_such(const std::string& one, const std::string& name, const std::vector<std::string>& known) {
  const std::string near = suggestion(name, known);
  return invalid_argument("there is no " + one + " '" + shown(name) + "'" +
                          (near.empty() ? "; `optiinfra " + one + " list` has them all" : near));
}

}  // namespace optiinfra::attribution
