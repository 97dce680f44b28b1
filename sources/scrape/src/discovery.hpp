// Groups of targets from files and over HTTP.
#pragma once

#include <string_view>
#include <vector>

#include "config.hpp"

namespace optiinfra::scrape {

inline constexpr std::size_t kDiscoveryBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kTargetsMax = 20'000;

/// A JSON list of {"targets": [...], "labels": {...}}. Errors: kInvalidArgument, kTooLarge.
Result<std::vector<TargetGroup>> parse_target_json(std::string_view text);
/// The same in YAML.
Result<std::vector<TargetGroup>> parse_target_yaml(const std::string& text);

/// Of all files that match, by their ending. Errors name the file; the groups of a refused file are missing.
std::vector<TargetGroup> discover_files(const FileDiscovery& discovery, std::vector<std::string>& errors);

}  // namespace optiinfra::scrape
