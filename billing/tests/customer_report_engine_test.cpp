// A month of two customers on the instances of a third, in two currencies, as page, CSV and FOCUS rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/attribution/unit_cost.hpp"
#include "optiinfra/billing/customer_report.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::billing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Line = std::map<std::string, std::string>;

/// RFC 4180, read by hand.
std::vector<Line> lines_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool is_quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    std::string& cell = rows.back().back();
    if (is_quoted && csv[i] == '"' && i + 1 < csv.size() && csv[i + 1] == '"')
      cell += csv[i++];
    else if (csv[i] == '"')
      is_quoted = !is_quoted;
    else if (!is_quoted && csv[i] == ',')
      rows.back().emplace_back();
    else if (!is_quoted && csv[i] == '\n')
      rows.push_back({""});
    else
      cell += csv[i];
  }
  rows.pop_back();
  std::vector<Line> lines;
  for (std::size_t row = 1; row < rows.size(); ++row) {
    EXPECT_EQ(rows[row].size(), rows[0].size());
    Line& line = lines.emplace_back();
    for (std::size_t i = 0; i < rows[row].size(); ++i) line[rows[0][i]] = rows[row][i];
  }
  return lines;
}

/// A decimal number with at most nine digits after the point, as billionths.
std::int64_t billionths(std::string text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.erase(0, 1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string fraction = point == text.size() ? "" : text.substr(point + 1);
  EXPECT_LE(fraction.size(), 9u) << text;
  fraction.resize(9, '0');
  const std::int64_t size = std::stoll(text.substr(0, point) + fraction);
  return is_negative ? -size : size;
}

/// One store for all tests: five hours of a day, the last of them not attributed.
class CustomerReport : public ::testing::Test {
 protected:
  static constexpr int kHours = 5;
  static inline const Uuid kPlatform{1, 1}, kScript{2, 2}, kFormula{3, 3}, kChat{4, 4}, kSearch{5, 5};
  static inline const sys_seconds kFirst =
      sys_seconds{std::chrono::floor<std::chrono::days>(now()) - std::chrono::days{2}} + 10h;
  static inline const sys_seconds kNotAttributed = kFirst + std::chrono::hours{kHours - 1};

  static TimeRange month() { return *parse_month(format_time(kFirst).substr(0, 7)); }

  static CostMetric charge(int hour, double amount, const char* instance, const char* currency = "USD",
                           const char* category = "usage") {
    CostMetric row;
    row.timestamp = kFirst + std::chrono::hours{hour};
    row.customer_id = kPlatform;
    row.cloud_provider = "aws";
    row.instance_id = instance;
    row.instance_type = "p5.48xlarge";
    row.region = "us-east-1";
    row.cost_per_hour = amount;
    row.currency = currency;
    row.charge_category = category;
    return row;
  }

  static std::vector<CostMetric> charges() {
    std::vector<CostMetric> rows;
    for (int hour = 0; hour < kHours; ++hour) {
      rows.push_back(charge(hour, 98.0 / 7 / (hour + 1), "gpu-1"));
      rows.push_back(charge(hour, 10.0 / 3, "gpu-2", "EUR"));
      rows.back().list_cost_per_hour = 4.1;
      rows.push_back(charge(hour, 1.0 / 9, ""));
      rows.push_back(charge(hour, 0.7, "gpu-1", "USD", "tax"));
      rows.push_back(charge(hour, -2.3, "gpu-1", "USD", "credit"));
      rows.push_back(charge(hour, 5.5, "gpu-idle"));
      rows.back().hours_covered = 0.37;
    }
    return rows;
  }

  static std::vector<PerformanceMetric> requests() {
    std::mt19937 random(7);
    std::vector<PerformanceMetric> rows;
    for (int i = 0; i < 600; ++i) {
      PerformanceMetric& row = rows.emplace_back();
      row.timestamp = kFirst + std::chrono::seconds(random() % (3600 * kHours - 100));
      row.customer_id = i % 3 == 0 ? kScript : kFormula;
      row.service_id = i % 2 == 0 ? kChat : kSearch;
      row.model_name = i % 5 == 0 ? "=cmd|'/c calc'!A1" : "llama <b>";
      row.instance_id = i % 7 == 0 ? "gpu-2" : i % 50 == 0 ? "gpu-of-nobody" : "gpu-1";
      row.latency_ms = static_cast<float>(random() % 60'000) + 0.5f;
      row.prompt_tokens = 1 + random() % 9000;
      row.completion_tokens = 1 + random() % 800;
      row.status = i % 10 == 0 ? "aborted" : "ok";
    }
    return rows;
  }

  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    auto opened = Client::open(url(), {.create = true});
    ASSERT_TRUE(opened) << opened.error().message;
    client_ = new Client(*std::move(opened));
    ASSERT_TRUE(client_->insert(charges()));
    ASSERT_TRUE(client_->insert(requests()));
    const std::vector<NewName> names = {
        {NameKind::kCustomer, "<script>alert(1)</script>", kScript.to_string()},
        {NameKind::kCustomer, "=HYPERLINK(\"http://evil\")", kFormula.to_string()},
        {NameKind::kService, "chat", kChat.to_string()}};
    ASSERT_TRUE(set_names(*client_, names, "test"));
    const auto made = attribution::attribute(*client_, {kFirst, kNotAttributed});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->hours_made, kHours - 1u);
  }
  static void TearDownTestSuite() {
    delete client_;
    delete folder_;
  }

  static std::string url() { return "embedded:" + (folder_->path() / "store").string(); }

  static std::string written(ReportFormat format, std::vector<Uuid> customers,
                             sys_seconds asked_at = month().end) {
    std::string text;
    const auto names = client_->names();
    const auto done = write_customer_report(
        *client_,
        {.month = month(), .customers = std::move(customers), .format = format, .asked_at = asked_at}, *names,
        [&](std::string_view piece) -> Result<void> {
          text += piece;
          return {};
        });
    EXPECT_TRUE(done) << done.error().message;
    return text;
  }

  static inline testing::TemporaryFolder* folder_ = nullptr;
  static inline Client* client_ = nullptr;
};

TEST_F(CustomerReport, ThePageBeginsWithWhatTheCustomerCostAndForWhat) {
  const std::string page = written(ReportFormat::kHtml, {kScript});
  const auto total = attribution::query_unit_cost(
      *client_, {.range = month(), .filters = {{"customer", kScript.to_string()}}});
  ASSERT_TRUE(total);
  for (const auto& row : total->rows) {
    if (!std::holds_alternative<double>(row[1])) continue;
    char cost[128];
    std::snprintf(cost, sizeof cost, "cost %.2f %s in the hours that are attributed: %.2f %s for ",
                  std::get<double>(row[1]), std::get<std::string>(row[0]).c_str(), std::get<double>(row[2]),
                  std::get<std::string>(row[0]).c_str());
    EXPECT_LT(page.find(cost), page.find("<table>")) << cost;
  }
  EXPECT_THAT(page, HasSubstr("to 2 services and 2 models ("));
  EXPECT_THAT(page, HasSubstr("requests have no price: no charge covers"));
  EXPECT_THAT(page, AllOf(HasSubstr("By service, "), HasSubstr("By model, "), HasSubstr("By day, ")));
  EXPECT_THAT(
      page, AllOf(HasSubstr("multiplier/instance"), HasSubstr("From: bill"), HasSubstr("share of requests")));
  EXPECT_THAT(page, HasSubstr(format_engine_time(month().begin).substr(0, 16) + " to " +
                              format_engine_time(month().end).substr(0, 16) + " UTC"));
}

TEST_F(CustomerReport, ThePageHoldsNoMarkupOfUsersNoScriptAndNothingFromElsewhere) {
  for (const auto& customers : {std::vector<Uuid>{kScript}, std::vector<Uuid>{}}) {
    const std::string page = written(ReportFormat::kHtml, customers);
    EXPECT_THAT(page,
                AllOf(HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"), HasSubstr("llama &lt;b&gt;")));
    for (const char* const never :
         {"<script", "<b>", "javascript:", " src=", " href=", "url(", "@import", "<link", "<img"})
      EXPECT_THAT(page, Not(HasSubstr(never)));
  }
}

TEST_F(CustomerReport, AmountsOfTwoCurrenciesAreTwoTablesAndNoSum) {
  const std::string page = written(ReportFormat::kHtml, {});
  const std::size_t euros = page.find("Amounts in <bdi>EUR"), dollars = page.find("Amounts in <bdi>USD");
  ASSERT_LT(euros, dollars);
  ASSERT_NE(dollars, std::string::npos);
  EXPECT_THAT(page.substr(euros, dollars - euros), AllOf(HasSubstr("total,<br>EUR"), Not(HasSubstr("USD"))));
  // 4 hours of 10/3 EUR, and the dollars that were billed in them.
  EXPECT_THAT(page, HasSubstr("all customers cost 13.33 EUR"));
  EXPECT_THAT(page, HasSubstr("all customers cost 31.35 USD"));
}

TEST_F(CustomerReport, HoursThatAreNotAttributedAreNamed) {
  const std::string hour = format_engine_time(kNotAttributed).substr(0, 16);
  EXPECT_THAT(written(ReportFormat::kHtml, {kScript}),
              AllOf(HasSubstr("The cost of 1 hour with requests or charges is in no number here"),
                    HasSubstr(hour), HasSubstr(">4 of the ")));
  const auto lines = lines_of(written(ReportFormat::kCsv, {kScript}));
  EXPECT_EQ(lines.back().at("split"), "not attributed");
  EXPECT_EQ(lines.back().at("window_begin"), format_time(kNotAttributed));
  EXPECT_EQ(lines.back().at("total_cost"), "") << "unknown, and not 0";
}

TEST_F(CustomerReport, AMonthThatIsNotOverSaysSo) {
  const std::string page = written(ReportFormat::kHtml, {kScript}, kFirst + 2h + 7min);
  EXPECT_THAT(page, HasSubstr(" is not over: this covers the hours that had ended by " +
                              format_engine_time(kFirst + 2h).substr(0, 16)));
  EXPECT_THAT(written(ReportFormat::kHtml, {kScript}), Not(HasSubstr("is not over")));
  const auto refused =
      write_customer_report(*client_, {.month = month(), .asked_at = month().begin}, *client_->names(),
                            [](std::string_view) { return Result<void>(); });
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("has ended yet"));
}

TEST_F(CustomerReport, WhatIsNotKnownIsNoZero) {
  EXPECT_THAT(
      written(ReportFormat::kHtml, {Uuid{9, 9}}),
      AllOf(HasSubstr("is not known: the store has no request and no charge of it"), Not(HasSubstr("0.00"))));
  EXPECT_TRUE(lines_of(written(ReportFormat::kCsv, {Uuid{9, 9}})).empty());
}

TEST_F(CustomerReport, CsvHasTheRowsOfThePageWithAllDigitsAndNoFormula) {
  const auto lines = lines_of(written(ReportFormat::kCsv, {}));
  std::map<std::pair<std::string, std::string>, double> sums;
  for (const Line& line : lines) {
    if (line.at("total_cost").empty()) continue;
    sums[{line.at("split"), line.at("currency")}] += std::stod(line.at("total_cost"));
    EXPECT_FALSE(line.at("customer_name").starts_with('=')) << line.at("customer_name");
    EXPECT_FALSE(line.at("model_name").starts_with('=')) << line.at("model_name");
  }
  for (const char* split : {"customer", "service", "model", "day"})
    for (const char* currency : {"USD", "EUR"})
      EXPECT_NEAR((sums.at({split, currency})), (sums.at({"total", currency})), 1e-9) << split << currency;
  EXPECT_THAT(written(ReportFormat::kCsv, {}), HasSubstr("\"'=HYPERLINK(\"\"http://evil\"\")\""));
}

/// What identifies a charge of an hour.
std::string charge_of(const std::string& hour, const std::string& instance, const std::string& currency) {
  return hour + " " + instance + " " + currency;
}

TEST_F(CustomerReport, FocusRowsAddUpToTheRawChargesExactly) {
  std::map<std::string, std::int64_t> billed, allocated, ratios, listed;
  const auto asked = client_->with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(
        const auto rows,
        query_texts(session,
                    {.sql = "SELECT formatDateTime(toStartOfHour(timestamp), '%FT%TZ'), CAST(instance_id, "
                            "'String'), CAST(currency, 'String'), "
                            "toString(toDecimal128(cost_per_hour * ifNull(hours_covered, 1), 20)) "
                            "FROM optiinfra.cost_metrics_ts"}));
    for (const auto& row : rows) {
      // Rounded here, from the digits.
      const std::size_t point = std::min(row[3].find('.'), row[3].size());
      const std::string digits = point == row[3].size() ? "" : row[3].substr(point + 1);
      const std::string nine = (digits + "000000000").substr(0, 9);
      std::int64_t nano = billionths(row[3].substr(0, point) + "." + nine);
      if (digits.size() > 9 && digits[9] >= '5') nano += row[3].starts_with('-') ? -1 : 1;
      if (row[0] < format_time(kNotAttributed)) billed[charge_of(row[0], row[1], row[2])] += nano;
    }
    return {};
  });
  ASSERT_TRUE(asked) << asked.error().message;

  const auto lines = lines_of(written(ReportFormat::kFocus, {}));
  for (const Line& line : lines) {
    const std::string charge =
        charge_of(line.at("ChargePeriodStart"), line.at("ResourceId"), line.at("BillingCurrency"));
    allocated[charge] += billionths(line.at("EffectiveCost"));
    const std::string details = line.at("AllocatedMethodDetails");
    const std::string before = "{\"Elements\":[{\"AllocatedRatio\":";
    ASSERT_THAT(details, ::testing::StartsWith(before));
    ratios[charge] += billionths(details.substr(before.size(), details.find('}') - before.size()));
    EXPECT_EQ(line.at("BilledCost"), line.at("EffectiveCost"));
    const bool has_list = line.at("BillingCurrency") == "EUR";
    EXPECT_EQ(line.at("ListCost").empty(), !has_list) << "not known of the others";
    if (has_list) listed[charge] += billionths(line.at("ListCost"));
    EXPECT_EQ(line.at("BillingAccountId"), kPlatform.to_string());
    EXPECT_EQ(line.at("AllocatedMethodId"), "optiinfra-attributed-cost");
    const bool is_of_requests = line.at("x_CostKind") == "served" || line.at("x_CostKind") == "wasted";
    EXPECT_EQ(!line.at("AllocatedResourceId").empty(), is_of_requests) << line.at("x_CostKind");
  }
  EXPECT_EQ(billed.size(), 4u * 4);
  EXPECT_EQ(allocated, billed);
  EXPECT_EQ(listed.size(), 4u);
  for (const auto& [charge, list] : listed) EXPECT_EQ(list, 4'100'000'000) << charge;
  for (const auto& [charge, ratio] : ratios) EXPECT_EQ(ratio, 1'000'000'000) << charge;
}

TEST_F(CustomerReport, TheFocusRowsOfEachCustomerAreTheirsAloneAndTogetherAll) {
  std::map<std::string, std::int64_t> everyones, theirs;
  const auto add = [](std::map<std::string, std::int64_t>& sums, const Line& line) {
    sums[line.at("BillingCurrency")] += billionths(line.at("EffectiveCost"));
    if (!line.at("ListCost").empty()) sums["list"] += billionths(line.at("ListCost"));
  };
  for (const Line& line : lines_of(written(ReportFormat::kFocus, {}))) add(everyones, line);
  for (const Uuid& customer : {kPlatform, kScript, kFormula}) {
    const std::string csv = written(ReportFormat::kFocus, {customer});
    for (const Uuid& other : {kPlatform, kScript, kFormula}) {
      if (other != customer) {
        EXPECT_THAT(csv, Not(HasSubstr(other.to_string())));
      }
    }
    EXPECT_THAT(csv, Not(HasSubstr("AllocatedRatio\""))) << "it would tell what the others cost";
    for (const Line& line : lines_of(csv)) add(theirs, line);
  }
  EXPECT_EQ(theirs, everyones);
}

TEST_F(CustomerReport, SaysThatHoursWithoutABillAreEstimated) {
  constexpr const char* kNotice = "have the price of the price book here";
  EXPECT_THAT(written(ReportFormat::kHtml, {}), Not(HasSubstr(kNotice)));
  const attribution::Price price{
      .sku = "gpu-of-nobody", .price = 3, .currency = "USD", .source = "rent & power"};
  ASSERT_TRUE(attribution::set_prices(*client_, {price}));
  ASSERT_TRUE(attribution::attribute(*client_, {kFirst, kNotAttributed}));
  EXPECT_THAT(written(ReportFormat::kHtml, {}),
              AllOf(HasSubstr(kNotice), HasSubstr("From: bill, price book: rent &amp; power")));
  std::size_t estimates = 0;
  for (const Line& line : lines_of(written(ReportFormat::kFocus, {}))) {
    const bool is_estimate = line.at("x_PriceSource").starts_with("price book");
    estimates += is_estimate ? 1 : 0;
    EXPECT_EQ(line.at("BilledCost"), is_estimate ? "0" : line.at("EffectiveCost")) << "no invoice has it yet";
  }
  EXPECT_GT(estimates, 0u);
  ASSERT_TRUE(attribution::remove_price(*client_, price));
  ASSERT_TRUE(attribution::attribute(*client_, {kFirst, kNotAttributed}));
  EXPECT_THAT(written(ReportFormat::kHtml, {}), Not(HasSubstr(kNotice)));
}

TEST_F(CustomerReport, ConvertsToOneCurrencyWhereThereAreRates) {
  CustomerReportQuestion question{.month = month(), .currency = "USD", .asked_at = now()};
  std::string page;
  const auto write = [&] {
    page.clear();
    return write_customer_report(*client_, question, Names(), [&](std::string_view piece) -> Result<void> {
      page += piece;
      return {};
    });
  };
  const auto refused = write();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("there is no rate from EUR to USD"));
  const attribution::ExchangeRate rate{"EUR", "USD", std::chrono::floor<std::chrono::days>(kFirst), 1.25,
                                       "ECB"};
  ASSERT_TRUE(attribution::set_exchange_rates(*client_, {rate}));
  ASSERT_TRUE(write());
  EXPECT_THAT(page, HasSubstr("each hour by the rate of its day: EUR: ECB, "));
  question.format = ReportFormat::kFocus;
  EXPECT_FALSE(write()) << "FOCUS rows have the currency of their charge";
  ASSERT_TRUE(attribution::remove_exchange_rate(*client_, rate));
}

TEST_F(CustomerReport, TheProgramPrintsIt) {
  const std::string month_text = format_time(kFirst).substr(0, 7);
  delete client_;
  client_ = nullptr;
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {OPTIINFRA_PROGRAM, "--url", url(), "report", "customer"});
    return testing::run_program(arguments);
  };
  auto result = run({"--month", month_text, "--customer", "<script>alert(1)</script>"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_THAT(result.output, AllOf(::testing::StartsWith("<!doctype html>"), HasSubstr("&lt;script&gt;")));
  result = run({"--month", month_text, "--format", "focus"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_THAT(result.error_output, HasSubstr("optiinfra attribute --from " + format_time(kNotAttributed)))
      << "FOCUS rows cannot name the hour";
  EXPECT_THAT(result.output, ::testing::StartsWith("BilledCost,EffectiveCost,"));
  result = run({"--month", "2026-13"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.error_output, HasSubstr("'2026-13' is not a month such as 2026-11"));
  auto opened = Client::open(url());
  ASSERT_TRUE(opened) << opened.error().message;
  client_ = new Client(*std::move(opened));
}

}  // namespace
}  // namespace optiinfra::billing
