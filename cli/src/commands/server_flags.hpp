/// The flags of `optiinfra server`.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "commands/server_api.hpp"
#include "context.hpp"
#include "optiinfra/transport/serve.hpp"

namespace optiinfra::cli {

struct ServerFlags {
  std::string path = {};
  std::vector<std::string> users = {};  ///< NAME or NAME:ROLE.
  std::vector<std::string> password_files = {};
  std::chrono::seconds statement_time{600};
  bool no_init = false;
  std::chrono::seconds grace{5};
  std::string log_file = {};
  std::vector<std::string> macros = {};
  ServeOptions options = {};
  ApiFlags api = {};

  /// A member of a cluster gets its tables from `init --cluster`.
  bool makes_schema() const { return !no_init && options.clusters.empty(); }
};

void describe_server(CLI::App& app, ServerFlags& flags);

/// Completes the options with values from outside the command line: the default store's folder, the password.
/// Errors: kInvalidArgument that names the flag; kStorage for a password file that cannot be read.
Result<ServeOptions> options_of(const ServerFlags& flags, const Context& context);

/// A number of bytes: "512M", "4G", "1500000000".
Result<std::uint64_t> parse_bytes(const std::string& text);

/// NAME=HOST:PORT,HOST:PORT: shards apart by commas, the replicas of one by |.
Result<ServedCluster> parse_cluster(const std::string& text);

/// NAME or NAME:ROLE with the role admin, write or read; without one an admin. No password yet.
Result<ServedUser> parse_user(const std::string& text);

}  // namespace optiinfra::cli
