// Attributed hours are copied into a server's store, whose raw rows may lack.
#include "fleet.hpp"
#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/copy_hours.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/attribution/proof.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class CopyHoursTest : public testing::FleetTest {
 protected:
  void SetUp() override {
    FleetTest::SetUp();
    ASSERT_TRUE(server_.is_ready()) << server_.failure();
    const auto url = parse_store_url(server_.native_url());
    ASSERT_TRUE(url);
    auto opened = Client::open(*url);
    ASSERT_TRUE(opened) << opened.error().message;
    target_.emplace(*std::move(opened));
  }

  AttributedHoursCopy copied() {
    auto copy = copy_attributed_hours(*client_, *target_);
    EXPECT_TRUE(copy) << copy.error().message;
    return copy ? *copy : AttributedHoursCopy{};
  }

  /// What `look` sees at the target.
  template <typename Look>
  auto at_target(Look look) {
    std::swap(client_, target_);
    auto seen = look();
    std::swap(client_, target_);
    return seen;
  }
  std::string fingerprint_of_target() {
    return at_target([&] { return fingerprint(); });
  }

  testing::ServerProcess server_{OPTIINFRA_PROGRAM, folder_.path() / "served", {"--no-attribution"}};
  std::optional<Client> target_;
};

TEST_F(CopyHoursTest, TakesTheNewestVersionsWholeAndAgainOnlyWhatChanged) {
  insert_fleet();
  attributed();
  // What a copy leaves that is killed between an hour's rows and its record.
  at_target([&] {
    run("INSERT INTO optiinfra.attributed_cost_hourly (hour, version, kind, cost) VALUES (" +
        std::to_string(kHour.time_since_epoch().count()) + ", 7, 'idle', 1)");
    return 0;
  });
  AttributedHoursCopy copy = copied();
  EXPECT_EQ(copy.copied, 3u);
  EXPECT_EQ(fingerprint_of_target(), fingerprint());
  const auto proof = at_target([&] {
    AttributionProof found;
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(found, prove_attribution(session));
      return {};
    }));
    return found;
  });
  EXPECT_EQ(proof.hours_proved, 3u);
  EXPECT_EQ(proof.hours_broken, 0u);

  copy = copied();
  EXPECT_EQ(copy.copied, 0u);
  EXPECT_EQ(copy.already_there, 3u);
  insert(std::vector<CostMetric>{charge(kHour + 1h, 4)});
  EXPECT_EQ(attributed().hours_remade, 1u);
  copy = copied();
  EXPECT_EQ(copy.copied, 1u) << "a restated bill";
  EXPECT_EQ(copy.already_there, 2u);
  EXPECT_EQ(fingerprint_of_target(), fingerprint());
}

TEST_F(CopyHoursTest, LeavesHoursThatTheTargetHasMadeFromOtherRows) {
  insert_fleet();
  attributed();
  at_target([&] {
    insert(std::vector<CostMetric>{charge(kHour, 99)});
    return attributed({kHour, kHour + 1h});
  });
  const AttributedHoursCopy copy = copied();
  EXPECT_EQ(copy.copied, 2u);
  EXPECT_EQ(copy.of_target, 1u);
  EXPECT_EQ(at_target([&] {
              return cost("kind = 'idle' AND hour = toDateTime(" +
                          std::to_string(kHour.time_since_epoch().count()) + ")");
            }),
            "99000000000");
}

TEST_F(CopyHoursTest, PricesAndBudgetsThatTheTargetLacksGoAlong) {
  ASSERT_TRUE(set_prices(*client_, {{.sku = "a", .price = 1}, {.sku = "b", .price = 2}}));
  ASSERT_TRUE(set_prices(*target_, {{.sku = "b", .price = 3}}));
  ASSERT_TRUE(set_budgets(*client_, {{.name = "fleet", .amount = 9}}));
  EXPECT_EQ(copy_prices(*client_, *target_).value(), 1u);
  EXPECT_EQ(copy_budgets(*client_, *target_).value(), 1u);
  EXPECT_EQ(copy_prices(*client_, *target_).value(), 0u);
  EXPECT_EQ(copy_budgets(*client_, *target_).value(), 0u);
  const auto book = read_price_book(*target_);
  ASSERT_TRUE(book);
  ASSERT_EQ(book->prices().size(), 2u);
  EXPECT_EQ(book->prices()[1].price, 3) << "the target's own";
}

}  // namespace
}  // namespace optiinfra::attribution
