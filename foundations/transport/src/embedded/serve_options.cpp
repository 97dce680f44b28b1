#include "embedded/serve_options.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace optiinfra {
namespace {

/// Whether a name is valid in the engine's configuration without escaping.
bool is_plain(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.find_first_of("0123456789-") != 0 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
             std::string::npos;
}

Result<void> check_user(const ServedUser& user) {
  if (user.name == "default")
    return invalid_argument(
        "'default' is the server's own user and cannot have a password; choose another name");
  if (!is_plain(user.name))
    return invalid_argument(
        "a user's name is made of letters, digits, '_' and '-', and starts with a letter");
  if (user.password.empty()) return invalid_argument("the user " + user.name + " needs a password");
  return {};
}

Result<void> check_users(const ServeOptions& options) {
  OPTIINFRA_TRY(const bool loopback, is_loopback(options.listen));
  if (options.users.empty()) {
    if (loopback) return {};
    return invalid_argument(
        "other machines can reach " + options.listen +
        ", so the server needs a user with a password; without one it listens on 127.0.0.1 or ::1");
  }
  std::set<std::string> names;
  for (const ServedUser& user : options.users) {
    OPTIINFRA_CHECK(check_user(user));
    if (!names.insert(user.name).second) return invalid_argument("the user " + user.name + " is named twice");
  }
  if (embedded::first_admin(options) == nullptr)
    return invalid_argument("one of the users must be an admin: the server makes its tables as that user");
  return {};
}

Result<void> check_clusters(const ServeOptions& options) {
  for (const ServedCluster& cluster : options.clusters) {
    if (!is_plain(cluster.name) || cluster.shards.empty())
      return invalid_argument("a cluster needs a plain name and at least one shard");
    for (const auto& shard : cluster.shards) {
      if (shard.empty()) return invalid_argument("cluster " + cluster.name + " has a shard without a server");
    }
  }
  for (const auto& [name, value] : options.macros) {
    if (!is_plain(name))
      return invalid_argument("'" + name + "' is not a name for a macro: use letters, digits and '_'");
  }
  return {};
}

std::string place(const std::string& host, std::uint16_t port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace

Result<bool> is_loopback(const std::string& address) {
  in_addr four{};
  if (::inet_pton(AF_INET, address.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  if (::inet_pton(AF_INET6, address.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six) != 0;
  return invalid_argument("'" + address +
                          "' is not an IP address; write 127.0.0.1 for this machine, 0.0.0.0 or :: for all");
}

StoreUrl ServedAddress::url(const ServeOptions& options) const {
  const bool is_any = tcp.host == "0.0.0.0" || tcp.host == "::";
  StoreUrl url{.protocol = Protocol::kNative};
  url.hosts = {{is_any ? "127.0.0.1" : tcp.host, tcp.port}};
  if (const ServedUser* admin = embedded::first_admin(options))
    url.user = admin->name, url.password = admin->password;
  return url;
}

Result<void> check_serve_options(const ServeOptions& options) {
  if (!options.folder.is_absolute())
    return invalid_argument("a server needs the folder of its store, as an absolute path, which '" +
                            options.folder.string() + "' is not");
  if (options.tcp_port != 0 && options.tcp_port == options.http_port)
    return invalid_argument("native TCP and HTTP need different ports; both are set to " +
                            std::to_string(options.tcp_port));
  if (options.connections_max < 16 || options.grace.count() < 0 || options.grace.count() > 120)
    return invalid_argument("connections_max must be at least 16, and grace from 0 to 120 seconds");
  if (options.statement_time_max.count() < 1)
    return invalid_argument("a statement needs at least one second");
  for (const std::string& name : options.host_names) {
    if (!embedded::is_host_name(name))
      return invalid_argument("'" + name + "' is not a host name: write it as in a URL, without a port");
  }
  OPTIINFRA_CHECK(check_users(options));
  return check_clusters(options);
}

namespace embedded {

const ServedUser* first_admin(const ServeOptions& options) {
  const auto admin = std::find_if(options.users.begin(), options.users.end(),
                                  [](const ServedUser& user) { return user.role == ServedRole::kAdmin; });
  return admin == options.users.end() ? nullptr : &*admin;
}

bool is_host_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
             std::string::npos;
}

Error boot_error(const ServeOptions& options, const std::string& reason) {
  const bool is_http =
      reason.find(place(options.listen, options.http_port) + " failed") != std::string::npos ||
      reason.find("[" + options.listen + "]:" + std::to_string(options.http_port)) != std::string::npos;
  const std::string port = place(options.listen, is_http ? options.http_port : options.tcp_port);
  const std::string flag = is_http ? "--http-port" : "--tcp-port";
  if (reason.find("Address already in use") != std::string::npos)
    return {ErrorKind::kUnavailable, "another program listens on " + port +
                                         "; stop it, or choose another port with " + flag +
                                         " (0: a free one)"};
  if (reason.find("Permission denied") != std::string::npos && reason.find("Listen") != std::string::npos)
    return {ErrorKind::kUnavailable, "this user may not listen on " + port +
                                         "; ports under 1024 belong to root: choose another with " + flag};
  if (reason.find("Cannot assign requested address") != std::string::npos)
    return {ErrorKind::kUnavailable, options.listen + " is not an address of this machine; see: ip address"};
  return {ErrorKind::kStorage, "the engine cannot serve " + options.folder.string() + ": " + reason};
}

}  // namespace embedded
}  // namespace optiinfra
