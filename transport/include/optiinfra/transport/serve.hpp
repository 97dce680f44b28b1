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
  kRead,   ///< Ask the store's database, and what the engine tells every user of itself.
  kWrite,  ///< Insert rows into ServeOptions::inserted_tables.
  kAdmin,  ///< Make, change and drop tables; read what all sessions do; end their statements.
};

struct ServedUser {
  std::string name;  ///< A plain name: letters, digits, '_' and '-'.
  std::string password;
  ServedRole role = ServedRole::kAdmin;
};

/// What the engine says of itself while it serves.
enum class ServerLog { kNone, kError, kWarning, kInformation, kDebug, kTrace };

struct ServeOptions {
  std::filesystem::path folder;  ///< Of an embedded store, absolute; made where there is none.

  /// An IP address of this machine; 0.0.0.0 or :: for all. Other machines can reach any but 127.x.x.x and
  /// ::1, so those need a user.
  std::string listen = "127.0.0.1";
  std::uint16_t tcp_port = 9000;   ///< 0: a free one.
  std::uint16_t http_port = 8123;  ///< 0: a free one.

  /// Who may log in; one of them must be an admin. Empty: the user "default" without a password, an admin,
  /// on this machine alone. "default" itself cannot have a password: it is the server's own.
  std::vector<ServedUser> users = {};
  /// Tables of the store's database that a user with the role kWrite inserts into.
  std::vector<std::string> inserted_tables = {};

  /// Names by which HTTP clients reach this server, apart from IP addresses, "localhost" and this machine's
  /// own name. A request for any other Host is refused: it may come from a web page whose name was pointed
  /// here.
  std::vector<std::string> host_names = {};
  bool has_engine_pages = false;  ///< Whether /play, /dashboard and the other pages of the engine answer.

  /// The longest that a statement may run. Its settings can say less, and an admin's up to a day.
  std::chrono::seconds statement_time_max{600};

  std::uint64_t memory_bytes_max = 0;    ///< Of the engine; 0: half of the machine's.
  std::uint32_t connections_max = 1024;  ///< To each port at once, 16 or more; further ones are refused.
  ServerLog log = ServerLog::kWarning;
  std::filesystem::path log_file = {};  ///< Kept under 100 MB with its predecessor; empty: standard error.

  /// How long running statements may go on after a stop was asked for; then they are cancelled. Up to 120.
  std::chrono::seconds grace{5};

  std::vector<ServedCluster> clusters = {};
  /// Values of {name} in the paths of replicated tables.
  std::vector<std::pair<std::string, std::string>> macros = {};
};

/// Where a server can be reached.
struct ServedAddress {
  Endpoint tcp, http;
  /// Whether statements are kept from files outside the store. False on a kernel without Landlock: then
  /// the SQL function file('/path') reads what this process may read.
  bool is_fenced = false;
  /// Why the store takes no writes: its disk was full or is read-only. Empty where it takes them.
  std::string why_only_reading = {};

  /// For a program on this machine: native TCP, as the first admin of `options`.
  StoreUrl url(const ServeOptions& options) const;
};

/// Whether `address` can be reached from this machine alone.
/// Errors: kInvalidArgument for what is no IP address.
Result<bool> is_loopback(const std::string& address);

/// Whether serve() could be called with these. Errors: kInvalidArgument that says what to do.
Result<void> check_serve_options(const ServeOptions& options);

/// What the caller does on the way to a running server; an error of either stops it. Both are called once,
/// from another thread, and may be a client's work.
struct ServeEvents {
  /// The native port accepts, the HTTP port does not yet. Makes the tables, so that /ping means that they
  /// are there. `http` of the address is not known.
  std::function<Result<void>(const ServedAddress&)> on_native;
  /// Both ports accept.
  std::function<Result<void>(const ServedAddress&)> on_ready;
};

/// Serves until `stop` is requested.
///
/// Stopping: the ports are closed, running statements get `grace` to finish, the rest is cancelled, and
/// what was written is flushed. That takes at most `grace` and some seconds; a connection that cannot be
/// ended even so makes the engine end the process with exit code 0 and the folder as a kill leaves it.
///
/// One call in the life of a process, and no embedded session during it or after it: the engine boots
/// once in this way. Block SIGINT, SIGTERM and SIGHUP in all threads before the call and take them with
/// sigwait. While it boots, the folder holds the password's hash and, with clusters, the password (mode
/// 0600).
///
/// Users may do what their role says, not reach other programs, hosts (unless there are clusters) or files
/// by statements (docs/server.md tells the rest).
///
/// Errors: kInvalidArgument for options that contradict each other, kUnavailable for a port that is taken
/// or that a statement has closed, and for a folder that another process holds (naming it), kStorage,
/// kIncompatible, those of `events`.
Result<void> serve(const ServeOptions& options, const ServeEvents& events, std::stop_token stop);

}  // namespace optiinfra
