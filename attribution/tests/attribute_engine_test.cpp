// Hours attributed in a store: what is made, what is left alone, what is made again, and what a proof finds.
#include "fleet.hpp"
#include "optiinfra/attribution/proof.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class AttributeTest : public testing::FleetTest {
 protected:
  AttributionProof proved() {
    AttributionProof proof;
    const auto done = client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(proof, prove_attribution(session));
      return {};
    });
    EXPECT_TRUE(done) << done.error().message;
    return proof;
  }
};

TEST_F(AttributeTest, SplitsEachHourAndAddsUpToTheBill) {
  insert_fleet();
  const AttributionReport report = attributed();
  EXPECT_EQ(report.hours_made, 3u);
  EXPECT_EQ(report.requests, 4u);
  EXPECT_EQ(cost("1"), "82000000000");
  // gpu-1 ran 10 s to 910 s, and from 3590 s on: 910 seconds. The last request had half its time there.
  EXPECT_EQ(cost("instance_id = 'gpu-1' AND kind = 'served' AND hour = toDateTime(" +
                 std::to_string(kHour.time_since_epoch().count()) + ")"),
            "9100000000");
  EXPECT_EQ(cost("instance_id = 'gpu-2' AND kind = 'idle'"), "10000000000");
  // Its rest of 10 seconds has the next hour to itself.
  EXPECT_EQ(cost("kind = 'served' AND hour = toDateTime(" +
                 std::to_string((kHour + 1h).time_since_epoch().count()) + ")"),
            "100000000");
  EXPECT_EQ(ask("(SELECT count() FROM optiinfra.attributed_cost_hourly WHERE kind = 'unpriced')"), "1");
  EXPECT_EQ(proved().hours_proved, 3u);
  EXPECT_EQ(proved().hours_broken, 0u);
}

TEST_F(AttributeTest, LeavesHoursAloneWhoseRowsHaveNotChanged) {
  insert_fleet();
  attributed();
  const std::string before = fingerprint();
  const AttributionReport again = attributed();
  EXPECT_EQ(again.hours_made, 0u);
  EXPECT_EQ(again.hours_current, 3u);
  EXPECT_EQ(fingerprint(), before);
}

TEST_F(AttributeTest, MakesHoursAgainForLateRowsAndARestatedBill) {
  insert_fleet();
  attributed();
  insert(std::vector<PerformanceMetric>{request(kHour + 3599s, kZen, 10, 10, 2000)});
  AttributionReport again = attributed();
  EXPECT_EQ(again.hours_remade, 2u) << "the request ran over the end of the first hour";
  insert(std::vector<CostMetric>{charge(kHour + 1h, 4)});
  again = attributed();
  EXPECT_EQ(again.hours_remade, 1u);
  EXPECT_EQ(cost("1"), "86000000000");
  EXPECT_EQ(proved().hours_broken, 0u);
}

TEST_F(AttributeTest, AVersionThatWasNotRecordedIsNotThere) {
  insert_fleet();
  attributed();
  const std::string before = fingerprint();
  // What a run leaves that is killed between an hour's rows and its record.
  run("INSERT INTO optiinfra.attributed_cost_hourly SELECT * REPLACE (version + 1 AS version) FROM "
      "optiinfra.attributed_cost_hourly");
  run("ALTER TABLE optiinfra.attributed_hours DELETE WHERE hour = (SELECT max(hour) FROM "
      "optiinfra.attributed_hours) SETTINGS mutations_sync = 2");
  EXPECT_NE(fingerprint(), before);
  EXPECT_EQ(attributed().hours_made, 1u);
  EXPECT_EQ(fingerprint(), before);
}

TEST_F(AttributeTest, AStoppedRunIsFinishedByTheNext) {
  insert_fleet();
  int hours = 0;
  ASSERT_TRUE(attribute(*client_, kHours, [&](sys_seconds) { return ++hours <= 1; }));
  EXPECT_EQ(attributed().hours_made, 2u);
  const std::string stopped = fingerprint();
  run("TRUNCATE TABLE optiinfra.attributed_hours");
  EXPECT_EQ(attributed().hours_made, 3u);
  EXPECT_EQ(fingerprint(), stopped);
}

TEST_F(AttributeTest, AProofNamesTheFirstHourWhosePartsDoNotAddUp) {
  insert_fleet();
  attributed();
  run("ALTER TABLE optiinfra.attributed_cost_hourly UPDATE cost = cost - 1 WHERE kind = 'idle' AND "
      "instance_id = 'gpu-1' SETTINGS mutations_sync = 2");
  const AttributionProof proof = proved();
  EXPECT_EQ(proof.hours_broken, 2u);
  ASSERT_FALSE(proof.broken.empty());
  EXPECT_EQ(proof.broken[0].hour, kHour);
  EXPECT_NE(proof.broken[0].what.find("gpu-1"), std::string::npos) << proof.broken[0].what;
  EXPECT_NE(proof.broken[0].what.find("35.999999999 USD"), std::string::npos) << proof.broken[0].what;
}

TEST_F(AttributeTest, AProofFindsRowsThatAreMissingOrChanged) {
  insert_fleet();
  attributed();
  run("ALTER TABLE optiinfra.attributed_cost_hourly DELETE WHERE instance_id = 'gpu-2' SETTINGS "
      "mutations_sync = 2");
  EXPECT_EQ(proved().hours_broken, 1u);
  run("ALTER TABLE optiinfra.attributed_cost_hourly UPDATE completion_tokens = completion_tokens + 1 WHERE "
      "kind = 'unpriced' SETTINGS mutations_sync = 2");
  EXPECT_EQ(proved().hours_broken, 2u);
}

TEST_F(AttributeTest, UnderfillComesFromTheBestHoursOfTheDaysBefore) {
  const sys_seconds day = std::chrono::floor<std::chrono::days>(now()) - 72h;
  std::vector<CostMetric> charges;
  std::vector<PerformanceMetric> requests;
  for (int hour = 0; hour < 26; ++hour) {
    const sys_seconds time = day - 24h + std::chrono::hours(hour);
    charges.push_back(charge(time, 36));
    // A full day with ten times the tokens, then hours that run as long for a tenth of them.
    requests.push_back(request(time, kAcme, hour < 24 ? 10'000 : 1'000, 0, 3'600'000));
  }
  insert(charges);
  insert(requests);
  attributed({day - 24h, day + 2h});
  EXPECT_EQ(cost("kind = 'underfill' AND hour < toDateTime(" +
                 std::to_string(day.time_since_epoch().count()) + ")"),
            "0");
  const double underfill = std::stod(cost("kind = 'underfill'"));
  EXPECT_NEAR(underfill / 1e9, 2 * 36 * 0.9, 1e-6);
  EXPECT_EQ(proved().hours_broken, 0u);
}

TEST_F(AttributeTest, RefusesARangeWithoutAWholeHourThatHasEnded) {
  const auto refused = attribute(*client_, {floor_hour(now()), now() + 1h});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace optiinfra::attribution
