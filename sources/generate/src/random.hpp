// Random numbers that are the same on every machine, and for which a row's number is enough.
#pragma once

#include <cstdint>

#include "optiinfra/core/uuid.hpp"

namespace optiinfra::fleet {

/// The finalizer of splitmix64: a bijection whose output passes the usual tests.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
  value = (value ^ value >> 27) * 0x94D049BB133111EB;
  return value ^ value >> 31;
}

/// What numbers are drawn for. Two purposes never share a sequence.
enum class Purpose : std::uint64_t {
  kCustomer = 1,
  kService,
  kInstance,
  kIncident,
  kPrompt,
  kLoad,
  kRequest,
  kQuality,
  kResource,
  kResourceHost,
  kGpu,
  kCost,
  kServing,
  kGpuIdentity,
};

/// splitmix64, started from a seed, a purpose and the number of a row or thing.
class Random {
 public:
  constexpr Random(std::uint64_t seed, Purpose purpose, std::uint64_t index)
      : Random(stream(seed, purpose), index) {}

  /// The same with stream() worked out before, for use per row.
  constexpr Random(std::uint64_t stream, std::uint64_t index) : state_(stream + index * 0xD1B54A32D192ED03) {}

  static constexpr std::uint64_t stream(std::uint64_t seed, Purpose purpose) {
    return mix(mix(seed + 0x9E3779B97F4A7C15) + static_cast<std::uint64_t>(purpose) * 0xA0761D6478BD642F);
  }

  constexpr std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15); }

  /// 0 to `count` - 1. `count` must be in 1 to 2^32.
  constexpr std::uint64_t below(std::uint64_t count) { return (next() >> 32) * count >> 32; }

  /// 0 or more and under 1, in steps of 2^-32.
  constexpr double unit() { return static_cast<double>(next() >> 32) * 0x1p-32; }

  constexpr Uuid uuid() {
    const std::uint64_t high = next(), low = next();
    return {(high & ~std::uint64_t{0xF000}) | 0x4000, low >> 2 | std::uint64_t{1} << 63};
  }

 private:
  std::uint64_t state_;
};

}  // namespace optiinfra::fleet
