/// @file optiinfra/agent/config.hpp
/// What an agent does, from a TOML file. docs/sources.md lists the keys.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/agent/outbox.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/tail/form.hpp"

namespace optiinfra::agent {

inline constexpr std::size_t kAgentTailsMax = 100;

struct HostConfig {
  std::string customer, instance;
  std::chrono::seconds interval{10};
};

struct ScrapeSourceConfig {
  std::filesystem::path config_file;
  std::string customer, service;
  std::vector<std::filesystem::path> alias_files;
};

struct TailConfig {
  std::string name;  ///< Names its state; the form's unless said.
  tail::LogForm form;
  std::vector<std::string> files;
  tail::LineDefaults defaults;
};

struct AgentConfig {
  std::string service_url = {};           ///< api:// or apis://. Empty: that of the environment.
  std::filesystem::path token_file = {};  ///< Empty: the token of the environment.
  std::filesystem::path folder = {};      ///< Of outbox and state.
  std::uint64_t outbox_bytes_max = OutboxOptions{}.bytes_max;
  std::optional<HostConfig> host = {};
  std::optional<ScrapeSourceConfig> scrape = {};
  std::vector<TailConfig> tails = {};
};

/// Reads a configuration called `name`; relative paths are meant from `folder`. Files that it names are read
/// as far as forms need. Errors: kInvalidArgument: "NAME: line N: ..."; kStorage for a form that cannot be
/// read.
Result<AgentConfig> parse_agent_config(std::string_view toml, const std::string& name,
                                       const std::filesystem::path& folder);

/// The same of a file.
Result<AgentConfig> read_agent_config(const std::filesystem::path& file);

}  // namespace optiinfra::agent
