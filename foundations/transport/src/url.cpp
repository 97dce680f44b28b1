#include "optiinfra/transport/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "hosts.hpp"

namespace optiinfra {
namespace {

constexpr std::string_view kForms =
    "; write embedded:/path/to/folder, or clickhouse://user:password@host:9000/database "
    "(clickhouses:// for TLS), or http://host:8123/database (https:// for TLS)";

Error refused(std::string what) {
  return invalid_argument("the store URL " + std::move(what) + std::string(kForms));
}

struct Scheme {
  std::string_view name;
  Protocol protocol;
  std::uint16_t port;
  Compression compression;
};

constexpr Scheme kSchemes[] = {
    {"clickhouse", Protocol::kNative, 9000, Compression::kLz4},
    {"clickhouses", Protocol::kNativeTls, 9440, Compression::kLz4},
    {"http", Protocol::kHttp, 8123, Compression::kNone},
    {"https", Protocol::kHttps, 8443, Compression::kNone},
};

const Scheme& scheme_of(Protocol protocol) {
  return *std::find_if(std::begin(kSchemes), std::end(kSchemes),
                       [&](const Scheme& scheme) { return scheme.protocol == protocol; });
}

/// The scheme when there is one: the rest of a URL may hold a password and is never repeated.
std::string_view scheme_name(std::string_view url) {
  const std::size_t end =
      url.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
  return end != std::string_view::npos && url[end] == ':' ? url.substr(0, end) : std::string_view{};
}

Result<std::string> percent_decoded(std::string_view text, std::string_view part) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const end = text.data() + std::min(i + 3, text.size());
    const auto [stop, code] = std::from_chars(text.data() + i + 1, end, byte, 16);
    if (code != std::errc{} || stop != text.data() + i + 3 || byte == 0)
      return refused("has a '%' in its " + std::string(part) +
                     " that two hexadecimal digits do not follow; '%' itself is %25");
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

/// The part of `text` before `mark`; `text` keeps what follows it, and all of it when there is no mark.
std::optional<std::string_view> cut_before(std::string_view& text, std::size_t mark) {
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, mark);
  text.remove_prefix(mark + 1);
  return before;
}

Result<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc{} || stop != text.data() + text.size() || port == 0)
    return refused("has a port that is not a number from 1 to 65535");
  return port;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_';
}

Result<Endpoint> endpoint_of(std::string_view text, std::uint16_t default_port) {
  Endpoint endpoint{{}, default_port};
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return refused("has a '[' without its ']' around an IPv6 address");
    endpoint.host = text.substr(1, close - 1);
    const bool is_address = !endpoint.host.empty() &&
                            endpoint.host.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string::npos;
    if (!is_address) return refused("has no IPv6 address between '[' and ']'");
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return refused("has text between ']' and the port");
  } else {
    const std::size_t colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    if (endpoint.host.empty()) return refused("names no host");
    if (!std::all_of(endpoint.host.begin(), endpoint.host.end(), is_host_character))
      return refused(
          "has a host with a character that no host name has; is a special character of the password not "
          "percent-encoded?");
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (!port.empty()) {
    OPTIINFRA_TRY(endpoint.port, port_of(port.substr(1)));
  }
  return endpoint;
}

Result<void> read_hosts(std::string_view text, StoreUrl& store) {
  while (true) {
    const auto before = cut_before(text, text.find(','));
    OPTIINFRA_TRY(Endpoint endpoint, endpoint_of(before.value_or(text), scheme_of(store.protocol).port));
    store.hosts.push_back(std::move(endpoint));
    if (store.hosts.size() > kHostsMax)
      return refused("names more than " + std::to_string(kHostsMax) + " hosts");
    if (!before) return {};
  }
}

Result<void> read_option(std::string_view name, const std::string& value, StoreUrl& store) {
  if (name == "compression") {
    if (value == "none") {
      store.compression = Compression::kNone;
    } else if (value == "lz4") {
      store.compression = Compression::kLz4;
    } else if (value == "zstd") {
      store.compression = Compression::kZstd;
    } else {
      return refused("has a compression that is not lz4, zstd or none");
    }
  } else if (name == "ca_file") {
    store.ca_file = value;
  } else if (name == "verify") {
    if (value != "yes" && value != "no") return refused("has a verify that is neither yes nor no");
    store.verify_certificate = value == "yes";
  } else {
    return refused("has an option other than compression, ca_file and verify");
  }
  return {};
}

Result<void> read_options(std::string_view text, StoreUrl& store) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    std::string_view value = text.substr(0, end);
    const auto name = cut_before(value, value.find('='));
    if (!name) return refused("has an option without '='");
    OPTIINFRA_TRY(const std::string decoded, percent_decoded(value, "options"));
    OPTIINFRA_CHECK(read_option(*name, decoded, store));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_of("0123456789") != 0 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
             std::string_view::npos;
}

Result<void> set_database(const std::string& name, StoreUrl& store) {
  if (!is_plain_name(name))
    return refused("has a database that is not a plain name of letters, digits and underscores");
  store.database = name;
  return {};
}

Result<StoreUrl> parse_server_url(std::string_view rest, const Scheme& scheme) {
  StoreUrl store;
  store.protocol = scheme.protocol;
  store.compression = scheme.compression;
  if (!rest.starts_with("//")) return refused("has no '//' after its scheme");
  rest.remove_prefix(2);
  if (rest.find('#') != std::string_view::npos)
    return refused("has a '#', which means nothing here; in a password it is %23");
  std::string_view options;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    options = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  // The last @: where a password holds one that is not encoded, no part of it is taken for a host.
  if (auto credentials = cut_before(rest, rest.rfind('@'))) {
    std::string_view password = *credentials;
    const auto user = cut_before(password, password.find(':'));
    OPTIINFRA_TRY(store.user, percent_decoded(user.value_or(password), "user"));
    if (user) {
      OPTIINFRA_TRY(store.password, percent_decoded(password, "password"));
    }
    if (store.user.empty()) store.user = "default";
  }
  std::string_view database;
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
  }
  OPTIINFRA_CHECK(read_hosts(rest, store));
  if (!database.empty()) {
    OPTIINFRA_TRY(const std::string name, percent_decoded(database, "database"));
    OPTIINFRA_CHECK(set_database(name, store));
  }
  OPTIINFRA_CHECK(read_options(options, store));
  return store;
}

Result<StoreUrl> parse_embedded_url(std::string_view path) {
  StoreUrl store;
  if (path.empty()) return store;
  if (path.starts_with("//") && !path.starts_with("///"))
    return invalid_argument(
        "an embedded store has a path and no host: write embedded:/path or embedded:///path");
  while (path.starts_with("//")) path.remove_prefix(1);
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  std::error_code code;  // Without a working folder the path stays relative, and opening it says so.
  const auto absolute = std::filesystem::absolute(path, code);
  store.folder = (code ? std::filesystem::path(path) : absolute).lexically_normal();
  return store;
}

Result<StoreUrl> url_of_variable(const char* name, const std::string& url) {
  auto store = parse_store_url(url);
  if (!store) return with_context(std::move(store).error(), name);
  return store;
}

std::optional<std::string> set_value(const Environment& environment, const char* name) {
  auto value = environment(name);
  return value && !value->empty() ? value : std::nullopt;
}

/// The contract's variables; nullopt when none is set.
Result<std::optional<StoreUrl>> clickhouse_variables(const Environment& environment) {
  const auto host = set_value(environment, "CLICKHOUSE_HOST"),
             port = set_value(environment, "CLICKHOUSE_PORT"),
             database = set_value(environment, "CLICKHOUSE_DB"),
             user = set_value(environment, "CLICKHOUSE_USER"),
             password = set_value(environment, "CLICKHOUSE_PASSWORD");
  if (!host && !port && !database && !user && !password) return std::optional<StoreUrl>{};
  StoreUrl store;
  store.protocol = Protocol::kNative;
  store.compression = scheme_of(Protocol::kNative).compression;
  const std::string name = host.value_or("localhost");
  const bool is_bare_ipv6 = std::count(name.begin(), name.end(), ':') > 1 && !name.starts_with('[');
  auto hosts = read_hosts(is_bare_ipv6 ? "[" + name + "]" : name, store);
  if (!hosts) return with_context(std::move(hosts).error(), "CLICKHOUSE_HOST");
  if (port) {
    auto number = port_of(*port);
    if (!number) return with_context(std::move(number).error(), "CLICKHOUSE_PORT");
    for (Endpoint& endpoint : store.hosts) endpoint.port = *number;
  }
  if (database) {
    if (auto set = set_database(*database, store); !set)
      return with_context(std::move(set).error(), "CLICKHOUSE_DB");
  }
  store.user = user.value_or(store.user);
  store.password = password.value_or("");
  return std::optional(std::move(store));
}

}  // namespace

std::string StoreUrl::description() const {
  if (protocol == Protocol::kEmbedded) return "embedded:" + folder.string();
  std::string text = std::string(scheme_of(protocol).name) + "://" + user + "@";
  for (const Endpoint& endpoint : hosts) text += (&endpoint == hosts.data() ? "" : ",") + to_string(endpoint);
  return text + "/" + database;
}

Result<StoreUrl> parse_store_url(std::string_view url) {
  const std::string_view name = scheme_name(url);
  if (name == "embedded") return parse_embedded_url(url.substr(name.size() + 1));
  for (const Scheme& scheme : kSchemes) {
    if (name == scheme.name) return parse_server_url(url.substr(name.size() + 1), scheme);
  }
  return refused(name.empty() ? "without a scheme is not understood"
                              : "starting with '" + std::string(name) + ":' is not understood");
}

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<StoreUrl> store_url_of_environment(const Environment& environment) {
  for (const char* name : {"OPTIINFRA_URL", "CLICKHOUSE_URL"}) {
    if (const auto url = set_value(environment, name)) return url_of_variable(name, *url);
  }
  OPTIINFRA_TRY(auto server, clickhouse_variables(environment));
  if (server) return *std::move(server);
  const auto data = set_value(environment, "XDG_DATA_HOME");
  const std::string home = set_value(environment, "HOME").value_or("");
  return parse_embedded_url(data.value_or(home + "/.local/share") + "/optiinfra/store");
}

}  // namespace optiinfra
