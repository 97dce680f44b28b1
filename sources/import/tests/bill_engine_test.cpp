// Bills: each of their lines is stored at what it really cost, or is left out and said to be.
#include <cmath>

#include "import_fixture.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class BillTest : public ImportTest {
 protected:
  double stored() { return std::stod(ask("SELECT sum(cost_per_hour) FROM optiinfra.cost_metrics_ts")); }

  /// Checks that every line of the bill is accounted for, and returns what is stored of a category.
  static double stored_of(const FileReport& report, const std::string& category) {
    for (const BilledCategory& each : report.bill)
      if (each.category == category) return each.stored;
    return -1;
  }

  static BilledCategory total_of(const FileReport& report) {
    BilledCategory total;
    for (const BilledCategory& each : report.bill) {
      total.lines += each.lines;
      total.amount += each.amount;
      total.stored += each.stored;
    }
    return total;
  }
};

constexpr const char* kCurHeader =
    "lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UnblendedCost,"
    "lineItem/ProductCode,lineItem/ResourceId,lineItem/UsageType,savingsPlan/SavingsPlanEffectiveCost,"
    "savingsPlan/TotalCommitmentToDate,savingsPlan/UsedCommitment,reservation/EffectiveCost,"
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod,reservation/UnusedRecurringFee\n";

/// A line for one hour; `more` are the columns of commitments.
std::string cur_line(const std::string& type, const std::string& cost, const std::string& resource,
                     const std::string& more = ",,,,,") {
  return type + ",2026-03-01T10:00:00Z,2026-03-01T11:00:00Z," + cost + ",AmazonEC2," + resource +
         ",BoxUsage," + more + "\n";
}

TEST_F(BillTest, WhatACommitmentCoversCostsItsShareOfIt) {
  const auto file = write("cur.csv", kCurHeader + cur_line("Usage", "10", "i-1") +
                                         cur_line("SavingsPlanCoveredUsage", "30", "i-2", "6,,,,,") +
                                         cur_line("SavingsPlanNegation", "-30", "i-2") +
                                         cur_line("SavingsPlanRecurringFee", "10", "", ",10,6,,,") +
                                         cur_line("SavingsPlanUpfrontFee", "1000", "") +
                                         cur_line("DiscountedUsage", "0", "i-3", ",,,2,,") +
                                         cur_line("RIFee", "5", "", ",,,,1,2") + cur_line("Tax", "1.5", "") +
                                         cur_line("Credit", "-4", "i-1") + cur_line("Refund", "-2", "i-1"));
  const FileReport report = imported(Family::kCost, file, "aws-cur");
  EXPECT_EQ(report.rows_refused, 0u);
  EXPECT_DOUBLE_EQ(stored(), 10 + 6 + 4 + 2 + 3 - 4 - 2)
      << "usage, covered, unused, reserved, unused, credit, refund";
  EXPECT_DOUBLE_EQ(stored_of(report, "SavingsPlanRecurringFee"), 4) << "what nobody used of the plan";
  EXPECT_DOUBLE_EQ(stored_of(report, "RIFee"), 3);
  EXPECT_DOUBLE_EQ(stored_of(report, "Credit"), -4);
  EXPECT_EQ(ask("SELECT sum(credit_cost) FROM optiinfra.cost_hourly"), "-6");
  const BilledCategory total = total_of(report);
  EXPECT_EQ(total.lines, 10u);
  EXPECT_DOUBLE_EQ(total.amount, 10 + 30 - 30 + 10 + 1000 + 0 + 5 + 1.5 - 4 - 2);
  EXPECT_DOUBLE_EQ(total.stored, stored());
  EXPECT_EQ(
      ask("SELECT instance_id, is_reserved, sum(cost_per_hour) FROM optiinfra.cost_metrics_ts GROUP BY 1, 2 "
          "ORDER BY 1"),
      "\t1\t7\ni-1\t0\t4\ni-2\t1\t6\ni-3\t1\t2");
}

TEST_F(BillTest, ACoveredLineOfAReportWithoutEffectiveCostsIsRefused) {
  const auto file = write("cur.csv",
                          "lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,"
                          "lineItem/UnblendedCost,lineItem/ProductCode,lineItem/UsageType\n"
                          "SavingsPlanCoveredUsage,2026-03-01,2026-03-01,30,AmazonEC2,BoxUsage\n"
                          "SavingsPlanRecurringFee,2026-03-01,2026-03-01,30,AmazonEC2,BoxUsage\n"
                          "Usage,2026-03-01,2026-03-01,1,AmazonEC2,BoxUsage\n");
  const FileReport report = imported(Family::kCost, file, "aws-cur");
  EXPECT_EQ(report.rows_refused, 1u);
  EXPECT_EQ(report.rows_left_out, 1u) << "what was used of the fee is not known";
  EXPECT_THAT(rejected(report).at(0)["reason"].get<std::string>(), HasSubstr("cost_per_hour"));
  EXPECT_DOUBLE_EQ(stored(), 1);
}

TEST_F(BillTest, ALineThatIsSpreadOverItsHoursCountsOnceInTheBill) {
  std::string toml =
      "repeat = \"24\"\namount = \"cost\"\ncategory = \"kind\"\nwhere = \"kind = 'Usage'\"\n[source]\nday = "
      "\"DateTime\"\ncost = \"Float64\"\n[columns]\ntimestamp = \"day + toIntervalHour(repeat_index)\"\n"
      "customer_id = \"'" +
      std::string(kCustomer) + "'\"\ncloud_provider = \"'aws'\"\ncost_per_hour = \"cost / repeat_count\"\n";
  const auto file = write(
      "days.csv",
      "day,cost,kind\n2026-03-01,48,Usage\n2026-03-02,24,Usage\n2026-03-03,7,Tax\n2026-03-04,-5,Usage\n");
  const FileReport report = imported(Family::kCost, file, write("m.toml", toml).string());
  ASSERT_EQ(report.bill.size(), 2u);
  EXPECT_EQ(report.bill[0].category, "Tax");
  EXPECT_DOUBLE_EQ(report.bill[0].amount, 7);
  EXPECT_DOUBLE_EQ(report.bill[0].stored, 0);
  EXPECT_EQ(report.bill[1].lines, 3u);
  EXPECT_DOUBLE_EQ(report.bill[1].amount, 67);
  EXPECT_NEAR(report.bill[1].stored, 72, 1e-9) << "a negative cost is refused";
  EXPECT_NEAR(stored(), 72, 1e-9);
}

TEST_F(BillTest, TheCaseOfASavingsPlan) {
  const fs::path file = fs::path(OPTIINFRA_SOURCE_DIR) / "../shared/cases/savings-plan/cur.csv";
  if (!fs::exists(file)) GTEST_SKIP() << "left out: savings-plan, since ../shared/cases is not there";
  const FileReport report = imported(Family::kCost, file, "aws-cur");
  EXPECT_DOUBLE_EQ(stored(), 16);
  EXPECT_DOUBLE_EQ(total_of(report).amount, 16) << "which is also what the four lines add up to";
}

}  // namespace
}  // namespace optiinfra
