// What tests of outbox and agent share.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "optiinfra/api/api_store.hpp"
#include "optiinfra/testing/fake_service.hpp"

namespace optiinfra::agent {

inline api::ApiStore store_at_port(int port) {
  auto url = api::parse_api_url("api://127.0.0.1:" + std::to_string(port));
  return *api::ApiStore::make(*std::move(url), "");
}

inline api::ApiStore store_at(const testing::FakeService& service) { return store_at_port(service.port()); }

/// Whether it does, within half a minute.
template <typename Condition>
bool comes_true(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return true;
}

}  // namespace optiinfra::agent
