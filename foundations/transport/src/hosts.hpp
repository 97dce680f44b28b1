/// The hosts of one store and their health. Every kind of session that reaches servers uses it.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "optiinfra/transport/url.hpp"

namespace optiinfra {

/// How long a host that failed is left alone: it doubles with each failure in a row, up to the maximum.
/// Each pause is randomly up to kHostPauseJitter longer, so that clients do not all return at once.
inline constexpr std::chrono::milliseconds kHostPauseMin{100};
inline constexpr std::chrono::milliseconds kHostPauseMax{30'000};
inline constexpr double kHostPauseJitter = 0.25;

/// "db1:9000", "[::1]:9000".
std::string to_string(const Endpoint& endpoint);

/// The hosts of one URL with their health, shared by the sessions of a connector.
/// Threads: any, at once.
class Hosts {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  explicit Hosts(std::vector<Endpoint> endpoints, Clock clock = std::chrono::steady_clock::now);

  std::size_t size() const noexcept { return endpoints_.size(); }
  const Endpoint& operator[](std::size_t index) const noexcept { return endpoints_[index]; }

  /// All hosts, by index, in the order in which to try them: those that are well or whose pause is over as
  /// the URL names them, then the others, the one whose pause ends first before the rest. None is left out: a
  /// pause is advice, and the last host left is tried all the same.
  std::vector<std::size_t> in_order() const;

  /// Ends the host's pause and forgets its failures.
  void succeeded(std::size_t index);

  /// Begins a pause, longer than the one before. A failure during a pause counts once: sessions that lose the
  /// same server together do not multiply it.
  void failed(std::size_t index);

 private:
  struct Health {
    int failures = 0;  ///< In a row.
    std::chrono::steady_clock::time_point paused_until{};
  };

  const std::vector<Endpoint> endpoints_;
  const Clock clock_;
  mutable std::mutex mutex_;
  std::vector<Health> health_;
  std::minstd_rand random_;
};

}  // namespace optiinfra
