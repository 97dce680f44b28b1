#include "access.hpp"

#include <algorithm>

#include "problem.hpp"

namespace optiinfra::service {

bool Caller::sees(const Uuid& customer) const {
  return sees_all() || std::find(customers.begin(), customers.end(), customer) != customers.end();
}

std::optional<std::vector<Filter>> kept_to(const Caller& caller, std::vector<Filter> filters) {
  if (caller.sees_all()) return filters;
  const auto names_customer = [](const Filter& filter) {
    return filter.dimension == "customer" || filter.dimension == "customer_id";
  };
  bool names_any = false;
  for (const Filter& filter : filters) {
    if (!names_customer(filter)) continue;
    names_any = true;
    const auto customer = Uuid::parse(filter.value);
    if (!customer || !caller.sees(*customer)) return std::nullopt;
  }
  if (!names_any)
    for (const Uuid& customer : caller.customers) filters.push_back({"customer", customer.to_string()});
  return filters;
}

Access::Access(std::filesystem::path folder, bool needs_token)
    : tokens_(folder), uses_(std::move(folder)), needs_token_(needs_token) {}

std::shared_ptr<const std::vector<Token>> Access::tokens() {
  const std::lock_guard lock(mutex_);
  const auto at = std::chrono::steady_clock::now();
  std::string version = tokens_.version();
  if (known_ == nullptr || version != version_ || at - read_at_ > kTokensAge) {
    version_ = std::move(version);  // Of before the list: a change in between is noticed the next time.
    auto list = tokens_.read();
    known_ = list ? std::make_shared<const std::vector<Token>>(*std::move(list)) : nullptr;
    read_at_ = at;
  }
  return known_;
}

std::variant<Caller, Response> Access::identify(const Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.header("authorization");
  if (authorization.empty()) {
    if (!needs_token_) return Caller{.name = "local"};
    return problem(401, "a token is needed: Authorization: Bearer TOKEN; `optiinfra token create` makes one");
  }
  if (!authorization.starts_with(kBearer))
    return problem(401, "Authorization must have the form: Bearer TOKEN");
  const std::string_view text = authorization.substr(kBearer.size());
  if (const auto all = tokens()) {
    for (const Token& token : *all) {
      if (!is_text_of(token, text)) continue;
      uses_.note(token.id);
      return Caller{token.id, token.scope, token.customers};
    }
  }
  return problem(401, "the token is not known here, or was revoked");
}

}  // namespace optiinfra::service
