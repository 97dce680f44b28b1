/// The HTTP API of `optiinfra server`.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "commands/server_log.hpp"
#include "context.hpp"
#include "optiinfra/service/service.hpp"

namespace optiinfra::cli {

struct ApiFlags {
  std::optional<std::uint16_t> port = {};
  bool is_off = false;
  std::string state = {};
  bool is_attribution_off = false;
  ApiLog log = ApiLog::kOff;
  service::ServiceOptions options = {};
};

void describe_api(CLI::App& app, ApiFlags& flags);

/// Where the API of the store in `store` keeps its spool and tokens.
std::filesystem::path api_folder(const std::filesystem::path& store);

/// The same for --state as given, else for a store that is elsewhere: below the default store's folder.
Result<std::filesystem::path> api_folder_of(const std::string& state);

/// Opens the port. One that was not asked for and is taken gives way to a free one, with a remark.
/// `wants_free_port`: another port of the server is a free one, so this one is, too, unless it was asked for.
Result<service::Service> listen_api(const ApiFlags& flags, const std::filesystem::path& folder,
                                    bool wants_free_port, const Context& context);

}  // namespace optiinfra::cli
