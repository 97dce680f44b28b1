#include "optiinfra/attribution/exchange_rates.hpp"

#include <gtest/gtest.h>

#include "conversion.hpp"

namespace optiinfra::attribution {
namespace {

using std::chrono::sys_days;

constexpr sys_days kFriday{std::chrono::November / 6 / 2026};

TEST(ExchangeRates, OfTheEuropeanCentralBankAreReadAsTheyAre) {
  const auto rates = read_exchange_rates_csv(
      "Date,USD,JPY,BGN,\n2026-11-06,1.0832,171.5,N/A,\n2026-11-05,1.08, 170,1.9558,\n");
  ASSERT_TRUE(rates) << rates.error().message;
  ASSERT_EQ(rates->size(), 5U);
  EXPECT_EQ((*rates)[0], (ExchangeRate{"EUR", "USD", kFriday, 1.0832, "ECB"}));
  EXPECT_EQ((*rates)[4].to, "BGN");
  const auto daily = read_exchange_rates_csv("Date, USD, JPY, \n06 November 2026, 1.0832, 171.5, \n");
  ASSERT_FALSE(daily);
  EXPECT_NE(daily.error().message.find("line 2"), std::string::npos) << daily.error().message;
}

TEST(ExchangeRates, OfOtherFilesHaveAHeader) {
  const auto rates = read_exchange_rates_csv("day,currency,to,rate\n2026-11-06,CHF,EUR,1.07\n");
  ASSERT_TRUE(rates) << rates.error().message;
  EXPECT_EQ(rates->front(), (ExchangeRate{"CHF", "EUR", kFriday, 1.07, ""}));
  for (const char* wrong :
       {"day,currency,rate\n2026-11-06,CHF,1\nx", "day,form,to,rate\n", "currency,to,rate\nCHF,EUR,1\n",
        "day,currency,to,rate\n2026-11-06,CHF,EUR,much\n"})
    EXPECT_FALSE(read_exchange_rates_csv(wrong)) << wrong;
}

TEST(ExchangeRates, HoldOverAWeekendAndNotOverAMonth) {
  const RateBook book(
      {{"EUR", "USD", kFriday, 1.08, "ECB"}, {"EUR", "USD", kFriday + std::chrono::days{3}, 1.2, "ECB"}});
  const auto rate = [&](const char* from, const char* to, int days) {
    const auto found = book.find(from, to, kFriday + std::chrono::days{days});
    return found ? found->rate : 0;
  };
  EXPECT_EQ(rate("EUR", "USD", 0), 1.08);
  EXPECT_EQ(rate("EUR", "USD", 2), 1.08) << "the Sunday after";
  EXPECT_EQ(rate("EUR", "USD", 3), 1.2);
  EXPECT_EQ(rate("EUR", "USD", 10), 1.2);
  EXPECT_EQ(rate("EUR", "USD", 11), 0);
  EXPECT_EQ(rate("EUR", "USD", -1), 0) << "a later rate is not known on the day";
  EXPECT_EQ(rate("USD", "EUR", 0), 1 / 1.08) << "the other direction";
  EXPECT_EQ(rate("EUR", "CHF", 0), 0);
}

TEST(ExchangeRates, TheLaterDayWinsInEitherDirection) {
  const auto next = kFriday + std::chrono::days{1};
  const RateBook book({{"EUR", "USD", kFriday, 1.08, "ECB"},
                       {"USD", "EUR", next, 0.8, "bank"},
                       {"EUR", "CHF", kFriday, 0.9, "ECB"},
                       {"CHF", "EUR", kFriday, 2, "bank"}});
  EXPECT_EQ(book.find("EUR", "USD", kFriday)->rate, 1.08);
  EXPECT_EQ(book.find("EUR", "USD", next)->rate, 1 / 0.8) << "the inverse of the day itself";
  EXPECT_EQ(book.find("USD", "EUR", next)->rate, 0.8);
  EXPECT_EQ(book.find("EUR", "CHF", next)->rate, 0.9) << "of one day the direction as stated";
}

}  // namespace
}  // namespace optiinfra::attribution
