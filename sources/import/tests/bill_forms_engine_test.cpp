// Bills of every form, imported without a map: it is known by the columns, and the sum in the file is the sum
// that is stored and the sum that is left out.
#include <map>
#include <numeric>

#include "import_fixture.hpp"

namespace optiinfra {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// One store for all, whose raw table each test empties.
class BillFormTest : public ImportTest {
 protected:
  static void TearDownTestSuite() {
    shared_client_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(shared_folder_, ignored);
  }

  void SetUp() override {
    if (!shared_client_) {
      ImportTest::SetUp();
      shared_folder_ = folder_;
    } else {
      client_ = std::move(shared_client_);
      folder_ = shared_folder_;
      execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
    }
  }

  void TearDown() override { shared_client_ = std::move(client_); }

  /// Imports the file by its columns alone, and checks what must hold for every bill.
  FileReport bill(const std::filesystem::path& file, const std::string& map, double amount) {
    const FileReport report = imported(Family::kCost, file, "");
    EXPECT_EQ(report.map, map);
    EXPECT_EQ(report.rows_refused, 0u) << (report.rows_refused == 0 ? "" : read(report.rejected_path));
    double in_bill = 0, stored = 0;
    for (const BilledCategory& each : report.bill) in_bill += each.amount, stored += each.stored;
    EXPECT_NEAR(in_bill, amount, 1e-9) << "the sum of the file";
    EXPECT_NEAR(stored, std::stod(ask("SELECT sum(cost_per_hour) FROM optiinfra.cost_metrics_ts")), 1e-9);
    return report;
  }

  FileReport bill(const std::string& name, const std::string& content, const std::string& map,
                  double amount) {
    return bill(write(name, content), map, amount);
  }

  static std::map<std::string, double> stored_by_category(const FileReport& report) {
    std::map<std::string, double> stored;
    for (const BilledCategory& each : report.bill)
      stored[each.category] = std::round(each.stored * 1e6) / 1e6;
    return stored;
  }

  /// Sums of what is stored, by the charge and by what else `columns` say.
  std::string rows(const std::string& columns) {
    return ask("SELECT " + columns +
               ", round(sum(cost_per_hour), 6) FROM optiinfra.cost_metrics_ts GROUP BY ALL ORDER BY ALL");
  }

  static inline std::optional<Client> shared_client_;
  static inline std::filesystem::path shared_folder_;
};

constexpr const char* kFocusLines =
    // Usage, covered, unused, a correction, a credit, an adjustment, a tax, a purchase.
    "Usage,,2026-03-01T00:00:00Z,2026-03-01T02:00:00Z,10,12,Standard,,i-1,us-east-1,1001\n"
    "Usage,,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,6,9,Committed,Used,i-2,us-east-1,1001\n"
    "Usage,,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,4,4,Committed,Unused,plan-1,us-east-1,1001\n"
    "Usage,Correction,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,-0.5,0,Standard,,i-1,us-east-1,1001\n"
    "Usage,,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,1,3,Dynamic,,i-3,us-east-1,1002\n"
    "Credit,,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,-3,0,,,,,1002\n"
    "Adjustment,,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,0.25,0,,,,,1002\n"
    "Tax,,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,2,0,,,,,1002\n"
    "Purchase,,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,0,100,,,,,1002\n";

constexpr double kFocusAmount = 10 + 6 + 4 - 0.5 + 1 - 3 + 0.25 + 2;

std::string focus(const std::string& more_columns, const std::string& more_cells) {
  std::string text =
      "ChargeCategory,ChargeClass,ChargePeriodStart,ChargePeriodEnd,EffectiveCost,ListCost,PricingCategory,"
      "CommitmentDiscountStatus,ResourceId,RegionId,SubAccountId" +
      more_columns + "\n";
  for (std::string_view lines = kFocusLines; !lines.empty();) {
    const auto end = lines.find('\n');
    text += std::string(lines.substr(0, end)) + more_cells + "\n";
    lines.remove_prefix(end + 1);
  }
  return text;
}

TEST_F(BillFormTest, FocusOfEveryVersion) {
  const FileReport first =
      bill("focus-1.0.csv", focus(",ProviderName,BillingCurrency", ",AWS,USD"), "focus", kFocusAmount);
  EXPECT_THAT(stored_by_category(first),
              ElementsAre(Pair("Adjustment", 0.25), Pair("Credit", -3), Pair("Purchase", 0), Pair("Tax", 0),
                          Pair("Usage", 20.5)));
  EXPECT_EQ(rows("toString(charge_category), instance_id, is_reserved, is_spot, count()"),
            "adjustment\t\t0\t0\t1\t0.25\nadjustment\ti-1\t0\t0\t1\t-0.5\ncredit\t\t0\t0\t1\t-3\n"
            "usage\t\t1\t0\t1\t4\nusage\ti-1\t0\t0\t2\t10\nusage\ti-2\t1\t0\t1\t6\nusage\ti-3\t0\t1\t1\t1");
  EXPECT_EQ(ask("SELECT round(sum(list_cost_per_hour), 6) FROM optiinfra.cost_metrics_ts"), "28");
  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  bill("focus-1.2.csv",
       focus(",ProviderName,BillingCurrency,InvoiceId,PricingCurrency,SkuPriceDetails",
             ",Microsoft,EUR,inv-7,USD,\"{\"\"InstanceType\"\": \"\"ND96\"\"}\""),
       "focus", kFocusAmount);
  EXPECT_EQ(rows("cloud_provider, currency, bill_id, instance_type"), "azure\tEUR\tinv-7\tND96\t17.75");
  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  bill("focus-1.3.csv", focus(",ServiceProviderName,HostProviderName,BillingCurrency", ",Nebius,Nebius,USD"),
       "focus", kFocusAmount);
  EXPECT_EQ(rows("cloud_provider"), "nebius\t17.75");
}

constexpr const char* kCur2Header =
    "bill_invoice_id,line_item_line_item_type,line_item_usage_start_date,line_item_usage_end_date,"
    "line_item_unblended_cost,line_item_product_code,line_item_usage_type,line_item_resource_id,"
    "line_item_usage_account_id,line_item_currency_code,product,resource_tags,"
    "savings_plan_savings_plan_effective_cost,savings_plan_total_commitment_to_date,"
    "savings_plan_used_commitment,reservation_effective_cost\n";

std::string cur2_line(const std::string& type, const std::string& cost, const std::string& resource,
                      const std::string& account, const std::string& commitment = ",,,") {
  return "inv-1," + type + ",2026-03-01 10:00:00.000,2026-03-01 11:00:00.000," + cost +
         ",AmazonEC2,BoxUsage," + resource + "," + account +
         R"(,USD,"{""instance_type"":""p5.48xlarge"",""region"":""us-east-1""}",)" +
         R"("{""user_team"":""search""}",)" + commitment + "\n";
}

std::string cur2() {
  return kCur2Header + cur2_line("Usage", "10", "i-1", "012345678901") +
         cur2_line("SavingsPlanCoveredUsage", "30", "i-2", "012345678901", "6,,,") +
         cur2_line("SavingsPlanNegation", "-30", "i-2", "012345678901") +
         cur2_line("SavingsPlanRecurringFee", "10", "", "999999999999", ",10,6,") +
         cur2_line("DiscountedUsage", "0", "i-3", "111111111111", ",,,2") +
         cur2_line("Refund", "-2", "i-1", "012345678901") + cur2_line("Tax", "1.5", "", "012345678901");
}

TEST_F(BillFormTest, CostAndUsageReportsOfTheSecondForm) {
  // Compressed as AWS delivers it.
  const auto plain = write("cur2.csv", cur2());
  const auto file = folder_ / "cur2.csv.gz";
  execute("INSERT INTO FUNCTION file('" + file.string() +
          "', 'RawBLOB', 'a String', 'gzip') SELECT * FROM file('" + plain.string() +
          "', 'RawBLOB', 'a String')");
  const FileReport report = bill(file, "aws-cur", 10 + 30 - 30 + 10 + 0 - 2 + 1.5);
  EXPECT_THAT(stored_by_category(report),
              ElementsAre(Pair("DiscountedUsage", 2), Pair("Refund", -2), Pair("SavingsPlanCoveredUsage", 6),
                          Pair("SavingsPlanNegation", 0), Pair("SavingsPlanRecurringFee", 4), Pair("Tax", 0),
                          Pair("Usage", 10)));
  EXPECT_EQ(rows("instance_id, toString(charge_category), instance_type, region, bill_id"),
            "\tusage\tp5.48xlarge\tus-east-1\tinv-1\t4\ni-1\trefund\tp5.48xlarge\tus-east-1\tinv-1\t-2\n"
            "i-1\tusage\tp5.48xlarge\tus-east-1\tinv-1\t10\ni-2\tusage\tp5.48xlarge\tus-east-1\tinv-1\t6\n"
            "i-3\tusage\tp5.48xlarge\tus-east-1\tinv-1\t2");
  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  const auto parquet = folder_ / "cur2.parquet";
  execute(
      "INSERT INTO FUNCTION file('" + parquet.string() +
      "', 'Parquet') SELECT * REPLACE (JSONExtract(ifNull(product, ''), 'Map(String, String)') AS product, "
      "JSONExtract(ifNull(resource_tags, ''), 'Map(String, String)') AS resource_tags, "
      "toDateTime64(line_item_usage_start_date, 3, 'UTC') AS line_item_usage_start_date, "
      "toDateTime64(line_item_usage_end_date, 3, 'UTC') AS line_item_usage_end_date) FROM file('" +
      plain.string() + "', 'CSVWithNames')");
  bill(parquet, "aws-cur", 19.5 - 0);
  EXPECT_EQ(rows("instance_type, region"), "p5.48xlarge\tus-east-1\t20");
}

TEST_F(BillFormTest, AzureHeadersOfEveryStyle) {
  bill("mca.csv",
       "invoiceId,billingAccountId,resourceGroupName,resourceLocation,date,meterCategory,meterSubCategory,"
       "ResourceId,additionalInfo,chargeType,pricingModel,costInBillingCurrency,billingCurrency,costInUsd,"
       "subscriptionId\n"
       "G1,b-1,rg,westeurope,03/01/2026,Virtual "
       "Machines,ND,/vm/1,\"{\"\"ServiceType\"\":\"\"Standard_ND96\"\"}\","
       "Usage,OnDemand,24,EUR,30,s-1\n"
       "G1,b-1,rg,westeurope,03/01/2026,Virtual Machines,ND,/vm/2,,Usage,Reservation,12,EUR,15,s-1\n"
       "G1,b-1,rg,westeurope,03/01/2026,Virtual "
       "Machines,ND,/res/1,,UnusedReservation,Reservation,6,EUR,7,s-1\n"
       "G1,b-1,rg,westeurope,03/01/2026,Virtual Machines,ND,/vm/1,,Refund,OnDemand,-4,EUR,-5,s-1\n"
       "G1,b-1,rg,westeurope,03/01/2026,Virtual Machines,ND,/res/1,,Refund,Reservation,-100,EUR,-125,s-1\n"
       "G1,b-1,,,03/01/2026,Support,,,,Purchase,OnDemand,50,EUR,60,s-1\n"
       "G1,b-1,,,03/01/2026,Rounding,,,,RoundingAdjustment,,-0.01,EUR,0,s-1\n",
       "azure-cost", 24 + 12 + 6 - 4 - 100 + 50 - 0.01);
  EXPECT_EQ(
      rows("instance_id, toString(charge_category), instance_type, is_reserved, currency, bill_id, count()"),
      "\tadjustment\t\t0\tEUR\tG1\t24\t-0.01\n\tusage\tND\t1\tEUR\tG1\t24\t6\n/vm/"
      "1\trefund\tND\t0\tEUR\tG1\t24\t-4\n"
      "/vm/1\tusage\tStandard_ND96\t0\tEUR\tG1\t24\t24\n/vm/2\tusage\tND\t1\tEUR\tG1\t24\t12");
  struct Style {
    const char *name, *content;
  };
  const Style styles[] = {
      {"ea-2017.csv",
       "SubscriptionGuid,ResourceLocation,UsageDateTime,MeterCategory,MeterSubcategory,UsageQuantity,"
       "PreTaxCost,"
       "InstanceId,Currency\ng,us,2026-03-01,Virtual Machines,F,1,7,/vm/1,USD\n"},
      {"portal.csv",
       "\"Subscription Guid\",\"Resource Location\",\"Date\",\"Meter Category\",\"Meter "
       "Sub-Category\",\"Extended "
       "Cost\",\"Instance ID\",\"Currency\"\ng,us,3/1/2026,Virtual Machines,F,7,/vm/1,usd\n"},
      {"payg-2021.csv",
       "SubscriptionId,ResourceLocation,Date,MeterCategory,MeterSubCategory,Cost,ResourceId,BillingCurrency,"
       "ChargeType\ng,us,2026-03-01T00:00:00Z,Virtual Machines,F,7,/vm/1,USD,Usage\n"},
      {"csp.csv",
       "CustomerName,SubscriptionId,ResourceLocation,UsageDate,MeterCategory,MeterSubCategory,"
       "BillingPreTaxTotal,"
       "ResourceURI,BillingCurrency,InvoiceNumber,ChargeType\nA,g,us,3/1/2026,Virtual "
       "Machines,F,7,/vm/1,USD,,\n"}};
  for (const Style& style : styles) {
    SCOPED_TRACE(style.name);
    execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
    bill(style.name, style.content, "azure-cost", 7);
    EXPECT_EQ(rows("instance_id, instance_type, region, currency, min(timestamp)"),
              "/vm/1\tF\tus\tUSD\t2026-03-01 00:00:00\t7");
  }
}

constexpr const char* kGcpLine =
    R"({"billing_account_id":"A-1","service":{"id":"1","description":"Compute Engine"},"sku":{"id":"2",)"
    R"("description":"Spot Preemptible A3"},"usage_start_time":"2026-03-01 10:00:00 UTC",)"
    R"("usage_end_time":"2026-03-01 12:00:00 UTC","project":{"id":"p-1"},"labels":[{"key":"team","value":"search"}],)"
    R"("system_labels":[{"key":"compute.googleapis.com/machine_spec","value":"a3-highgpu-8g"}],)"
    R"("location":{"region":"us-central1"},"cost":"10","currency":"USD","credits":[{"name":"d","amount":"-3",)"
    R"("type":"COMMITTED_USAGE_DISCOUNT"},{"name":"f","amount":-10.0000001,"type":"PROMOTION"}],)"
    R"("invoice":{"month":"202603"},"cost_type":"regular","resource":{"name":"vm-1"}})";

TEST_F(BillFormTest, GoogleCloudsCreditsAreRowsOfTheirOwn) {
  const std::string tax =
      R"({"cost":2,"cost_type":"tax","usage_start_time":"2026-03-01 10:00:00 UTC","usage_end_time":"2026-03-01 11:00:00 UTC","credits":[]})"
      "\n";
  const double amount = 10 - 3 - 10.0000001 + 2;
  const FileReport report = bill("gcp.jsonl", std::string(kGcpLine) + "\n" + tax, "gcp-billing", amount);
  EXPECT_THAT(stored_by_category(report),
              ElementsAre(Pair("credit", -13), Pair("regular", 10), Pair("tax", 0)));
  const std::string expected = "credit\tvm-1\t0\t2\t-10\ncredit\tvm-1\t1\t2\t-3\nusage\tvm-1\t0\t2\t10";
  EXPECT_EQ(rows("toString(charge_category), instance_id, is_reserved, count()"), expected);
  EXPECT_EQ(rows("service_name, instance_type, region, is_spot, currency, bill_id"),
            "Compute Engine\ta3-highgpu-8g\tus-central1\t1\tUSD\tA-1/202603\t-3");
  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  std::string python = kGcpLine;
  const std::size_t at = python.find("\"credits\":[");
  python.replace(at, python.find("\"invoice\"") - at, "\"credits\":\"[{'name': 'd', 'amount': -3}]\",");
  EXPECT_EQ(imported(Family::kCost, write("gcp-python.jsonl", python), "").rows_refused, 1u)
      << "its credit would get lost";
  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  bill("gcp.csv",
       "billing_account_id,service.description,sku.description,usage_start_time,usage_end_time,project.id,"
       "cost,"
       "currency,credits,invoice.month,cost_type,resource.name,location.region\n"
       "A-1,Compute Engine,A3,2026-03-01 10:00:00+00:00,2026-03-01 12:00:00+00:00,p-1,10,USD,"
       "\"[{\"\"name\"\":\"\"d\"\",\"\"amount\"\":-3,\"\"type\"\":\"\"COMMITTED_USAGE_DISCOUNT\"\"},{"
       "\"\"amount\"\":-10.0000001}]\","
       "202603,regular,vm-1,us-central1\n",
       "gcp-billing", amount - 2);
  EXPECT_EQ(rows("toString(charge_category), instance_id, is_reserved, count()"), expected);
  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  const auto parquet = folder_ / "gcp.parquet";
  execute(
      "INSERT INTO FUNCTION file('" + parquet.string() +
      "', 'Parquet') SELECT toDateTime64('2026-03-01 10:00:00', 6, 'UTC') AS usage_start_time, "
      "toDateTime64('2026-03-01 12:00:00', 6, 'UTC') AS usage_end_time, 10. AS cost, 'regular' AS cost_type, "
      "CAST(('1', 'Compute Engine') AS Tuple(id String, description String)) AS service, "
      "CAST([('d', -3.)] AS Array(Tuple(name String, amount Float64))) AS credits");
  bill(parquet, "gcp-billing", 7);
  EXPECT_EQ(rows("toString(charge_category), service_name, count()"),
            "credit\tCompute Engine\t2\t-3\nusage\tCompute Engine\t2\t10");
}

TEST_F(BillFormTest, TheCostTableOfGoogleCloudsConsoleBelowItsTitle) {
  const FileReport report = bill(
      "table.csv",
      "Invoice number,123,\nBilling account ID,A-1,\nTotal amount due,$95.00,\n\n"
      "Billing account name,Billing account ID,Project name,Project ID,Service description,Service ID,SKU "
      "description,SKU ID,Credit type,Cost type,Usage start date,Usage end date,Usage amount,Usage unit,"
      "Unrounded Cost ($),Cost ($)\n"
      "Acme,A-1,P,p-1,Compute Engine,S1,A3,K1,,Usage,2026-03-01,2026-03-02,\"1,000\",count,48,48.00\n"
      "Acme,A-1,P,p-1,Compute Engine,S1,A3,K1,Promotion,Usage,2026-03-01,2026-03-01,0,count,-5,-5.00\n"
      "Acme,A-1,,,Tax,T,Tax,T,,Tax,2026-03-01,2026-03-31,0,,3,3.00\n"
      ",,,,,,,,,,,,,Total,46,46.00\n",
      "gcp-cost-table", 48 - 5 + 3);
  EXPECT_EQ(report.rows_read, 4u);
  EXPECT_EQ(rows("toString(charge_category), service_name, count()"),
            "credit\tCompute Engine\t24\t-5\nusage\tCompute Engine\t48\t48");
}

TEST_F(BillFormTest, OracleCostReports) {
  bill(
      "oci.csv",
      "lineItem/referenceNo,lineItem/tenantId,lineItem/intervalUsageStart,lineItem/intervalUsageEnd,product/"
      "service,"
      "product/compartmentId,product/compartmentName,product/region,product/resourceId,usage/billedQuantity,"
      "product/Description,cost/myCost,cost/currencyCode,lineItem/isCorrection\n"
      "r1,t1,2026-03-01T10:00Z,2026-03-01T11:00Z,COMPUTE,c1,root,us-ashburn-1,ocid1,1,GPU A100,8,USD,false\n"
      "r2,t1,2026-03-01T10:00Z,2026-03-01T12:00Z,COMPUTE,c1,root,us-ashburn-1,ocid1,1,GPU A100,-2,USD,true\n",
      "oracle-cost", 6);
  EXPECT_EQ(rows("toString(charge_category), instance_id, region, currency, count()"),
            "adjustment\tocid1\tus-ashburn-1\tUSD\t2\t-2\nusage\tocid1\tus-ashburn-1\tUSD\t1\t8");
}

constexpr const char* kOther = "33333333-3333-4333-8333-333333333333";

TEST_F(BillFormTest, CustomersByAccountAndByTag) {
  const auto import_by = [this](const std::filesystem::path& file, const std::string& customers) {
    ImportOptions options;
    options.family = Family::kCost;
    options.files = {file};
    options.customers = write("customers.csv", customers);
    return import_files(*client_, options);
  };
  const auto file = write("cur-by.csv", cur2());
  auto report = import_by(
      file, std::string("account,customer\n012345678901,") + kCustomer + "\n111111111111," + kOther + "\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->files[0].rows_without_customer, ElementsAre(Pair("999999999999", 1)));
  EXPECT_EQ(report->files[0].rows_refused, 1u);
  EXPECT_EQ(rows("customer_id"), std::string(kCustomer) + "\t14\n" + kOther + "\t2");
  report = import_by(file, std::string("account,customer\n111111111111,") + kOther + "\n");
  ASSERT_FALSE(report) << "its rows would count twice";
  EXPECT_THAT(report.error().message, HasSubstr("through the map aws-cur with other customers"));
  report = import_by(
      file, std::string("account,customer\n111111111111,") + kOther + "\n012345678901," + kCustomer + "\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->files[0].was_already_imported) << "the order of the lines is no other map";
  EXPECT_THAT(rejected(report->files[0]).at(0)["reason"].get<std::string>(),
              HasSubstr("no customer for 999999999999"));

  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  forget_imports();
  report =
      import_by(file, std::string("account,customer\n111111111111,") + kOther + "\n*," + kCustomer + "\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].rows_refused, 0u);
  EXPECT_EQ(rows("customer_id"), std::string(kCustomer) + "\t18\n" + kOther + "\t2");

  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  forget_imports();
  report = import_by(file, std::string("tag:user_team,customer\nsearch,") + kOther + "\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(rows("customer_id"), std::string(kOther) + "\t20");

  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  forget_imports();
  report =
      import_by(write("gcp-by.jsonl", kGcpLine), std::string("tag:team,customer\nsearch,") + kOther + "\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(rows("customer_id, count()"), std::string(kOther) + "\t6\t-3");

  forget_imports();
  for (const auto& [customers, what] :
       {std::pair("account,who\n1,x\n", "line 1 must be a header of two columns"),
        std::pair("account,customer\n1,nobody-known\n", "line 2"),
        std::pair("account,customer\n1,11111111-1111-4111-8111-111111111111\n1,11111111-1111-4111-8111-"
                  "111111111111\n",
                  "line 3 has the key '1' again"),
        std::pair("acount,customer\n1,11111111-1111-4111-8111-111111111111\n",
                  "there is no column 'acount'")}) {
    report = import_by(file, customers);
    ASSERT_FALSE(report) << customers;
    EXPECT_THAT(report.error().message, HasSubstr(what));
  }
}

TEST_F(BillFormTest, ANamedMapWinsAndAFileThatNearlyFitsSaysWhatItLacks) {
  std::string text = focus(",ProviderName", ",AWS");
  text.replace(text.find("EffectiveCost"), 13, "NetCost");
  const auto near = write("near.csv", text);
  EXPECT_THAT(refusal(Family::kCost, near, ""),
              HasSubstr("the nearest ready-made map is focus, which also needs 'EffectiveCost'"));
  const std::string toml = "[columns]\ntimestamp = \"ChargePeriodStart\"\ncustomer_id = \"'" +
                           std::string(kCustomer) +
                           "'\"\ncloud_provider = \"'mine'\"\ncost_per_hour = \"abs(EffectiveCost)\"\n";
  const auto file = write("named.csv", focus(",ProviderName", ",AWS"));
  EXPECT_EQ(imported(Family::kCost, file, write("mine.toml", toml).string()).rows_stored, 9u);
  EXPECT_EQ(rows("cloud_provider"), "mine\t26.75");
  EXPECT_THAT(refusal(Family::kPerformance, file, ""),
              HasSubstr("they are those of focus, which are cost metrics"));
  EXPECT_THAT(refusal(Family::kCost, near, "contract"), HasSubstr("is not a column of cost_metrics_ts"));
}

}  // namespace
}  // namespace optiinfra
