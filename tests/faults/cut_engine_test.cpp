// The connection cut at every byte of an insert and of a query, in both directions.
//
// Each trial is a whole exchange on a new connection: greeting, statement, answer; with RST at even offsets
// and FIN at odd ones. ./check cuts queries at every byte and inserts at a sample of them;
// OPTIINFRA_FAULTS=all cuts inserts at every byte too, and tries RST, FIN and a half-closed stream at each.
#include "exchange.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::Fault;
using testing::FaultKind;
using testing::kWays;
using testing::Tally;
using testing::Trial;
using testing::Way;

constexpr std::chrono::milliseconds kBudget{5'000};

/// Far more than any of these exchanges has.
constexpr std::uint64_t kBytesMax = 20'000;

/// Of each way of an insert, in ./check: two inserts and a question each, some 30 ms.
constexpr std::uint64_t kInsertsSampled = 60;

std::vector<FaultKind> kinds_at(std::uint64_t at_byte) {
  if (testing::every_fault_is_wanted()) return {FaultKind::kReset, FaultKind::kFinish, FaultKind::kTruncate};
  return {at_byte % 2 == 0 ? FaultKind::kReset : FaultKind::kFinish};
}

class Cut : public testing::ExchangeTest {
 protected:
  template <typename TrialAt>
  static bool try_at(Way way, std::uint64_t at_byte, Tally& tally, TrialAt trial_at) {
    bool fired = false;
    for (const FaultKind kind : kinds_at(at_byte)) {
      const Trial trial = trial_at(Fault{.kind = kind, .way = way, .at_byte = at_byte});
      tally.count(trial);
      fired = fired || trial.fired;
    }
    return fired;
  }

  /// Cuts at the first byte, the second, and so on until no cut fires any more: then there is no further
  /// byte to cut at.
  template <typename TrialAt>
  static Tally at_every_byte(Way way, TrialAt trial_at) {
    Tally tally;
    for (std::uint64_t at = 0; at < kBytesMax && !HasFailure(); ++at) {
      if (!try_at(way, at, tally, trial_at)) return tally;
    }
    ADD_FAILURE() << "the trials did not come to the exchange's end";
    return tally;
  }

  static std::string name(const char* exchange, Way way) {
    return std::string(GetParam().name) + ", " + exchange + " cut on its way to the " +
           (way == Way::kToServer ? "server" : "client");
  }
};
INSTANTIATE_TEST_SUITE_P(
    Over, Cut, ::testing::ValuesIn(testing::endpoints_named({"native", "native_lz4", "http", "http_lz4"})),
    testing::name_of);

TEST_P(Cut, AnInsertAnywhereIsStoredOnceAfterItsRetry) {
  std::uint64_t trials = 1;  // SetUp's own.
  for (const Way way : kWays) {
    const auto trial_at = [&](const Fault& fault) {
      const Trial trial = insert_with(fault, trials, kBudget);
      expect_kept_promise(trial, trials++);
      return trial;
    };
    Tally tally;
    if (testing::every_fault_is_wanted()) {
      tally = at_every_byte(way, trial_at);
    } else {
      ASSERT_TRUE(insert_with({}, trials++, kBudget).succeeded);
      for (const std::uint64_t at : testing::sample_offsets(bytes(way), kInsertsSampled))
        try_at(way, at, tally, trial_at);
    }
    tally.print(name("insert", way));
  }
  expect_stored_once(trials);
}

TEST_P(Cut, AQueryAtAnyByteIsAnsweredWholeOrFails) {
  for (const Way way : kWays) {
    const Tally tally = at_every_byte(way, [&](const Fault& fault) {
      const Trial trial = query_with(fault, kBudget);
      if (trial.succeeded) {
        EXPECT_EQ(last_answer_, expected_answer_) << "at byte " << fault.at_byte;
      }
      return trial;
    });
    tally.print(name("query", way));
    EXPECT_GT(tally.fired, 100);
  }
}

}  // namespace
}  // namespace optiinfra
