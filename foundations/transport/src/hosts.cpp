#include "hosts.hpp"

#include <algorithm>
#include <numeric>

namespace optiinfra {
namespace {

std::chrono::milliseconds pause_after(int failures) {
  const int doublings = std::min(failures - 1, 20);
  return std::min(kHostPauseMin * (std::int64_t{1} << doublings), kHostPauseMax);
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Hosts::Hosts(std::vector<Endpoint> endpoints, Clock clock)
    : endpoints_(std::move(endpoints)),
      clock_(std::move(clock)),
      health_(endpoints_.size()),
      random_(std::random_device{}()) {}

std::vector<std::size_t> Hosts::in_order() const {
  std::vector<std::size_t> order(endpoints_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto now = clock_();
  const std::lock_guard lock(mutex_);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::max(health_[a].paused_until, now) < std::max(health_[b].paused_until, now);
  });
  return order;
}

void Hosts::succeeded(std::size_t index) {
  const std::lock_guard lock(mutex_);
  health_[index] = {};
}

void Hosts::failed(std::size_t index) {
  const auto now = clock_();
  const std::lock_guard lock(mutex_);
  Health& health = health_[index];
  if (now < health.paused_until) return;
  ++health.failures;
  const double stretch = 1 + std::uniform_real_distribution<double>(0, kHostPauseJitter)(random_);
  health.paused_until =
      now + std::chrono::duration_cast<std::chrono::milliseconds>(pause_after(health.failures) * stretch);
}

}  // namespace optiinfra
