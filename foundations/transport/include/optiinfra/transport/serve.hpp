/// @file optiinfra/transport/serve.hpp
/// An embedded store, served to other processes as ClickHouse: native TCP and HTTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra {

/// Several servers known under one name, for Distributed tables. They are reached by native TCP with
/// the user and password of this server, which must be the same on all.
struct ServedCluster {
  std::string name;                           ///< A plain name: letters, digits, underscores.
  std::vector<std::vector<Endpoint>> shards;  ///< The replicas of each shard; neither may be empty.
};

/// What a user may do. Each role may do what the one before it may.
enum class ServedRole {
  kRead,   ///< Query the store's database, and the system tables that every user may read.
  kWrite,  ///< Insert rows into ServeOptions::inserted_tables.
  kAdmin,  ///< Create, change and drop tables; see the statements of all sessions, and end them.
};

struct ServedUser {
  std::string name;  ///< A plain name: letters, digits, '_' and '-'.
  std::string password;
  ServedRole role = ServedRole::kAdmin;
};

/// How much the engine logs while it serves.
enum class ServerLog { kNone, kError, kWarning, kInformation, kDebug, kTrace };

struct ServeOptions {
  std::filesystem::path folder;  ///< Of an embedded store, absolute; created when absent.

  /// An IP address of this machine; 0.0.0.0 or :: for all. Other machines can reach any but 127.x.x.x and
  /// ::1, so those need a user.
  std::string listen = "127.0.0.1";
  std::uint16_t tcp_port = 9000;   ///< 0: a free one.
  std::uint16_t http_port = 8123;  ///< 0: a free one.

  /// Who may log in; one of them must be an admin. Empty: the user "default" without a password, an admin,
  /// from this machine only. "default" itself cannot have a password: the server uses it.
  std::vector<ServedUser> users = {};
  /// Tables of the store's database that a user with the role kWrite inserts into.
  std::vector<std::string> inserted_tables = {};

  /// Names by which HTTP clients reach this server, apart from IP addresses, "localhost" and this machine's
  /// own name. A request with any other Host is refused: it may come from a web page whose name was made to
  /// point here (DNS rebinding).
  std::vector<std::string> host_names = {};
  bool has_engine_pages = false;  ///< Whether /play, /dashboard and the engine's other pages are served.

  /// Longest time that a statement may run. Its settings can lower it; those of an admin can raise it to a
  /// day.
  std::chrono::seconds statement_time_max{600};

  std::uint64_t memory_bytes_max = 0;    ///< Of the engine; 0: half of the machine's.
  std::uint32_t connections_max = 1024;  ///< To each port at once, 16 or more; further ones are refused.
  ServerLog log = ServerLog::kWarning;
  std::filesystem::path log_file = {};  ///< Kept under 100 MB with its predecessor; empty: standard error.

  /// How long running statements may continue after a stop was requested; then they are cancelled. Up to 120.
  std::chrono::seconds grace{5};

  std::vector<ServedCluster> clusters = {};
  /// Values of {name} in the paths of replicated tables.
  std::vector<std::pair<std::string, std::string>> macros = {};
};

/// Where a server can be reached.
struct ServedAddress {
  Endpoint tcp, http;
  /// Whether statements cannot reach files outside the store. False on a kernel without Landlock: there the
  /// SQL function file('/path') reads every file that this process may read.
  bool is_fenced = false;
  /// Why the store takes no writes: its disk was full or is read-only. Empty when it takes them.
  std::string why_only_reading = {};

  /// The URL for a program on this machine: native TCP, as the first admin of `options`.
  StoreUrl url(const ServeOptions& options) const;
};

/// Whether `address` can be reached only from this machine.
/// Errors: kInvalidArgument for text that is not an IP address.
Result<bool> is_loopback(const std::string& address);

/// Succeeds when serve() can be called with these options. Errors: kInvalidArgument, which says what to do.
Result<void> check_serve_options(const ServeOptions& options);

/// Work that the caller does while the server starts; an error of either stops the server. Both are called
/// once, from another thread, and may use a client.
struct ServeEvents {
  /// The native port accepts connections, the HTTP port does not yet. Create the tables here, so that an
  /// answer of /ping means that they exist. `http` of the address is not known yet.
  std::function<Result<void>(const ServedAddress&)> on_native;
  /// Both ports accept connections.
  std::function<Result<void>(const ServedAddress&)> on_ready;
};

/// Serves until `stop` is requested.
///
/// Stopping: the ports are closed, running statements get `grace` to finish, the rest is cancelled, and
/// what was written is flushed. That takes at most `grace` and some seconds. If a connection cannot be ended
/// even then, the engine ends the process with exit code 0 and leaves the folder as a kill would.
///
/// A process may call this once, and open no embedded session during the call or after it, because the
/// engine starts once in this way. Block SIGINT, SIGTERM and SIGHUP in all threads before the call and take
/// them with sigwait. While the engine starts, the folder holds the password's hash and, with clusters, the
/// password (mode 0600).
///
/// Users may do what their role says. Their statements cannot reach other programs, files or (unless there
/// are clusters) other hosts; docs/server.md has the details.
///
/// Errors: kInvalidArgument for options that contradict each other; kUnavailable for a port that is taken
/// or that a statement has closed, and for a folder that another process holds (naming it); kStorage,
/// kIncompatible, and those of `events`.
Result<void> serve(const ServeOptions& options, const ServeEvents& events, std::stop_token stop);

}  // namespace optiinfra
