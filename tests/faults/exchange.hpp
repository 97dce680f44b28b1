/// One exchange with a server through the fault proxy, and what must hold whatever the fault.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "endpoint.hpp"
#include "optiinfra/testing/fault_proxy.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::testing {

/// How one trial went.
struct Trial {
  bool fired = false;
  bool succeeded = false;
  Error error;  ///< Unless it succeeded.
  std::chrono::milliseconds took{0};
};

/// Counted over the trials of one test, and printed: a fault that did not fire is no pass.
struct Tally {
  int tried = 0, fired = 0, succeeded = 0, unknown = 0;
  std::chrono::milliseconds longest{0};

  void count(const Trial& trial);
  void print(const std::string& what) const;
};

/// A store with the real schema on a real server, reached directly and through a proxy.
class ExchangeTest : public ::testing::TestWithParam<EndpointKind> {
 protected:
  /// Rows of each insert.
  static constexpr std::uint64_t kRows = 3;

  void SetUp() override;
  void TearDown() override;

  /// Opens a new session through the proxy with `fault` armed, and inserts the rows of `trial_number` under
  /// its token, or asks for the rows that SetUp stored.
  Trial insert_with(const Fault& fault, std::uint64_t trial_number, std::chrono::milliseconds budget);
  Trial query_with(const Fault& fault, std::chrono::milliseconds budget);

  /// Acknowledged: stored. Applied::kNo: not stored. Then repeats what failed with its token, without fault.
  void expect_kept_promise(const Trial& trial, std::uint64_t trial_number);

  /// Every one of the first `trials` inserts is there once, in the raw table and in its rollup.
  void expect_stored_once(std::uint64_t trials);

  std::uint64_t count(const std::string& sql);
  std::uint64_t stored_rows(std::uint64_t trial_number);

  StoreUrl url_;
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<Transport> direct_;
  std::string expected_answer_;
  std::string last_answer_;

 private:
  Result<std::unique_ptr<Transport>> open_through_proxy() const;
  template <typename Call>
  Trial attempt(const Fault& fault, std::chrono::milliseconds budget, Call call);
};

/// Whether the environment asks for every offset and every kind: OPTIINFRA_FAULTS=all.
bool every_fault_is_wanted();

}  // namespace optiinfra::testing
