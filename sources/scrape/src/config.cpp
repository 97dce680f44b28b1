#include "config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "optiinfra/core/nearest.hpp"

namespace optiinfra::scrape {
namespace {

/// Reads one configuration. The first failure is kept.
class ConfigReader {
 public:
  ConfigReader(std::string name, std::filesystem::path folder)
      : name_(std::move(name)), folder_(std::move(folder)) {}

  Result<ScrapeConfig> read(const YAML::Node& root) {
    if (!root.IsMap()) return at(root, "a map with 'scrape_configs' is expected");
    // The defaults of `global` hold for the jobs, wherever it stands.
    if (root["global"]) read_global(root["global"]);
    read_keys(root, "",
              {{"global", [](const YAML::Node&) {}}, {"scrape_configs", [&](const YAML::Node& node) {
                                                        read_list(node, [&](const YAML::Node& each) {
                                                          read_job(each);
                                                        });
                                                      }}});
    if (!failure_ && config_.jobs.empty()) fail(root, "'scrape_configs' is missing or empty");
    if (failure_) return *failure_;
    return std::move(config_);
  }

 private:
  using Read = std::function<void(const YAML::Node&)>;
  using Readers = std::map<std::string, Read>;

  Error at(const YAML::Node& node, const std::string& what) const {
    return invalid_argument(name_ + ": line " + std::to_string(node.Mark().line + 1) + ": " + what);
  }
  void fail(const YAML::Node& node, const std::string& what) {
    if (!failure_) failure_ = at(node, what);
  }

  void read_keys(const YAML::Node& map, const std::string& place, const Readers& readers) {
    if (!map.IsMap()) return fail(map, "a map is expected" + place);
    std::set<std::string> seen;
    for (const auto& entry : map) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const auto reader = readers.find(key);
      if (reader == readers.end()) {
        std::vector<std::string> known;
        for (const auto& each : readers) known.push_back(each.first);
        return fail(entry.first, "unknown key '" + key + "'" + place + suggestion(key, known) + " Keys are " +
                                     listed(known));
      }
      if (!seen.insert(key).second) return fail(entry.first, "the key '" + key + "' stands twice");
      reader->second(entry.second);
    }
  }

  template <typename ReadEach>
  void read_list(const YAML::Node& list, ReadEach read) {
    if (!list.IsSequence()) return fail(list, "a list is expected");
    for (const YAML::Node& each : list) read(each);
  }

  void read_text(const YAML::Node& node, std::string& into) {
    if (!node.IsScalar()) return fail(node, "a text is expected");
    into = node.Scalar();
  }
  Read text(std::string& into) {
    return [this, &into](const YAML::Node& node) { read_text(node, into); };
  }
  Read texts(std::vector<std::string>& into) {
    return [this, &into](const YAML::Node& node) {
      read_list(node, [&](const YAML::Node& each) { read_text(each, into.emplace_back()); });
    };
  }
  Read flag(bool& into, bool when_true = true) {
    return [this, &into, when_true](const YAML::Node& node) {
      const std::string value = node.IsScalar() ? node.Scalar() : "";
      if (value != "true" && value != "false") return fail(node, "true or false is expected");
      into = (value == "true") == when_true;
    };
  }
  /// A key that has no meaning here and is in many files.
  Read without_meaning() {
    return [this](const YAML::Node& node) {
      if (!node.IsScalar()) fail(node, "a value is expected");
    };
  }
  template <typename T, typename Parse>
  Read parsed(T& into, Parse parse) {
    return [this, &into, parse](const YAML::Node& node) {
      std::string value;
      read_text(node, value);
      if (failure_) return;
      auto result = parse(value);
      if (!result) return fail(node, result.error().message);
      into = *result;
    };
  }
  Read duration(std::chrono::milliseconds& into) { return parsed(into, parse_scrape_duration); }
  /// 0 stands for no limit.
  Read limit(std::size_t& into) {
    return parsed(into, [unlimited = into](const std::string& text) -> Result<std::size_t> {
      if (text.empty() || text.size() > 12 || text.find_first_not_of("0123456789") != std::string::npos)
        return invalid_argument("'" + text + "' is no limit; write a whole number, 0 for none");
      const std::size_t number = std::stoull(text);
      return number == 0 ? unlimited : std::min(number, unlimited);
    });
  }
  Read size(std::size_t& into) {
    return parsed(into, [unlimited = into](const std::string& text) -> Result<std::size_t> {
      OPTIINFRA_TRY(const std::size_t bytes, parse_scrape_size(text));
      return bytes == 0 ? unlimited : std::min(bytes, unlimited);
    });
  }
  Read path(std::string& into) {
    return [this, &into](const YAML::Node& node) {
      read_text(node, into);
      if (!failure_) into = (folder_ / into).string();
    };
  }
  Read path(std::filesystem::path& into) {
    return [this, &into](const YAML::Node& node) {
      std::string text;
      read_text(node, text);
      into = folder_ / text;
    };
  }
  Read labels(Labels& into) {
    return [this, &into](const YAML::Node& node) {
      if (!node.IsMap()) return fail(node, "labels are expected: a map of texts");
      for (const auto& entry : node) {
        std::string name;
        read_text(entry.first, name);
        read_text(entry.second, into[name]);
      }
    };
  }

  void read_global(const YAML::Node& node) {
    read_keys(node, " in global",
              {{"scrape_interval", duration(default_interval_)},
               {"scrape_timeout",
                [&](const YAML::Node& each) {
                  duration(default_timeout_)(each);
                  has_default_timeout_ = true;
                }},
               {"external_labels", labels(config_.external_labels)},
               {"evaluation_interval", without_meaning()}});
  }

  void read_basic_auth(const YAML::Node& node, HttpAccess& access) {
    read_keys(node, " in basic_auth",
              {{"username", text(access.user)},
               {"password", text(access.password)},
               {"password_file", path(access.password_file)}});
    if (access.user.empty()) fail(node, "basic_auth needs a username");
  }

  void read_authorization(const YAML::Node& node, HttpAccess& access) {
    std::string type = "Bearer";
    read_keys(node, " in authorization",
              {{"type", text(type)},
               {"credentials", text(access.token)},
               {"credentials_file", path(access.token_file)}});
    if (type != "Bearer") fail(node, "of the types of authorization only Bearer is known");
  }

  void read_tls(const YAML::Node& node, HttpAccess& access) {
    read_keys(node, " in tls_config",
              {{"ca_file", path(access.ca_file)},
               {"cert_file", path(access.certificate_file)},
               {"key_file", path(access.key_file)},
               {"insecure_skip_verify", flag(access.verifies_certificate, false)}});
  }

  void add_access(Readers& readers, HttpAccess& access) {
    readers["basic_auth"] = [&](const YAML::Node& node) { read_basic_auth(node, access); };
    readers["authorization"] = [&](const YAML::Node& node) { read_authorization(node, access); };
    readers["bearer_token"] = text(access.token);
    readers["bearer_token_file"] = path(access.token_file);
    readers["tls_config"] = [&](const YAML::Node& node) { read_tls(node, access); };
    readers["follow_redirects"] = flag(access.follows_redirects);
    readers["enable_compression"] = flag(access.accepts_gzip);
    readers["enable_http2"] = without_meaning();
  }

  void read_static_group(const YAML::Node& node, std::vector<TargetGroup>& groups) {
    TargetGroup& group = groups.emplace_back();
    read_keys(node, " in static_configs",
              {{"targets", texts(group.targets)}, {"labels", labels(group.labels)}});
  }

  void read_file_discovery(const YAML::Node& node, std::vector<FileDiscovery>& discoveries) {
    FileDiscovery& discovery = discoveries.emplace_back();
    std::vector<std::string> files;
    read_keys(node, " in file_sd_configs",
              {{"files", texts(files)}, {"refresh_interval", duration(discovery.refresh_interval)}});
    for (const std::string& each : files) discovery.files.push_back(folder_ / each);
    if (files.empty()) fail(node, "file_sd_configs needs 'files'");
  }

  void read_http_discovery(const YAML::Node& node, std::vector<HttpDiscovery>& discoveries) {
    HttpDiscovery& discovery = discoveries.emplace_back();
    Readers readers{{"url", text(discovery.url)}, {"refresh_interval", duration(discovery.refresh_interval)}};
    add_access(readers, discovery.access);
    read_keys(node, " in http_sd_configs", readers);
    if (!discovery.url.starts_with("http://") && !discovery.url.starts_with("https://"))
      fail(node, "http_sd_configs needs a 'url' that begins with http:// or https://");
  }

  void read_rule(const YAML::Node& node, std::vector<RelabelRule>& rules) {
    RelabelRule rule;
    std::string regex = "(.*)", action = "replace";
    read_keys(node, " in relabel_configs",
              {{"source_labels", texts(rule.source_labels)},
               {"separator", text(rule.separator)},
               {"target_label", text(rule.target_label)},
               {"regex", text(regex)},
               {"replacement", text(rule.replacement)},
               {"action", text(action)}});
    if (failure_) return;
    const auto names = relabel_action_names();
    std::transform(action.begin(), action.end(), action.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    const auto at_name = std::find(names.begin(), names.end(), action);
    if (at_name == names.end())
      return fail(node, "unknown action '" + action + "'" + suggestion(action, names) + " Actions are " +
                            listed(names));
    rule.action = static_cast<RelabelAction>(at_name - names.begin());
    auto compiled = compile_regex(regex);
    if (!compiled) return fail(node, compiled.error().message);
    rule.regex = *std::move(compiled);
    const bool needs_target =
        rule.action == RelabelAction::kReplace || rule.action == RelabelAction::kLowercase ||
        rule.action == RelabelAction::kUppercase || rule.action == RelabelAction::kKeepEqual ||
        rule.action == RelabelAction::kDropEqual;
    if (needs_target && rule.target_label.empty())
      return fail(node, "the action '" + action + "' needs 'target_label'");
    rules.push_back(std::move(rule));
  }
  Read rules(std::vector<RelabelRule>& into) {
    return [this, &into](const YAML::Node& node) {
      read_list(node, [&](const YAML::Node& each) { read_rule(each, into); });
    };
  }

  void read_parameters(const YAML::Node& node, ScrapeJob& job) {
    if (!node.IsMap()) return fail(node, "a map of lists is expected");
    for (const auto& entry : node) {
      std::string name;
      read_text(entry.first, name);
      read_list(entry.second, [&](const YAML::Node& each) {
        read_text(each, job.parameters.emplace_back(name, "").second);
      });
    }
  }

  void read_job(const YAML::Node& node) {
    ScrapeJob job;
    job.interval = default_interval_;
    job.timeout = default_timeout_;
    bool has_timeout = has_default_timeout_;
    const auto each_of = [this](auto read) {
      return [this, read](const YAML::Node& list) { read_list(list, read); };
    };
    Readers readers{
        {"job_name", text(job.name)},
        {"scrape_interval", duration(job.interval)},
        {"scrape_timeout", [&](const YAML::Node& each) { duration(job.timeout)(each), has_timeout = true; }},
        {"metrics_path", text(job.metrics_path)},
        {"scheme", text(job.scheme)},
        {"params", [&](const YAML::Node& each) { read_parameters(each, job); }},
        {"static_configs",
         each_of([&](const YAML::Node& each) { read_static_group(each, job.static_groups); })},
        {"file_sd_configs",
         each_of([&](const YAML::Node& each) { read_file_discovery(each, job.file_discoveries); })},
        {"http_sd_configs",
         each_of([&](const YAML::Node& each) { read_http_discovery(each, job.http_discoveries); })},
        {"relabel_configs", rules(job.relabel_rules)},
        {"metric_relabel_configs", rules(job.metric_relabel_rules)},
        {"sample_limit", limit(job.limits.samples_max)},
        {"label_limit", limit(job.limits.labels_max)},
        {"label_name_length_limit", limit(job.limits.label_name_bytes_max)},
        {"label_value_length_limit", limit(job.limits.label_value_bytes_max)},
        {"body_size_limit", size(job.body_bytes_max)},
        // Rows have no labels of series, and the time of the scrape.
        {"honor_labels", without_meaning()},
        {"honor_timestamps", without_meaning()}};
    add_access(readers, job.access);
    read_keys(node, " in scrape_configs", readers);
    if (failure_) return;
    if (job.name.empty()) return fail(node, "a job needs a 'job_name'");
    if (job.scheme != "http" && job.scheme != "https") return fail(node, "'scheme' must be http or https");
    if (!has_timeout) job.timeout = std::min(job.timeout, job.interval);
    if (job.timeout > job.interval)
      return fail(node, "the scrape_timeout is longer than the scrape_interval");
    for (const ScrapeJob& other : config_.jobs)
      if (other.name == job.name) return fail(node, "two jobs are called '" + job.name + "'");
    if (config_.jobs.size() == kJobsMax)
      return fail(node, "there are over " + std::to_string(kJobsMax) + " jobs");
    config_.jobs.push_back(std::move(job));
  }

  const std::string name_;
  const std::filesystem::path folder_;
  std::chrono::milliseconds default_interval_{60'000}, default_timeout_{10'000};
  bool has_default_timeout_ = false;
  ScrapeConfig config_;
  std::optional<Error> failure_;
};

}  // namespace

Result<ScrapeConfig> parse_scrape_config(const std::string& yaml, const std::string& name,
                                         const std::filesystem::path& folder) {
  if (yaml.size() > kConfigBytesMax) return invalid_argument(name + ": the file has over 4 MiB");
  try {
    return ConfigReader(name, folder).read(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return invalid_argument(name + ": line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

}  // namespace optiinfra::scrape
