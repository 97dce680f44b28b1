#include "proc.hpp"

#include <algorithm>
#include <charconv>

namespace optiinfra::host {
namespace {

enum CpuField { kUser, kNice, kSystem, kIdle, kIowait };
constexpr std::size_t kCpuFieldsMin = 4;  // What kernels before 2.5.41 wrote.

Error no_known_form(std::string_view file, std::string_view expected) {
  return {ErrorKind::kCorrupt, std::string(file) + " has no known form: expected " + std::string(expected)};
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  skip_blanks(text);
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// The number of a line such as "MemTotal:       24684084 kB", in bytes.
std::optional<std::uint64_t> find_kilobytes(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    const auto kilobytes = take_number(line);
    if (kilobytes && *kilobytes <= UINT64_MAX / 1024) return *kilobytes * 1024;
    return std::nullopt;
  }
  return std::nullopt;
}

/// "  eth0: bytes packets errs drop fifo frame compressed multicast bytes ...". Older kernels write no
/// blank after the colon.
std::optional<InterfaceBytes> parse_interface(std::string_view line) {
  constexpr int kReceiveFields = 8;
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view name = line.substr(0, colon), numbers = line.substr(colon + 1);
  skip_blanks(name);
  const auto received = take_number(numbers);
  for (int skipped = 1; skipped < kReceiveFields; ++skipped) {
    if (!take_number(numbers)) return std::nullopt;
  }
  const auto sent = take_number(numbers);
  if (!received || !sent || name.empty()) return std::nullopt;
  return InterfaceBytes{std::string(name), *received, *sent};
}

std::uint64_t increase(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : 0;
}

}  // namespace

Result<CpuTicks> parse_cpu_ticks(std::string_view stat) {
  while (!stat.empty()) {
    std::string_view line = take_line(stat);
    if (!line.starts_with("cpu ")) continue;
    line.remove_prefix(4);
    CpuTicks ticks{};
    std::size_t fields = 0;
    for (; fields < ticks.size(); ++fields) {
      const auto value = take_number(line);
      if (!value) break;
      ticks[fields] = *value;
    }
    if (fields >= kCpuFieldsMin) return ticks;
    break;
  }
  return no_known_form("stat", "a line 'cpu' with at least 4 numbers");
}

Result<MemoryBytes> parse_memory(std::string_view meminfo) {
  const auto total = find_kilobytes(meminfo, "MemTotal:");
  const auto available = find_kilobytes(meminfo, "MemAvailable:");
  if (!total || !available || *total == 0) {
    return no_known_form("meminfo", "lines MemTotal and MemAvailable (Linux 3.14 or newer)");
  }
  return MemoryBytes{*total, increase(*available, *total)};
}

Result<std::vector<InterfaceBytes>> parse_network(std::string_view net_dev) {
  std::vector<InterfaceBytes> interfaces;
  std::size_t headings = 0;
  while (!net_dev.empty()) {
    const std::string_view line = take_line(net_dev);
    if (line.empty()) continue;
    if (line.find(':') == std::string_view::npos) {
      ++headings;
      continue;
    }
    auto interface = parse_interface(line);
    if (!interface) return no_known_form("net/dev", "16 counters for each interface");
    interfaces.push_back(*std::move(interface));
  }
  if (headings == 0) return no_known_form("net/dev", "two lines of headings");
  return interfaces;
}

std::optional<double> busy_percent(const CpuTicks& before, const CpuTicks& after) {
  std::uint64_t total = 0, idle = 0;
  for (std::size_t field = 0; field < after.size(); ++field) {
    // idle and iowait can step back by a tick, and everything does when a core is taken offline.
    const std::uint64_t ticks = increase(before[field], after[field]);
    total += ticks;
    if (field == kIdle || field == kIowait) idle += ticks;
  }
  if (total == 0) return std::nullopt;
  return 100.0 * static_cast<double>(total - idle) / static_cast<double>(total);
}

BytesMoved bytes_between(std::span<const InterfaceBytes> before, std::span<const InterfaceBytes> after) {
  BytesMoved moved;
  bool has_received = true, has_sent = true;
  for (const InterfaceBytes& now : after) {
    const auto same_name = [&now](const InterfaceBytes& other) { return other.name == now.name; };
    const auto then = std::find_if(before.begin(), before.end(), same_name);
    if (then == before.end()) continue;
    has_received = has_received && now.received >= then->received;
    has_sent = has_sent && now.sent >= then->sent;
    moved.received = moved.received.value_or(0) + increase(then->received, now.received);
    moved.sent = moved.sent.value_or(0) + increase(then->sent, now.sent);
  }
  if (!has_received) moved.received.reset();
  if (!has_sent) moved.sent.reset();
  return moved;
}

}  // namespace optiinfra::host
