#include "discovery.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace optiinfra::scrape {
namespace {

using Json = nlohmann::json;

Error not_a_list() {
  return invalid_argument("a list of {\"targets\": [...], \"labels\": {...}} is expected");
}

Result<void> add_targets(std::size_t& count, std::size_t more) {
  count += more;
  if (count > kTargetsMax)
    return Error{ErrorKind::kTooLarge, "there are over " + std::to_string(kTargetsMax) + " targets"};
  return {};
}

/// The file's last part as a pattern with *.
bool fits_name(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  const std::string_view begin = pattern.substr(0, star), end = pattern.substr(star + 1);
  return name.size() >= begin.size() + end.size() && name.starts_with(begin) && name.ends_with(end);
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& pattern) {
  if (pattern.filename().string().find('*') == std::string::npos) return {pattern};
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator(pattern.parent_path(), ignored))
    if (fits_name(each.path().filename().string(), pattern.filename().string())) files.push_back(each.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<TargetGroup>> parse_target_json(std::string_view text) {
  const Json list = Json::parse(text, nullptr, false);
  if (!list.is_array()) return not_a_list();
  std::vector<TargetGroup> groups;
  std::size_t count = 0;
  for (const Json& each : list) {
    if (!each.is_object()) return not_a_list();
    TargetGroup& group = groups.emplace_back();
    for (const auto& [key, value] : each.items()) {
      if (key == "targets" && value.is_array()) {
        OPTIINFRA_CHECK(add_targets(count, value.size()));
        for (const Json& target : value) {
          if (!target.is_string()) return invalid_argument("a target is no text");
          group.targets.push_back(target.get<std::string>());
        }
      } else if (key == "labels" && (value.is_object() || value.is_null())) {
        for (const auto& [name, label] : value.items()) {
          if (!label.is_string()) return invalid_argument("the label '" + name + "' is no text");
          group.labels[name] = label.get<std::string>();
        }
      } else {
        return invalid_argument("'" + key + "' is not known here or has another form than expected");
      }
    }
  }
  return groups;
}

Result<std::vector<TargetGroup>> parse_target_yaml(const std::string& text) {
  try {
    const YAML::Node list = YAML::Load(text);
    if (list.IsNull()) return std::vector<TargetGroup>{};
    if (!list.IsSequence()) return not_a_list();
    std::vector<TargetGroup> groups;
    std::size_t count = 0;
    for (const YAML::Node& each : list) {
      if (!each.IsMap()) return not_a_list();
      TargetGroup& group = groups.emplace_back();
      for (const auto& entry : each) {
        const auto key = entry.first.as<std::string>();
        if (key == "targets") {
          OPTIINFRA_CHECK(add_targets(count, entry.second.size()));
          for (const YAML::Node& target : entry.second) group.targets.push_back(target.as<std::string>());
        } else if (key == "labels") {
          for (const auto& label : entry.second)
            group.labels[label.first.as<std::string>()] = label.second.as<std::string>();
        } else {
          return invalid_argument("line " + std::to_string(entry.first.Mark().line + 1) + ": unknown key '" +
                                  key + "'");
        }
      }
    }
    return groups;
  } catch (const YAML::Exception& error) {
    return invalid_argument("line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

std::vector<TargetGroup> discover_files(const FileDiscovery& discovery, std::vector<std::string>& errors) {
  std::vector<TargetGroup> all;
  for (const auto& pattern : discovery.files) {
    for (const auto& file : files_of(pattern)) {
      auto text = read_small_file(file, kDiscoveryBytesMax);
      auto groups = !text                         ? Result<std::vector<TargetGroup>>(std::move(text).error())
                    : file.extension() == ".json" ? parse_target_json(*text)
                                                  : parse_target_yaml(*text);
      if (!groups) {
        errors.push_back(file.string() + ": " + groups.error().message);
        continue;
      }
      std::move(groups->begin(), groups->end(), std::back_inserter(all));
    }
  }
  return all;
}

}  // namespace optiinfra::scrape
