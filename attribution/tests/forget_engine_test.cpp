// A customer is removed from the attributed hours: what others paid and were served stays, and adds up.
#include "fleet.hpp"
#include "optiinfra/attribution/forget.hpp"
#include "optiinfra/attribution/proof.hpp"

namespace optiinfra::attribution {
namespace {

class ForgetAttributedTest : public testing::FleetTest {
 protected:
  void SetUp() override {
    FleetTest::SetUp();
    insert_fleet();
    ASSERT_EQ(attributed().hours_made, 3u);
  }

  void forget(const Uuid& customer) {
    const auto done =
        client_->with_session([&](Session& session) { return forget_attributed(session, customer); });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(rows_of("customer_id = '" + customer.to_string() + "' OR served_customer_id = '" +
                      customer.to_string() + "'"),
              "0");
    EXPECT_EQ(hours_broken(), 0u);
  }

  /// Of all versions.
  std::string rows_of(const std::string& condition) {
    return ask("(SELECT count() FROM optiinfra.attributed_cost_hourly WHERE " + condition + ")");
  }

  std::uint64_t hours_broken() {
    AttributionProof proof;
    const auto done = client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(proof, prove_attribution(session));
      return {};
    });
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(proof.hours_proved, 3u);
    for (const BrokenHour& each : proof.broken) ADD_FAILURE() << each.what;
    return proof.hours_broken;
  }

  std::string of(const char* sum, const Uuid& customer) {
    return ask(
        "(SELECT toString(tuple(" + std::string(sum) +
        ")) FROM optiinfra.attributed_cost_hourly WHERE (hour, version) IN (SELECT hour, max(version) FROM "
        "optiinfra.attributed_hours GROUP BY hour) AND served_customer_id = '" +
        customer.to_string() + "')");
  }

  static constexpr const char* kAll = "sum(cost), sum(requests), sum(prompt_tokens), sum(weight)";
  static constexpr const char* kRequests = "sum(requests), sum(prompt_tokens), sum(completion_tokens)";
};

TEST_F(ForgetAttributedTest, WhatOthersPayForItsRequestsStaysTheirs) {
  const std::string zen = of(kAll, kZen), total = cost("1");
  forget(kAcme);
  EXPECT_EQ(of(kAll, kZen), zen);
  EXPECT_EQ(cost("1"), total) << "the platform still pays its bill";
  EXPECT_NE(cost("kind = 'overhead'"), "0");
  EXPECT_EQ(ask("(SELECT sum(requests) FROM optiinfra.attributed_cost_hourly WHERE kind = 'overhead')"), "0");
}

TEST_F(ForgetAttributedTest, TheRequestsOfOthersThatItPaysForStayUnpriced) {
  const std::string zen = of(kRequests, kZen), acme = of(kRequests, kAcme);
  forget(kPlatform);
  EXPECT_EQ(of(kRequests, kZen), zen);
  EXPECT_EQ(of(kRequests, kAcme), acme);
  EXPECT_EQ(cost("1"), "0");
}

TEST_F(ForgetAttributedTest, AgainChangesNothing) {
  forget(kAcme);
  const std::string before = fingerprint(), records = ask("(SELECT count() FROM optiinfra.attributed_hours)");
  forget(kAcme);
  EXPECT_EQ(fingerprint(), before);
  EXPECT_EQ(ask("(SELECT count() FROM optiinfra.attributed_hours)"), records);
}

TEST_F(ForgetAttributedTest, EveryoneLeavesHoursWithoutRows) {
  for (const Uuid& customer : {kPlatform, kAcme, kZen}) forget(customer);
  EXPECT_EQ(rows_of("1"), "0");
}

}  // namespace
}  // namespace optiinfra::attribution
