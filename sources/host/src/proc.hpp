// What the kernel says in /proc/stat, /proc/meminfo and /proc/net/dev. Pure functions on their texts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::host {

/// Clock ticks of all cores since boot: user, nice, system, idle, iowait, irq, softirq, steal. Guest
/// time is part of user already.
using CpuTicks = std::array<std::uint64_t, 8>;

struct MemoryBytes {
  std::uint64_t total = 0;
  std::uint64_t used = 0;
};

struct InterfaceBytes {
  std::string name;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

Result<CpuTicks> parse_cpu_ticks(std::string_view stat);
Result<MemoryBytes> parse_memory(std::string_view meminfo);
Result<std::vector<InterfaceBytes>> parse_network(std::string_view net_dev);

/// Busy share in percent, 0 to 100; absent when no tick has passed.
std::optional<double> busy_percent(const CpuTicks& before, const CpuTicks& after);

struct BytesMoved {
  std::optional<std::uint64_t> received = {};
  std::optional<std::uint64_t> sent = {};
};

/// Bytes that the interfaces which both have moved meanwhile. A direction is absent when a counter of it went
/// backwards, and both are when there is no such interface.
BytesMoved bytes_between(std::span<const InterfaceBytes> before, std::span<const InterfaceBytes> after);

}  // namespace optiinfra::host
