// The connection cut at every byte of an insert and of a query, in both directions.
//
// Each trial is a whole exchange on a new connection: greeting, statement, answer. In ./check a cut ends with
// RST at even offsets and with FIN at odd ones; OPTIINFRA_FAULTS=all tries both, and half-closed streams, at
// each.
#include "exchange.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::Fault;
using testing::FaultKind;
using testing::Tally;
using testing::Trial;
using testing::Way;

constexpr std::chrono::milliseconds kBudget{5'000};

/// Far more than any of these exchanges has.
constexpr std::uint64_t kBytesMax = 20'000;

std::vector<FaultKind> kinds_at(std::uint64_t at_byte) {
  if (testing::every_fault_is_wanted()) return {FaultKind::kReset, FaultKind::kFinish, FaultKind::kTruncate};
  return {at_byte % 2 == 0 ? FaultKind::kReset : FaultKind::kFinish};
}

class Cut : public testing::ExchangeTest {
 protected:
  /// Calls trial(fault) with a cut at the first byte, the second, and so on until none fires any more: then
  /// there is no further byte to cut at.
  template <typename TrialAt>
  Tally at_every_byte(Way way, TrialAt trial_at) {
    Tally tally;
    for (std::uint64_t at = 0; at < kBytesMax && !HasFailure(); ++at) {
      bool fired = false;
      for (const FaultKind kind : kinds_at(at)) {
        const Trial trial = trial_at(Fault{.kind = kind, .way = way, .at_byte = at});
        fired = fired || trial.fired;
        EXPECT_TRUE(trial.fired || trial.succeeded) << "byte " << at << ": " << trial.error.message;
        if (trial.fired) tally.count(trial);
      }
      if (!fired) return tally;
    }
    ADD_FAILURE() << "the trials did not come to the exchange's end";
    return tally;
  }

  static std::string name(const char* exchange, Way way) {
    return std::string(GetParam().name) + ", " + exchange +
           (way == Way::kToServer ? ", bytes to the server" : ", bytes to the client");
  }
};
INSTANTIATE_TEST_SUITE_P(
    Over, Cut, ::testing::ValuesIn(testing::endpoints_named({"native", "native_lz4", "http", "http_lz4"})),
    testing::name_of);

TEST_P(Cut, AnInsertAtAnyByteIsStoredOnceAfterItsRetry) {
  std::uint64_t trials = 1;  // SetUp's own.
  for (const Way way : {Way::kToServer, Way::kToClient}) {
    const Tally tally = at_every_byte(way, [&](const Fault& fault) {
      const Trial trial = insert_with(fault, trials, kBudget);
      expect_kept_promise(trial, trials++);
      return trial;
    });
    tally.print(name("insert", way));
    EXPECT_GT(tally.fired, 100);
  }
  expect_stored_once(trials);
}

TEST_P(Cut, AQueryAtAnyByteIsAnsweredWholeOrFails) {
  for (const Way way : {Way::kToServer, Way::kToClient}) {
    const Tally tally = at_every_byte(way, [&](const Fault& fault) {
      const Trial trial = query_with(fault, kBudget);
      if (trial.succeeded) EXPECT_EQ(last_answer_, expected_answer_) << "at byte " << fault.at_byte;
      return trial;
    });
    tally.print(name("query", way));
    EXPECT_GT(tally.fired, 100);
  }
}

}  // namespace
}  // namespace optiinfra
