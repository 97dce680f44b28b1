#include "circumstances.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "commit.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::benchmark {
namespace {

/// What follows "name:" or "name <tab>:" in a file of /proc, without blanks around it.
std::string value_in(const char* file, std::string_view name) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!std::string_view(line).starts_with(name)) continue;
    const auto begin = line.find_first_not_of(" \t", line.find(':') + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

std::uint64_t kibibytes_in(const char* file, std::string_view name) {
  return std::strtoull(value_in(file, name).c_str(), nullptr, 10) << 10;
}

std::string system_name() {
  utsname names{};
  if (uname(&names) != 0) return "";
  std::string distribution;
  std::ifstream stream("/etc/os-release");
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("PRETTY_NAME=")) distribution = line.substr(13, line.size() - 14) + ", ";
  }
  return distribution + names.sysname + " " + names.release;
}

/// The file system that holds `folder` or the nearest folder above it that is there.
std::string file_system_of(std::filesystem::path folder) {
  if (folder.empty()) folder = std::filesystem::temp_directory_path();
  while (!std::filesystem::exists(folder) && folder.has_relative_path()) folder = folder.parent_path();
  std::ifstream stream("/proc/self/mounts");
  std::string best, kind;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string device, mount, type;
    words >> device >> mount >> type;
    const bool holds = mount == "/" || folder.string() == mount || folder.string().starts_with(mount + "/");
    if (holds && mount.size() >= best.size()) best = mount, kind = type;
  }
  return kind;
}

}  // namespace

double load_of_last_minute() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

std::uint64_t resident_bytes() { return kibibytes_in("/proc/self/status", "VmRSS"); }
std::uint64_t resident_bytes_max() { return kibibytes_in("/proc/self/status", "VmHWM"); }

BenchmarkCircumstances circumstances_of(const StoreUrl& store) {
  BenchmarkCircumstances result{.processor = value_in("/proc/cpuinfo", "model name"),
                                .system = system_name(),
                                .program = OPTIINFRA_VERSION_AND_COMMIT,
                                .cores = std::thread::hardware_concurrency(),
                                .memory_bytes = kibibytes_in("/proc/meminfo", "MemTotal"),
                                .load_before = load_of_last_minute(),
                                .store = store.protocol == Protocol::kEmbedded ? "embedded" : "server"};
  if (store.protocol == Protocol::kEmbedded) result.disk = file_system_of(store.folder);
  return result;
}

Result<std::string> engine_version(Client& client) {
  std::string version;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(const auto rows, query_texts(session, {.sql = "SELECT version()"}));
    version = rows.at(0).at(0);
    return {};
  }));
  return version;
}

}  // namespace optiinfra::benchmark
