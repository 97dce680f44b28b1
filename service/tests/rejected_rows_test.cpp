#include "rejected_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "customers.hpp"

namespace optiinfra::service {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::SizeIs;

const Caller kAdmin{.name = "local"};

RejectedSample sample(const std::string& reason, std::vector<Uuid> customers = {}) {
  return {.customers = std::move(customers), .reason = reason};
}

TEST(RejectedRows, KeepsTheLatestAndFewOfOneRequest) {
  RejectedRows rows;
  rows.add(std::vector(100, sample("of a sender of nothing else")));
  EXPECT_THAT(rows.latest(kAdmin), SizeIs(RejectedRows::kKeptOfRequest));
  for (std::size_t i = 0; i < 2 * RejectedRows::kKept; ++i) rows.add({sample(std::to_string(i))});
  const auto latest = rows.latest(kAdmin);
  ASSERT_THAT(latest, SizeIs(RejectedRows::kKept));
  EXPECT_EQ(latest.front().reason, std::to_string(2 * RejectedRows::kKept - 1));
  EXPECT_EQ(latest.back().reason, std::to_string(RejectedRows::kKept));
}

TEST(RejectedRows, ShowsABoundTokenWhatTokensOfItsCustomersSent) {
  RejectedRows rows;
  rows.add({sample("of an admin")});
  rows.add({sample("of ada", {kAda})});
  rows.add({sample("of bob", {kBob})});
  rows.add({sample("of both", {kAda, kBob})});
  const auto reasons = [&](std::vector<Uuid> customers) {
    std::vector<std::string> all;
    for (const RejectedSample& each : rows.latest({.name = "token", .customers = std::move(customers)}))
      all.push_back(each.reason);
    return all;
  };
  EXPECT_THAT(reasons({kAda}), ElementsAre("of ada"));
  EXPECT_THAT(reasons({kAda, kBob}), ElementsAre("of both", "of bob", "of ada"));
  EXPECT_THAT(rows.latest(kAdmin), SizeIs(4));
}

TEST(RejectedRows, ForgetsWhatMayBeOfACustomer) {
  RejectedRows rows;
  rows.add({sample("of an admin")});
  rows.add({sample("of ada", {kAda})});
  rows.add({sample("of both", {kAda, kBob})});
  rows.add({sample("of bob", {kBob})});
  rows.forget(kAda);
  EXPECT_THAT(rows.latest(kAdmin), ElementsAre(Field(&RejectedSample::reason, "of bob")));
}

TEST(RejectedRows, CutsLongTextsBetweenLetters) {
  RejectedRows rows;
  rows.add({sample(std::string(RejectedRows::kTextBytesMax - 1, 'a') + "ä")});
  EXPECT_THAT(rows.latest(kAdmin),
              ElementsAre(Field(&RejectedSample::reason, std::string(RejectedRows::kTextBytesMax - 1, 'a'))));
}

}  // namespace
}  // namespace optiinfra::service
