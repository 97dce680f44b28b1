// Streams that stall, crawl, end early or arrive with a bit inverted.
//
// ./check tries a sample of the offsets; OPTIINFRA_FAULTS=all every one.
#include <algorithm>

#include "exchange.hpp"
#include "frames.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::Fault;
using testing::FaultKind;
using testing::Tally;
using testing::Trial;
using testing::Way;

/// Of calls that end well under their fault, and of those that must wait for it in vain.
constexpr std::chrono::milliseconds kAmple{10'000}, kShort{400};

constexpr Way kWays[] = {Way::kToServer, Way::kToClient};

class Harm : public testing::ExchangeTest {
 protected:
  /// About `samples` places from the first byte of the exchange to its last, or all.
  std::vector<std::uint64_t> places(Way way, std::uint64_t samples) const {
    const std::uint64_t bytes = way == Way::kToServer ? measured_.server_bytes : measured_.client_bytes;
    const std::uint64_t step =
        testing::every_fault_is_wanted() ? 1 : std::max<std::uint64_t>(bytes / samples, 1);
    std::vector<std::uint64_t> result;
    for (std::uint64_t at = 0; at < bytes; at += step) result.push_back(at);
    return result;
  }

  /// An exchange without a fault; places() reads its size.
  void measure(const Trial& clean) {
    ASSERT_TRUE(clean.succeeded) << clean.error.message;
    measured_ = proxy_->report();
  }

  static std::string name(const char* what) { return std::string(GetParam().name) + ", " + what; }

  testing::FaultReport measured_;
  std::uint64_t trials_ = 1;  ///< Inserts so far, SetUp's own included.
};
INSTANTIATE_TEST_SUITE_P(
    Over, Harm, ::testing::ValuesIn(testing::endpoints_named({"native", "native_lz4", "http", "http_lz4"})),
    testing::name_of);

TEST_P(Harm, AStallAnywhereEndsWithinTheBudget) {
  Tally inserts, queries;
  for (const Way way : kWays) {
    measure(insert_with({}, trials_++, kAmple));
    for (const std::uint64_t at : places(way, 8)) {
      const Trial trial =
          insert_with({.kind = FaultKind::kStall, .way = way, .at_byte = at}, trials_, kShort);
      expect_kept_promise(trial, trials_++);
      EXPECT_FALSE(trial.succeeded && way == Way::kToServer) << "without byte " << at;
      inserts.count(trial);
    }
    measure(query_with({}, kAmple));
    for (const std::uint64_t at : places(way, 8)) {
      const Trial trial = query_with({.kind = FaultKind::kStall, .way = way, .at_byte = at}, kShort);
      if (trial.succeeded) EXPECT_EQ(last_answer_, expected_answer_);
      queries.count(trial);
    }
  }
  inserts.print(name("insert stalled"));
  queries.print(name("query stalled"));
  EXPECT_EQ(inserts.fired, inserts.tried);
  EXPECT_EQ(queries.fired, queries.tried);
  expect_stored_once(trials_);
}

TEST_P(Harm, ADelayOrATrickleShorterThanTheBudgetDoesNoHarm) {
  Tally tally;
  for (const Way way : kWays) {
    measure(insert_with({}, trials_++, kAmple));
    std::vector<Fault> faults{
        {.kind = FaultKind::kTrickle, .way = way, .at_byte = 0, .pause = 1ms, .piece_bytes = 5}};
    for (const std::uint64_t at : places(way, 5))
      faults.push_back({.kind = FaultKind::kDelay, .way = way, .at_byte = at, .pause = 50ms});
    for (const Fault& fault : faults) {
      const Trial inserted = insert_with(fault, trials_++, kAmple);
      EXPECT_TRUE(inserted.succeeded) << inserted.error.message;
      tally.count(inserted);
    }
    measure(query_with({}, kAmple));
    for (const Fault& fault : faults) {
      const Trial asked = query_with(fault, kAmple);
      EXPECT_TRUE(asked.succeeded) << asked.error.message;
      EXPECT_EQ(last_answer_, expected_answer_);
      tally.count(asked);
    }
  }
  tally.print(name("delayed and trickled"));
  expect_stored_once(trials_);
}

TEST_P(Harm, ATruncatedStreamIsNoSuccess) {
  Tally inserts, queries;
  for (const Way way : kWays) {
    measure(insert_with({}, trials_++, kAmple));
    for (const std::uint64_t at : places(way, 40)) {
      const Trial trial =
          insert_with({.kind = FaultKind::kTruncate, .way = way, .at_byte = at}, trials_, kAmple);
      expect_kept_promise(trial, trials_++);
      inserts.count(trial);
    }
    measure(query_with({}, kAmple));
    for (const std::uint64_t at : places(way, 40)) {
      const Trial trial = query_with({.kind = FaultKind::kTruncate, .way = way, .at_byte = at}, kAmple);
      if (trial.succeeded) EXPECT_EQ(last_answer_, expected_answer_);
      queries.count(trial);
    }
  }
  inserts.print(name("insert truncated"));
  queries.print(name("query truncated"));
  EXPECT_EQ(inserts.fired, inserts.tried);
  EXPECT_EQ(queries.fired, queries.tried);
  expect_stored_once(trials_);
}

/// What is inside a compressed frame has a checksum, so a flip there must be noticed. Outside of frames (the
/// statement, its settings and its token; everything, without compression) nothing but TCP's own checksum
/// guards the bytes: a flip can name another table, token or value, and what can be held there is that the
/// call ends, clearly, and that raw rows and rollup agree.
TEST_P(Harm, AFlippedBitOfAnInsertIsNoticedWhereThereIsAChecksum) {
  Tally tally;
  int inside = 0, unnoticed = 0;
  for (const Way way : kWays) {
    measure(insert_with({}, trials_++, kAmple));
    for (const std::uint64_t at : places(way, 60)) {
      const Fault fault{.kind = FaultKind::kFlip, .way = way, .at_byte = at, .bit = static_cast<int>(at % 8)};
      const std::uint64_t number = trials_++;
      const Trial trial = insert_with(fault, number, kShort);
      tally.count(trial);
      const bool guarded = testing::lies_in_frame(proxy_->recorded(way), fault);
      inside += guarded ? 1 : 0;
      unnoticed += trial.succeeded ? 1 : 0;
      if (guarded && way == Way::kToServer) {
        EXPECT_FALSE(trial.succeeded) << "byte " << at;
        EXPECT_EQ(stored_rows(number), 0u) << "byte " << at;
      }
    }
  }
  tally.print(name("insert flipped"));
  std::printf("  %d of the flips inside frames; %d calls succeeded all the same\n", inside, unnoticed);
  EXPECT_EQ(tally.fired, tally.tried);
  if (GetParam().compression != Compression::kNone) EXPECT_GT(inside, 10);
  EXPECT_EQ(count("SELECT count() FROM " + url_.database + ".cost_metrics_ts"),
            count("SELECT sum(sample_count) FROM " + url_.database + ".cost_metrics_hourly"));
}

TEST_P(Harm, AFlippedBitOfAnAnswerIsNoticedWhereThereIsAChecksum) {
  Tally tally;
  int inside = 0, unnoticed = 0, wrong = 0;
  for (const Way way : kWays) {
    measure(query_with({}, kAmple));
    for (const std::uint64_t at : places(way, 60)) {
      const Fault fault{.kind = FaultKind::kFlip, .way = way, .at_byte = at, .bit = static_cast<int>(at % 8)};
      const Trial trial = query_with(fault, kShort);
      tally.count(trial);
      const bool guarded = testing::lies_in_frame(proxy_->recorded(way), fault);
      inside += guarded ? 1 : 0;
      unnoticed += trial.succeeded ? 1 : 0;
      wrong += trial.succeeded && last_answer_ != expected_answer_ ? 1 : 0;
      if (guarded) EXPECT_FALSE(trial.succeeded) << "byte " << at;
    }
  }
  tally.print(name("query flipped"));
  std::printf(
      "  %d of the flips inside frames; %d calls succeeded all the same, %d of them with another answer\n",
      inside, unnoticed, wrong);
  EXPECT_EQ(tally.fired, tally.tried);
  if (GetParam().compression != Compression::kNone) EXPECT_GT(inside, 10);
}

}  // namespace
}  // namespace optiinfra
