// Streams that stall, crawl, end early or arrive with a bit inverted.
//
// ./check tries a sample of the offsets; OPTIINFRA_FAULTS=all every one, and ten times the sample of stalls
// and delays. Stalls and flips strike after the greeting: that has a limit of its own (10 s), which
// tests/conformance tries.
#include "exchange.hpp"
#include "frames.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using testing::Fault;
using testing::FaultKind;
using testing::From;
using testing::kWays;
using testing::sample_offsets;
using testing::sample_slow_offsets;
using testing::Tally;
using testing::Trial;
using testing::Way;

/// Of calls that end well under their fault, and of those that must wait for it in vain.
constexpr std::chrono::milliseconds kAmple{10'000}, kShort{400};

class Harm : public testing::ExchangeTest {
 protected:
  /// Bytes of an exchange without a fault.
  std::uint64_t insert_bytes(Way way, From from = From::kGreeting) {
    EXPECT_TRUE(insert_with({}, trials_++, kAmple, from).succeeded);
    return bytes(way);
  }
  std::uint64_t query_bytes(Way way, From from = From::kGreeting) {
    EXPECT_TRUE(query_with({}, kAmple, from).succeeded);
    return bytes(way);
  }

  void expect_right_answer(const Trial& trial) const {
    if (trial.succeeded) {
      EXPECT_EQ(last_answer_, expected_answer_);
    }
  }

  static std::string name(const char* what) { return std::string(GetParam().name) + ", " + what; }

  std::uint64_t trials_ = 1;  ///< Inserts so far, SetUp's own included.
};
INSTANTIATE_TEST_SUITE_P(
    Over, Harm, ::testing::ValuesIn(testing::endpoints_named({"native", "native_lz4", "http", "http_lz4"})),
    testing::name_of);

TEST_P(Harm, AStallAnywhereEndsWithinTheBudget) {
  constexpr std::uint64_t kSamples = 2;
  Tally inserts, queries;
  for (const Way way : kWays) {
    for (const std::uint64_t at : sample_slow_offsets(insert_bytes(way, From::kStatement), kSamples)) {
      const Fault fault{.kind = FaultKind::kStall, .way = way, .at_byte = at};
      const Trial trial = insert_with(fault, trials_, kShort, From::kStatement);
      expect_kept_promise(trial, trials_++);
      inserts.count(trial);
    }
    for (const std::uint64_t at : sample_slow_offsets(query_bytes(way, From::kStatement), kSamples)) {
      const Fault fault{.kind = FaultKind::kStall, .way = way, .at_byte = at};
      const Trial trial = query_with(fault, kShort, From::kStatement);
      expect_right_answer(trial);
      queries.count(trial);
    }
  }
  inserts.print(name("insert stalled"));
  queries.print(name("query stalled"));
  expect_stored_once(trials_);
}

TEST_P(Harm, ADelayOrATrickleShorterThanTheBudgetDoesNoHarm) {
  constexpr std::uint64_t kSamples = 3;
  const auto faults = [](Way way, const std::vector<std::uint64_t>& offsets) {
    std::vector<Fault> result{{.kind = FaultKind::kTrickle, .way = way, .pause = 1ms, .piece_bytes = 7}};
    for (const std::uint64_t at : offsets)
      result.push_back({.kind = FaultKind::kDelay, .way = way, .at_byte = at, .pause = 50ms});
    return result;
  };
  Tally tally;
  for (const Way way : kWays) {
    for (const Fault& fault : faults(way, sample_slow_offsets(insert_bytes(way), kSamples))) {
      const Trial trial = insert_with(fault, trials_++, kAmple);
      EXPECT_TRUE(trial.succeeded) << trial.error.message;
      tally.count(trial);
    }
    for (const Fault& fault : faults(way, sample_slow_offsets(query_bytes(way), kSamples))) {
      const Trial trial = query_with(fault, kAmple);
      EXPECT_TRUE(trial.succeeded) << trial.error.message;
      EXPECT_EQ(last_answer_, expected_answer_);
      tally.count(trial);
    }
  }
  tally.print(name("insert and query delayed and trickled"));
  expect_stored_once(trials_);
}

TEST_P(Harm, ATruncatedStreamIsNoFalseSuccess) {
  constexpr std::uint64_t kSamples = 20;
  Tally inserts, queries;
  for (const Way way : kWays) {
    for (const std::uint64_t at : sample_offsets(insert_bytes(way), kSamples)) {
      const Trial trial =
          insert_with({.kind = FaultKind::kTruncate, .way = way, .at_byte = at}, trials_, kAmple);
      expect_kept_promise(trial, trials_++);
      inserts.count(trial);
    }
    for (const std::uint64_t at : sample_offsets(query_bytes(way), kSamples)) {
      const Trial trial = query_with({.kind = FaultKind::kTruncate, .way = way, .at_byte = at}, kAmple);
      expect_right_answer(trial);
      queries.count(trial);
    }
  }
  inserts.print(name("insert truncated"));
  queries.print(name("query truncated"));
  expect_stored_once(trials_);
}

/// What is inside a compressed frame has a checksum, so a flip there must be noticed. Outside of frames (the
/// statement, its settings and its token; everything, without compression) nothing but TCP's own checksum
/// guards the bytes: a flip can name another table, token or value, and what can be held there is that the
/// call ends, clearly.
TEST_P(Harm, AFlippedBitOfAnInsertIsNoticedWhereThereIsAChecksum) {
  constexpr std::uint64_t kSamples = 40;
  Tally tally;
  int inside = 0;
  for (const Way way : kWays) {
    for (const std::uint64_t at : sample_offsets(insert_bytes(way, From::kStatement), kSamples)) {
      const Fault fault{.kind = FaultKind::kFlip, .way = way, .at_byte = at, .bit = static_cast<int>(at % 8)};
      const std::uint64_t number = trials_++;
      const Trial trial = insert_with(fault, number, kShort, From::kStatement);
      tally.count(trial);
      if (way != Way::kToServer || !testing::lies_in_frame(proxy_->recorded(way), fault)) continue;
      ++inside;
      EXPECT_FALSE(trial.succeeded) << "byte " << at;
      EXPECT_EQ(stored_rows(number), 0u) << "byte " << at;
      expect_kept_promise(trial, number);
    }
  }
  tally.print(name("insert flipped"));
  std::printf("  %d of the flips inside frames to the server, each refused\n", inside);
  if (GetParam().compression != Compression::kNone) {
    EXPECT_GE(inside, 5);
  }
}

TEST_P(Harm, AFlippedBitOfAnAnswerIsNoticedWhereThereIsAChecksum) {
  constexpr std::uint64_t kSamples = 40;
  Tally tally;
  int inside = 0, wrong = 0;
  for (const Way way : kWays) {
    for (const std::uint64_t at : sample_offsets(query_bytes(way, From::kStatement), kSamples)) {
      const Fault fault{.kind = FaultKind::kFlip, .way = way, .at_byte = at, .bit = static_cast<int>(at % 8)};
      const Trial trial = query_with(fault, kShort, From::kStatement);
      tally.count(trial);
      wrong += trial.succeeded && last_answer_ != expected_answer_ ? 1 : 0;
      if (!testing::lies_in_frame(proxy_->recorded(way), fault)) continue;
      ++inside;
      EXPECT_FALSE(trial.succeeded) << "byte " << at;
    }
  }
  tally.print(name("query flipped"));
  std::printf("  %d of the flips inside frames, each refused; %d elsewhere led to another answer\n", inside,
              wrong);
  if (GetParam().compression != Compression::kNone) {
    EXPECT_GE(inside, 5);
  }
}

}  // namespace
}  // namespace optiinfra
