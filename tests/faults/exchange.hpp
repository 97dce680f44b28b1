/// One exchange with a server through the fault proxy, and what must hold whatever the fault.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "endpoint.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/testing/fault_proxy.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::testing {

/// How one trial went.
struct Trial {
  Fault fault = {};
  bool fired = false;
  bool succeeded = false;
  Error error = {};  ///< Unless it succeeded.
  std::chrono::milliseconds took{0};

  /// For messages: the fault and what the call said.
  std::string description() const;
};

/// Counted over the trials of one test, and printed: a fault that did not fire is no pass.
struct Tally {
  int tried = 0, fired = 0, succeeded = 0, unknown = 0;
  std::chrono::milliseconds longest{0};

  /// A trial whose fault did not fire must have succeeded: its byte was past the end of the exchange, whose
  /// length differs a little from run to run.
  void count(const Trial& trial);

  /// Expects that nearly all fired.
  void print(const std::string& what) const;
};

/// What a fault's offset counts from: the first byte of a new connection, or the first after its greeting.
enum class From { kGreeting, kStatement };

/// A store with the real schema on a real server, reached directly and through a proxy.
class ExchangeTest : public ::testing::TestWithParam<EndpointKind> {
 protected:
  /// Rows of each insert.
  static constexpr std::uint64_t kRows = 3;

  void SetUp() override;
  void TearDown() override;

  /// Opens a new session through the proxy with `fault` armed, and inserts the rows of `trial_number` under
  /// its token, or asks for the rows that SetUp stored.
  Trial insert_with(const Fault& fault, std::uint64_t trial_number, std::chrono::milliseconds budget,
                    From from = From::kGreeting);
  Trial query_with(const Fault& fault, std::chrono::milliseconds budget, From from = From::kGreeting);

  /// Acknowledged: stored. Applied::kNo: not stored. Then repeats what failed with its token, without fault.
  void expect_kept_promise(const Trial& trial, std::uint64_t trial_number);

  /// Every one of the first `trials` inserts is there once, in the raw table and in its rollup.
  void expect_stored_once(std::uint64_t trials);

  /// The store as it is reached through the proxy.
  StoreUrl proxied_url() const;

  /// Bytes of the last exchange.
  std::uint64_t bytes(Way way) const;

  std::uint64_t count(const std::string& sql);
  std::uint64_t stored_rows(std::uint64_t trial_number);

  StoreUrl url_;
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<Session> direct_;
  std::string expected_answer_;
  std::string last_answer_;

 private:
  template <typename Call>
  Trial attempt(const Fault& fault, From from, std::chrono::milliseconds budget, Call call);
};

inline constexpr Way kWays[] = {Way::kToServer, Way::kToClient};

/// The customer of the rows that insert_with() sends.
Uuid customer(std::uint64_t trial_number);

/// Whether the environment asks for every offset and every kind: OPTIINFRA_FAULTS=all.
bool every_fault_is_wanted();

/// About `samples` of the offsets below `bytes`, evenly apart, the first of them random
/// (OPTIINFRA_TEST_SEED, printed); all of them when every fault is wanted.
std::vector<std::uint64_t> sample_offsets(std::uint64_t bytes, std::uint64_t samples);

/// The same for faults that must be waited for: ten times `samples` when every fault is wanted.
std::vector<std::uint64_t> sample_slow_offsets(std::uint64_t bytes, std::uint64_t samples);

}  // namespace optiinfra::testing
