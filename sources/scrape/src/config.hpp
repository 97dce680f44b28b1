// What a configuration file asks for: the part of Prometheus' configuration that is about scraping.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/exposition/text.hpp"
#include "optiinfra/transport/fetch.hpp"
#include "relabel.hpp"

namespace optiinfra::scrape {

using Labels = std::map<std::string, std::string>;

/// How a job's targets, or a discovery, are accessed.
struct HttpAccess {
  std::string user, password;
  std::filesystem::path password_file;
  std::string token;
  std::filesystem::path token_file;
  std::string ca_file, certificate_file, key_file;
  bool verifies_certificate = true;
  bool follows_redirects = true;
  bool accepts_gzip = true;

  /// Secrets that lie in files are read now, so that they can be changed. Errors: kStorage.
  Result<void> apply_to(FetchRequest& request) const;
};

struct TargetGroup {
  std::vector<std::string> targets;
  Labels labels;
};

struct FileDiscovery {
  std::vector<std::filesystem::path> files;  ///< The last part may have * in it.
  std::chrono::milliseconds refresh_interval{300'000};
};

struct HttpDiscovery {
  std::string url;
  std::chrono::milliseconds refresh_interval{60'000};
  HttpAccess access;
};

struct ScrapeJob {
  std::string name;
  std::chrono::milliseconds interval{60'000}, timeout{10'000};
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::vector<std::pair<std::string, std::string>> parameters;
  HttpAccess access;
  std::vector<TargetGroup> static_groups;
  std::vector<FileDiscovery> file_discoveries;
  std::vector<HttpDiscovery> http_discoveries;
  std::vector<RelabelRule> relabel_rules, metric_relabel_rules;
  exposition::TextLimits limits;
  std::size_t body_bytes_max = exposition::kMetricsTextBytesMax;
};

struct ScrapeConfig {
  Labels external_labels;  ///< For targets that have no such label.
  std::vector<ScrapeJob> jobs;
};

inline constexpr std::size_t kConfigBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kJobsMax = 1'000;

/// Relative paths are meant from `folder`. Errors: kInvalidArgument that begins with "NAME: line N: ".
Result<ScrapeConfig> parse_scrape_config(const std::string& yaml, const std::string& name,
                                         const std::filesystem::path& folder);

/// "1m30s", "500ms". Must be positive.
Result<std::chrono::milliseconds> parse_scrape_duration(std::string_view text);
/// "10MB": units are powers of 1024, as Prometheus has them.
Result<std::size_t> parse_scrape_size(std::string_view text);

Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t bytes_max);

}  // namespace optiinfra::scrape
