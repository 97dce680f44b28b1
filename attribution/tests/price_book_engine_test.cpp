// The price book in a store, and what it does to hours that no bill covers.
#include "fleet.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/attribution/proof.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

class PriceBookTest : public testing::FleetTest {
 protected:
  std::size_t set(const std::vector<Price>& prices) {
    const auto done = set_prices(*client_, prices);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : 0;
  }

  std::vector<Price> prices() {
    const auto book = read_price_book(*client_);
    EXPECT_TRUE(book) << book.error().message;
    return book ? book->prices() : std::vector<Price>{};
  }

  /// A sample of a GPU, which tells that the instance was there.
  ResourceMetric sample(sys_seconds time, const char* instance, const Uuid& customer) const {
    ResourceMetric row;
    row.timestamp = time;
    row.customer_id = customer;
    row.instance_id = instance;
    row.gpu_index = 0;
    row.gpu_utilization = 5.0F;
    return row;
  }
};

TEST_F(PriceBookTest, KeepsTheNewestOfEachPrice) {
  EXPECT_TRUE(prices().empty());
  EXPECT_EQ(set({{.sku = "p5.48xlarge", .price = 98.32, .currency = "USD", .source = "list"},
                 {.sku = "p5.48xlarge", .region = "eu-west-1", .price = 101, .currency = "USD"}}),
            2U);
  EXPECT_EQ(set({{.sku = "p5.48xlarge", .price = 98.32, .currency = "USD", .source = "list"}}), 0U)
      << "it is there already";
  EXPECT_EQ(set({{.sku = "p5.48xlarge", .price = 55, .currency = "USD"}}), 1U);
  ASSERT_EQ(prices().size(), 2U);
  EXPECT_EQ(prices()[0].price, 55);
  EXPECT_EQ(prices()[1].region, "eu-west-1");
  ASSERT_TRUE(remove_price(*client_, {.sku = "p5.48xlarge"}));
  ASSERT_EQ(prices().size(), 1U);
  const auto again = remove_price(*client_, {.sku = "p5.48xlarge"});
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("no price of 'p5.48xlarge' per hour"), std::string::npos);
}

TEST_F(PriceBookTest, RefusesPricesAllOrNone) {
  for (const Price& wrong : std::vector<Price>{{.sku = ""},
                                               {.sku = "a", .price = -1},
                                               {.sku = "a", .price = std::nan("")},
                                               {.sku = "a", .price = 1e10},
                                               {.sku = "a", .currency = "usd"},
                                               {.sku = "a\xFF"},
                                               {.sku = "a", .valid_from = kHour, .valid_to = kHour}}) {
    const auto done = set_prices(*client_, {{.sku = "good", .price = 1}, wrong});
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message.find("price 2: "), std::string::npos) << done.error().message;
  }
  EXPECT_TRUE(prices().empty());
}

TEST_F(PriceBookTest, PricesHoursWithoutABillUntilTheBillComes) {
  // gpu-2 was billed in the first hour only, and is still there in the next two; gpu-9 has never been billed.
  insert_fleet();
  insert(std::vector<ResourceMetric>{sample(kHour + 1h + 10min, "gpu-2", kZen),
                                     sample(kHour + 2h, "gpu-2", kZen)});
  attributed();
  EXPECT_EQ(cost("1"), "82000000000");
  set({{.provider = "aws", .sku = "p5.48xlarge", .price = 12, .currency = "USD", .source = "list 2026"}});
  const AttributionReport priced = attributed();
  EXPECT_EQ(priced.hours_remade, 2U) << "of gpu-2's second and third hour";
  EXPECT_EQ(priced.estimated_charges, 2U);
  EXPECT_EQ(cost("1"), "106000000000");
  EXPECT_EQ(cost("price_source = 'price book: list 2026' AND instance_id = 'gpu-2' AND kind = 'idle'"),
            "24000000000");
  EXPECT_EQ(ask("(SELECT groupUniqArray(toString(customer_id)) FROM optiinfra.attributed_cost_hourly WHERE "
                "price_source LIKE 'price book%')"),
            "['" + kPlatform.to_string() + "']")
      << "who paid the last bill";
  EXPECT_EQ(attributed().hours_current, 3U) << "nothing has changed";

  // The bill of one of them comes, and says something else.
  insert(std::vector<CostMetric>{charge(kHour + 1h, 10, "gpu-2")});
  EXPECT_EQ(attributed().hours_remade, 1U);
  EXPECT_EQ(cost("1"), "104000000000");
  // The price was wrong: hours that it priced are made again.
  set({{.provider = "aws", .sku = "p5.48xlarge", .price = 11, .currency = "USD", .source = "list 2026"}});
  EXPECT_EQ(attributed().hours_remade, 1U);
  EXPECT_EQ(cost("1"), "103000000000");
  AttributionProof proof;
  ASSERT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(proof, prove_attribution(session));
    return {};
  }));
  EXPECT_EQ(proof.hours_broken, 0U);
  // And it is no longer in the book: the hour has no price again.
  ASSERT_TRUE(remove_price(*client_, {.provider = "aws", .sku = "p5.48xlarge"}));
  EXPECT_EQ(attributed().hours_remade, 1U);
  EXPECT_EQ(cost("1"), "92000000000");
}

TEST_F(PriceBookTest, AnInstanceThatWasNeverBilledHasThePriceOfItsId) {
  insert(std::vector<PerformanceMetric>{request(kHour + 1min, kZen, 10, 10, 1000, "gpu-9")});
  set({{.sku = "gpu-9", .price = 3, .currency = "EUR"}});
  EXPECT_EQ(attributed().estimated_charges, 1U);
  EXPECT_EQ(cost("currency = 'EUR'"), "3000000000");
  EXPECT_EQ(cost("kind = 'unpriced'"), "0");
  EXPECT_EQ(ask("(SELECT any(toString(customer_id)) FROM optiinfra.attributed_cost_hourly)"),
            kZen.to_string());
}

TEST_F(PriceBookTest, ABillOfADayAndAPurchaseCoverTheirHours) {
  const sys_seconds day = std::chrono::floor<std::chrono::days>(kHour);
  CostMetric daily = charge(day - 24h, 2, "gpu-1");
  daily.hours_covered = 48;
  CostMetric lease = charge(kHour, 5, "gpu-2");
  lease.charge_category = "purchase";
  insert(std::vector<CostMetric>{daily, lease});
  insert(std::vector<ResourceMetric>{sample(kHour, "gpu-1", kZen), sample(kHour, "gpu-2", kZen),
                                     sample(kHour, "gpu-3", kZen)});
  set({{.sku = "p5.48xlarge", .price = 100}, {.sku = "gpu-3", .price = 1}});
  EXPECT_EQ(attributed().estimated_charges, 1U) << "of gpu-3 alone";
}

TEST_F(PriceBookTest, ALaterBillDoesNotChangeWhatAnInstanceWas) {
  const sys_seconds day = std::chrono::floor<std::chrono::days>(now()) - 48h;
  CostMetric before = charge(day - 1h, 10), after = charge(day + 8h, 4);
  after.is_spot = 1;
  insert(std::vector<CostMetric>{before, after});
  insert(std::vector<ResourceMetric>{sample(day + 5h, "gpu-1", kZen), sample(day + 9h, "gpu-1", kZen)});
  set({{.sku = "p5.48xlarge", .price = 10, .currency = "USD"},
       {.sku = "p5.48xlarge", .tier = "spot", .price = 4, .currency = "USD"}});
  EXPECT_EQ(attributed({day, day + 6h}).estimated_charges, 1U);
  EXPECT_EQ(cost("price_source = 'price book'"), "10000000000");
  EXPECT_EQ(attributed({day, day + 24h}).hours_remade, 0U) << "the same in every range";
  EXPECT_EQ(cost("price_source = 'price book'"), "14000000000");
}

TEST_F(PriceBookTest, RefusesTwoPricesForTheSame) {
  const auto twice = set_prices(*client_, {{.sku = "a", .price = 1}, {.sku = "b"}, {.sku = "a", .price = 2}});
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("price 3 is for the same as price 1: 'a' per hour"), std::string::npos)
      << twice.error().message;
  EXPECT_TRUE(prices().empty());
}

TEST_F(PriceBookTest, ListsInstancesWithoutAPrice) {
  insert_fleet();
  insert(std::vector<ResourceMetric>{sample(kHour + 1h, "gpu-2", kZen), sample(kHour + 2h, "gpu-2", kZen)});
  auto without = instances_without_price(*client_, kHours);
  ASSERT_TRUE(without) << without.error().message;
  ASSERT_EQ(without->size(), 2U);
  EXPECT_EQ((*without)[0].instance, "gpu-2");
  EXPECT_EQ((*without)[0].type, "p5.48xlarge");
  EXPECT_EQ((*without)[0].hours, 2U);
  EXPECT_EQ((*without)[0].last_seen, kHour + 2h);
  EXPECT_EQ((*without)[1].instance, "gpu-9");
  EXPECT_EQ((*without)[1].type, "");
  set({{.sku = "p5.48xlarge", .price = 1}});
  without = instances_without_price(*client_, kHours);
  ASSERT_TRUE(without);
  ASSERT_EQ(without->size(), 1U);
}

}  // namespace
}  // namespace optiinfra::attribution
