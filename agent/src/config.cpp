#include "optiinfra/agent/config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAgentConfigBytesMax = std::size_t{1} << 20;

Result<std::string> read_text_file(const fs::path& file, std::size_t bytes_max) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  std::error_code failed;
  if (!stream || fs::is_directory(file, failed) || !(text << stream.rdbuf()))
    return Error{ErrorKind::kStorage, file.string() + " cannot be read, or is empty"};
  if (text.view().size() > bytes_max)
    return invalid_argument(file.string() + " is too large for a configuration");
  return std::move(text).str();
}

/// Reads one file. The first failure is kept.
class ConfigReader {
 public:
  ConfigReader(std::string name, fs::path folder) : name_(std::move(name)), folder_(std::move(folder)) {}

  Result<AgentConfig> read(const toml::table& table) {
    // First, because it stands in for those of the sections.
    if (const toml::node* const customer = table.get("customer")) read_text(*customer, customer_);
    read_keys(
        table, "",
        {{"customer", [](const toml::node&) {}},
         {"folder", [&](const toml::node& value) { read_path(value, config_.folder); }},
         {"outbox_mib_max", [&](const toml::node& value) { read_mib(value, config_.outbox_bytes_max); }},
         {"service", [&](const toml::node& value) { read_service(value); }},
         {"host", [&](const toml::node& value) { read_host(value); }},
         {"scrape", [&](const toml::node& value) { read_scrape(value); }},
         {"tail", [&](const toml::node& value) { read_tails(value); }}});
    if (!failure_) check();
    if (failure_) return *failure_;
    return std::move(config_);
  }

 private:
  using Readers = std::map<std::string, std::function<void(const toml::node&)>, std::less<>>;

  void fail(const std::string& what) {
    if (!failure_) failure_ = invalid_argument(name_ + ": " + what);
  }
  void fail(const toml::node& at, const std::string& what) {
    fail("line " + std::to_string(at.source().begin.line) + ": " + what);
  }

  void check() {
    if (config_.folder.empty())
      fail("'folder' is missing: where the agent keeps rows until the service has them");
    if (!config_.host && !config_.scrape && config_.tails.empty())
      fail("there is nothing to do: no [host], no [scrape] and no [[tail]]");
  }

  void read_keys(const toml::table& table, const std::string& place, const Readers& readers) {
    for (const auto& [key, value] : table) {
      const auto reader = readers.find(key.str());
      if (reader != readers.end()) {
        reader->second(value);
        continue;
      }
      std::vector<std::string> known;
      for (const auto& each : readers) known.push_back(each.first);
      return fail(value, "unknown key '" + std::string(key.str()) + "'" + place +
                             suggestion(std::string(key.str()), known) + "; keys are " + listed(known));
    }
  }

  /// The keys of a section.
  void read_section(const toml::node& value, const std::string& section, const Readers& readers) {
    if (value.as_table() == nullptr) return fail(value, "a table is expected: " + section);
    read_keys(*value.as_table(), " in " + section, readers);
  }

  void read_text(const toml::node& value, std::string& into) {
    const auto text = value.value_exact<std::string>();
    if (!text || text->empty()) return fail(value, "a text in quotes is expected");
    into = *text;
  }

  void read_path(const toml::node& value, fs::path& into) {
    std::string text;
    read_text(value, text);
    into = folder_ / text;
  }

  template <typename Text, typename Read>
  void read_list(const toml::node& value, std::vector<Text>& into, Read read) {
    const toml::array* const list = value.as_array();
    if (list == nullptr || list->empty()) return fail(value, "a list of texts is expected: [\"...\"]");
    for (const toml::node& each : *list) read(each, into.emplace_back());
  }

  void read_mib(const toml::node& value, std::uint64_t& into) {
    const auto mib = value.value_exact<std::int64_t>();
    const auto low = static_cast<std::int64_t>(kOutboxBytesMin >> 20);
    if (!mib || *mib < low || *mib > 1'000'000)
      return fail(value, "a whole number of MiB is expected, " + std::to_string(low) + " to 1000000");
    into = static_cast<std::uint64_t>(*mib) << 20;
  }

  void read_length(const toml::node& value, std::chrono::seconds& into) {
    std::string text;
    read_text(value, text);
    if (failure_) return;
    const auto length = parse_duration(text);
    if (!length) return fail(value, length.error().message);
    into = *length;
  }

  void read_service(const toml::node& value) {
    read_section(value, "[service]",
                 {{"url", [&](const toml::node& node) { read_text(node, config_.service_url); }},
                  {"token_file", [&](const toml::node& node) { read_path(node, config_.token_file); }}});
  }

  void read_host(const toml::node& value) {
    HostConfig& host = config_.host.emplace();
    host.customer = customer_;
    read_section(value, "[host]",
                 {{"customer", [&](const toml::node& node) { read_text(node, host.customer); }},
                  {"instance", [&](const toml::node& node) { read_text(node, host.instance); }},
                  {"interval", [&](const toml::node& node) { read_length(node, host.interval); }}});
    if (host.customer.empty() || host.instance.empty())
      fail(value, "[host] needs 'instance', and 'customer' here or at the top");
  }

  void read_scrape(const toml::node& value) {
    ScrapeSourceConfig& scrape = config_.scrape.emplace();
    scrape.customer = customer_;
    read_section(value, "[scrape]",
                 {{"customer", [&](const toml::node& node) { read_text(node, scrape.customer); }},
                  {"service", [&](const toml::node& node) { read_text(node, scrape.service); }},
                  {"config", [&](const toml::node& node) { read_path(node, scrape.config_file); }},
                  {"aliases", [&](const toml::node& node) {
                     read_list(node, scrape.alias_files,
                               [this](const toml::node& each, fs::path& into) { read_path(each, into); });
                   }}});
    if (scrape.config_file.empty()) fail(value, "[scrape] needs 'config': a file with scrape_configs");
  }

  void read_tails(const toml::node& value) {
    const toml::array* const list = value.as_array();
    if (list == nullptr) return fail(value, "tables of a list are expected: [[tail]]");
    for (const toml::node& each : *list) read_tail(each);
    if (config_.tails.size() > kAgentTailsMax)
      fail(value, "there are more than " + std::to_string(kAgentTailsMax) + " [[tail]]");
  }

  void read_tail(const toml::node& value) {
    std::string name, form;
    fs::path form_file;
    std::vector<std::string> files;
    tail::LineDefaults defaults{.customer = customer_};
    read_section(value, "[[tail]]",
                 {{"name", [&](const toml::node& node) { read_text(node, name); }},
                  {"form", [&](const toml::node& node) { read_text(node, form); }},
                  {"form_file", [&](const toml::node& node) { read_path(node, form_file); }},
                  {"files",
                   [&](const toml::node& node) {
                     read_list(node, files, [this](const toml::node& each, std::string& into) {
                       fs::path path;
                       read_path(each, path);
                       into = path.string();
                     });
                   }},
                  {"customer", [&](const toml::node& node) { read_text(node, defaults.customer); }},
                  {"service", [&](const toml::node& node) { read_text(node, defaults.service); }},
                  {"model", [&](const toml::node& node) { read_text(node, defaults.model); }},
                  {"instance", [&](const toml::node& node) { read_text(node, defaults.instance); }}});
    if (form.empty() == form_file.empty()) fail(value, "[[tail]] needs either 'form' or 'form_file'");
    if (files.empty()) fail(value, "[[tail]] needs 'files'");
    if (failure_) return;
    auto known = form.empty() ? form_of(form_file) : tail::LogForm::builtin(form);
    if (!known) return fail(value, known.error().message);
    add_tail(value,
             {name.empty() ? known->name() : name, *std::move(known), std::move(files), std::move(defaults)});
  }

  void add_tail(const toml::node& value, TailConfig added) {
    const bool is_plain = std::ranges::all_of(
        added.name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
    if (!is_plain || added.name.size() > 64)
      return fail(value, "the name '" + shown(added.name) +
                             "' of a [[tail]] is a folder's, too: letters, digits, - and _, at most 64");
    for (const TailConfig& each : config_.tails)
      if (each.name == added.name)
        return fail(value, "two [[tail]] are called '" + added.name + "'; give one of them another 'name'");
    if (added.defaults.customer.empty() && !added.form.has_column("customer_id"))
      return fail(value, "[[tail]] needs 'customer', here or at the top");
    if (added.defaults.service.empty() && !added.form.has_column("service_id"))
      return fail(value, "[[tail]] needs 'service'");
    config_.tails.push_back(std::move(added));
  }

  static Result<tail::LogForm> form_of(const fs::path& file) {
    OPTIINFRA_TRY(const std::string text, read_text_file(file, tail::kFormBytesMax));
    return tail::LogForm::parse(text, file.stem().string());
  }

  const std::string name_;
  const fs::path folder_;
  std::string customer_;
  AgentConfig config_;
  std::optional<Error> failure_;
};

}  // namespace

Result<AgentConfig> parse_agent_config(std::string_view toml, const std::string& name,
                                       const fs::path& folder) {
  try {
    const toml::table table = toml::parse(toml);
    return ConfigReader(name, folder).read(table);
  } catch (const toml::parse_error& error) {
    return invalid_argument(name + ": line " + std::to_string(error.source().begin.line) + ": " +
                            std::string(error.description()));
  }
}

Result<AgentConfig> read_agent_config(const fs::path& file) {
  OPTIINFRA_TRY(const std::string text, read_text_file(file, kAgentConfigBytesMax));
  return parse_agent_config(text, file.string(), file.parent_path());
}

}  // namespace optiinfra::agent
