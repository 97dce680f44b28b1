#include "http/guard.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "problem.hpp"

namespace optiinfra::service {
namespace {

/// Without the port and the brackets of an IPv6 address.
std::string name_of(std::string_view host) {
  const std::size_t bracket = host.find(']');
  if (host.starts_with('[')) return bracket == host.npos ? "" : std::string(host.substr(1, bracket - 1));
  return std::string(host.substr(0, host.find(':')));
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return ::inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool is_same(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    const auto lower = [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return lower(a) == lower(b);
  });
}

}  // namespace

bool is_own_host(std::string_view host, const std::vector<std::string>& names) {
  const std::string name = name_of(host);
  if (name.empty()) return false;
  return is_address(name) || is_same(name, "localhost") || is_same(name, machine_name()) ||
         std::any_of(names.begin(), names.end(),
                     [&](const std::string& each) { return is_same(name, each); });
}

std::optional<Response> refuse_foreign(const Request& request, const std::vector<std::string>& names,
                                       bool may_be_cross_site) {
  const std::string_view host = request.header("host"), origin = request.header("origin");
  if (!is_own_host(host, names))
    return problem(421, "this server is not known as '" + std::string(host.substr(0, 253)) +
                            "'; name it with --host-name");
  const std::string own = (request.is_encrypted ? "https://" : "http://") + std::string(host);
  if (!origin.empty() && !is_same(origin, own)) return problem(403, "requests of another origin are refused");
  if (!may_be_cross_site && is_same(request.header("sec-fetch-site"), "cross-site"))
    return problem(403, "cross-site requests are refused");
  return std::nullopt;
}

}  // namespace optiinfra::service
