/// @file optiinfra/transport/url.hpp
/// Where a store is and how it is reached, as a URL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/codec/compression.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// The database of a store whose URL names none. An embedded store always uses it.
inline constexpr std::string_view kDefaultDatabase = "optiinfra";

/// Hosts that one URL may name.
inline constexpr std::size_t kHostsMax = 64;

enum class Protocol {
  kEmbedded,   ///< The engine in this process.
  kNative,     ///< ClickHouse's native protocol over TCP.
  kNativeTls,  ///< The same inside TLS.
  kHttp,
  kHttps,
};

struct Endpoint {
  std::string host;  ///< A name or an address, IPv6 without its brackets.
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// The forms; the parts in [] are optional:
///
///     embedded:[/path/to/folder]
///     clickhouse://[user[:password]@]host[:9000][,host2[:port]...][/database][?option=value[&...]]
///     clickhouses://...   the same over TLS, port 9440
///     http://...          port 8123
///     https://...         port 8443
///
/// A user, password, database or value with a character that has a meaning in a URL is
/// percent-encoded. Several hosts are copies of one store: the first that answers is used. Options:
/// `compression` = lz4 (the default of native), zstd or none (the default of HTTP);
/// `ca_file` = certificates to trust instead of the system's, in PEM; `verify` = no to accept any
/// certificate, in tests only.
struct StoreUrl {
  Protocol protocol = Protocol::kEmbedded;
  std::filesystem::path folder = {};  ///< Of an embedded store, absolute; empty: temporary.
  std::vector<Endpoint> hosts = {};   ///< 1 to kHostsMax of a server; empty when embedded.
  std::string user = "default";
  std::string password = {};
  std::string database{kDefaultDatabase};        ///< A plain name: letters, digits, underscores.
  Compression compression = Compression::kNone;  ///< Of blocks on the wire.
  std::string ca_file = {};
  bool verify_certificate = true;

  /// For people: without password and options. "clickhouse://ada@db1:9000,db2:9000/optiinfra".
  std::string description() const;

  friend bool operator==(const StoreUrl&, const StoreUrl&) = default;
};

/// Reads a URL. Errors: kInvalidArgument that says what is wrong and lists the forms; it never repeats a part
/// that may hold a password.
Result<StoreUrl> parse_store_url(std::string_view url);

/// Looks up an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

/// The environment of this process.
std::optional<std::string> process_environment(const char* name);

/// The store that the environment names: OPTIINFRA_URL, else CLICKHOUSE_URL, else, when any of them is set,
/// CLICKHOUSE_HOST (localhost), CLICKHOUSE_PORT (9000), CLICKHOUSE_DB (optiinfra), CLICKHOUSE_USER (default)
/// and CLICKHOUSE_PASSWORD (empty) as native TCP, else the embedded store optiinfra/store below
/// XDG_DATA_HOME (~/.local/share). A variable that is set and empty counts as not set.
/// Errors: as parse_store_url, naming the variable.
Result<StoreUrl> store_url_of_environment(const Environment& environment = process_environment);

}  // namespace optiinfra
