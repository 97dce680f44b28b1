#include "optiinfra/attribution/price_book.hpp"

#include <gtest/gtest.h>

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

const sys_seconds kTime{std::chrono::sys_days{std::chrono::March / 5 / 2026}};

double hourly(const PriceBook& book, const PricedInstance& instance, sys_seconds time = kTime) {
  const Price* const price = book.hourly(instance, time);
  return price == nullptr ? -1 : price->price;
}

const PricedInstance kSpot{"aws", "i-1", "p5.48xlarge", "us-east-1", "spot"};

TEST(PriceBook, TakesThePriceThatNamesMost) {
  const PriceBook book({{.sku = "p5.48xlarge", .price = 98},
                        {.sku = "p5.48xlarge", .region = "us-east-1", .price = 97},
                        {.sku = "p5.48xlarge", .tier = "spot", .price = 40},
                        {.sku = "p5.48xlarge", .region = "us-east-1", .tier = "spot", .price = 39},
                        {.provider = "aws", .sku = "p5.48xlarge", .price = 96},
                        {.sku = "i-7", .price = 1}});
  EXPECT_EQ(hourly(book, kSpot), 39);
  EXPECT_EQ(hourly(book, {"aws", "i-1", "p5.48xlarge", "us-east-1", ""}), 97);
  EXPECT_EQ(hourly(book, {"aws", "i-1", "p5.48xlarge", "eu-west-1", ""}), 96);
  EXPECT_EQ(hourly(book, {"", "i-1", "p5.48xlarge", "", ""}), 98);
  EXPECT_EQ(hourly(book, {"aws", "i-7", "p5.48xlarge", "us-east-1", "spot"}), 1)
      << "the instance's own price";
}

TEST(PriceBook, HasNoPriceForSomethingElse) {
  const PriceBook book({{.provider = "gcp", .sku = "p5.48xlarge", .price = 1},
                        {.sku = "p5.48xlarge", .region = "eu-west-1", .price = 2},
                        {.sku = "p5.48xlarge", .unit = PriceUnit::kMillionInputTokens, .price = 3},
                        {.sku = "", .price = 4}});
  EXPECT_EQ(hourly(book, kSpot), -1);
  EXPECT_EQ(hourly(book, {}), -1) << "an instance of which nothing is known";
  EXPECT_EQ(hourly(PriceBook{}, kSpot), -1);
  EXPECT_FALSE(
      PriceBook({{.sku = "llama", .unit = PriceUnit::kMillionInputTokens, .price = 3}}).has_hourly());
}

TEST(PriceBook, APriceOfAnIdFitsAnInstanceOfWhichNothingElseIsKnown) {
  const PriceBook book({{.provider = "own", .sku = "node-7", .region = "fra", .price = 12}});
  EXPECT_EQ(hourly(book, {"", "node-7", "", "", ""}), 12);
  EXPECT_EQ(hourly(book, {"aws", "node-7", "", "", ""}), -1) << "it is another provider's";
}

TEST(PriceBook, HoldsPricesForTheirTime) {
  const PriceBook book(
      {{.sku = "p5.48xlarge", .price = 98},
       {.sku = "p5.48xlarge", .price = 90, .valid_from = kTime},
       {.sku = "p5.48xlarge", .price = 50, .valid_from = kTime + 24h, .valid_to = kTime + 48h}});
  EXPECT_EQ(hourly(book, kSpot, kTime - 1h), 98);
  EXPECT_EQ(hourly(book, kSpot, kTime), 90);
  EXPECT_EQ(hourly(book, kSpot, kTime + 24h), 50);
  EXPECT_EQ(hourly(book, kSpot, kTime + 48h), 90) << "what held before holds again";
}

TEST(PriceFile, CsvAndTomlSayTheSame) {
  const auto csv = read_prices_csv(
      "sku,unit,price,currency,provider,valid_from\n"
      "p5.48xlarge,hour,1234567.88250008,USD,aws,2026-03-05\n\nllama-3.1-70b,million_output_tokens,0.9,USD,,"
      "\n");
  ASSERT_TRUE(csv) << csv.error().message;
  const auto toml = read_prices_toml(
      "[[price]]\nsku = \"p5.48xlarge\"\nunit = \"hour\"\nprice = 1234567.88250008\ncurrency = "
      "\"USD\"\nprovider = "
      "\"aws\"\nvalid_from = 2026-03-05\n[[price]]\nsku = \"llama-3.1-70b\"\nunit = "
      "\"million_output_tokens\"\nprice = 0.9\ncurrency = 'USD'\n");
  ASSERT_TRUE(toml) << toml.error().message;
  for (const auto* prices : {&*csv, &*toml}) {
    ASSERT_EQ(prices->size(), 2U);
    EXPECT_EQ((*prices)[0].provider, "aws");
    EXPECT_EQ((*prices)[0].price, 1234567.88250008);
    EXPECT_EQ((*prices)[0].valid_from, kTime);
    EXPECT_EQ((*prices)[0].valid_to, sys_seconds{});
    EXPECT_EQ((*prices)[1].unit, PriceUnit::kMillionOutputTokens);
    EXPECT_EQ((*prices)[1].valid_from, sys_seconds{});
  }
}

TEST(PriceFile, NamesWhatIsWrongAndWhere) {
  const auto why = [](const auto& prices) { return prices ? "it was read" : prices.error().message; };
  EXPECT_EQ(why(read_prices_csv("sku,unit,price\na,hour,1\nb,hour,1 USD\n")),
            "line 3: price: '1 USD' is not a number");
  EXPECT_EQ(why(read_prices_csv("sku,unit,price\na,hour\n")), "line 2 has 2 cells, and the header 3");
  EXPECT_NE(why(read_prices_csv("sku,unit,prize\n")).find("did you mean 'price'?"), std::string::npos);
  EXPECT_NE(why(read_prices_csv("sku,unit,price\na,day,1\n")).find("'day' is not one of hour"),
            std::string::npos);
  EXPECT_EQ(why(read_prices_toml("[[price]]\nsku = 1.5\nunit = 'hour'\n")),
            "line 1, price 1: price is missing");
  EXPECT_NE(why(read_prices_toml("sku = 1")).find("[[price]]"), std::string::npos);
  EXPECT_NE(why(read_prices_toml("[[price]\n")).find("line 1"), std::string::npos);
}

}  // namespace
}  // namespace optiinfra::attribution
