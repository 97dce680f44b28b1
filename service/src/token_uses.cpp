#include "token_uses.hpp"

#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace optiinfra::service {
namespace {

using UsesJson = nlohmann::ordered_json;

std::filesystem::path uses_file(const std::filesystem::path& folder) { return folder / "token-use.json"; }

}  // namespace

std::map<std::string, sys_seconds> read_token_uses(const std::filesystem::path& folder) {
  std::map<std::string, sys_seconds> uses;
  std::ifstream file(uses_file(folder));
  const UsesJson json = UsesJson::parse(file, nullptr, false);
  if (!json.is_object()) return uses;
  for (const auto& [id, at] : json.items()) {
    const auto time = at.is_string() ? parse_time(at.get<std::string>()) : invalid_argument("no time");
    if (time) uses[id] = *time;
  }
  return uses;
}

TokenUses::TokenUses(std::filesystem::path folder)
    : folder_(std::move(folder)), uses_(read_token_uses(folder_)) {}

TokenUses::~TokenUses() { flush(); }

void TokenUses::note(const std::string& id) {
  const std::lock_guard lock(mutex_);
  uses_[id] = now();
  has_more_ = true;
}

void TokenUses::flush() {
  const std::lock_guard lock(mutex_);
  if (!has_more_) return;
  UsesJson json = UsesJson::object();
  for (const auto& [id, at] : uses_) json[id] = format_time(at);
  const std::filesystem::path fresh = uses_file(folder_).string() + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  ::chmod(fresh.c_str(), 0600);
  file << json.dump(1) << "\n";
  file.close();
  std::error_code failed = std::make_error_code(std::errc::io_error);
  if (file) std::filesystem::rename(fresh, uses_file(folder_), failed);
  has_more_ = static_cast<bool>(failed);
}

}  // namespace optiinfra::service
