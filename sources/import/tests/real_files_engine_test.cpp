// Files as programs really write them: text that looks like numbers, keys that come late, columns without a
// name, Windows' encodings, JSON that is no line, dates of one country. The inputs of ../shared/cases are
// imported too where they are there.
#include "import_fixture.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RealFileTest : public ImportTest {
 protected:
  /// A copy of a case's file in the test's folder; empty where the cases are not there.
  fs::path shared_case(const std::string& name) const {
    const fs::path original = fs::path(OPTIINFRA_SOURCE_DIR) / "../shared/cases" / name;
    std::error_code code;
    if (!fs::exists(original, code)) return {};
    fs::copy_file(original, folder_ / original.filename(), fs::copy_options::overwrite_existing, code);
    fs::permissions(folder_ / original.filename(), fs::perms::owner_all, code);
    return folder_ / original.filename();
  }

  std::string map(const std::string& toml) {
    return write("map-" + std::to_string(++maps_) + ".toml", toml).string();
  }

  /// The columns that a cost map must give, without `cost_per_hour`.
  static std::string cost_columns() {
    return "customer_id = \"'" + std::string(kCustomer) + "'\"\ncloud_provider = \"'aws'\"\n";
  }

  std::string cost_sum() { return ask("SELECT sum(cost_per_hour) FROM optiinfra.cost_metrics_ts"); }

  int maps_ = 0;
};

#define CASE_OR_SKIP(variable, name)       \
  const auto variable = shared_case(name); \
  if (variable.empty()) GTEST_SKIP() << "left out: " name ", since ../shared/cases is not there"

std::string request_json(const std::string& more = "") {
  return "{\"timestamp\":\"2026-03-01T10:00:00Z\",\"customer_id\":\"" + std::string(kCustomer) +
         "\",\"service_id\":\"" + kService + "\",\"latency_ms\":5" + more + "}";
}

constexpr const char* kAccounts =
    "ts,account,model,cost\n"
    "2026-03-01 10:00:00,012345678901,1.10,1\n"
    "2026-03-01 10:00:00,000000000042,1.1,2\n"
    "2026-03-01 10:00:00,999999999999999999999,2.0,4\n";

TEST_F(RealFileTest, TextThatGoesIntoATextColumnStaysAsItIs) {
  const auto report = imported(Family::kCost, write("accounts.csv", kAccounts),
                               map("[columns]\ntimestamp = \"ts\"\n" + cost_columns() +
                                   "service_name = \"account\"\ninstance_type = \"model\"\nregion = "
                                   "\"concat('r-', account)\"\ncost_per_hour = \"cost * 2\"\n"));
  EXPECT_EQ(report.rows_stored, 3u);
  EXPECT_EQ(ask("SELECT service_name, instance_type, region, cost_per_hour FROM optiinfra.cost_metrics_ts "
                "ORDER BY cost_per_hour"),
            "012345678901\t1.10\tr-012345678901\t2\n000000000042\t1.1\tr-000000000042\t4\n"
            "999999999999999999999\t2.0\tr-999999999999999999999\t8");
}

TEST_F(RealFileTest, AColumnThatIsComputedWithGoesIntoATextColumnAsItIsTheSame) {
  const auto report = imported(Family::kCost, write("accounts.csv", kAccounts),
                               map("[columns]\ntimestamp = \"ts\"\n" + cost_columns() +
                                   "service_name = \"account\"\ninstance_type = \"if(model > 1.5, 'large', "
                                   "'small')\"\nregion = \"model\"\ncost_per_hour = \"cost + model - "
                                   "model\"\nis_spot = \"account = 42\"\n"));
  EXPECT_EQ(report.rows_stored, 3u);
  EXPECT_EQ(
      ask("SELECT service_name, instance_type, region, is_spot FROM optiinfra.cost_metrics_ts ORDER BY "
          "cost_per_hour"),
      "012345678901\tsmall\t1.10\t0\n000000000042\tsmall\t1.1\t1\n999999999999999999999\tlarge\t2.0\t0");
}

TEST_F(RealFileTest, ATextThatIsNoNumberRefusesNoRowWhereOnlyTextIsWanted) {
  std::string text = "ts,account,cost\n";
  for (int i = 0; i < 40'000; ++i) text += "2026-03-01 10:00:00,42,1\n";
  text += "2026-03-01 10:00:00,forty-two,1\n";
  const auto report = imported(Family::kCost, write("accounts.csv", text),
                               map("[columns]\ntimestamp = \"ts\"\n" + cost_columns() +
                                   "service_name = \"account\"\ncost_per_hour = \"cost\"\n"));
  EXPECT_EQ(report.rows_refused, 0u);
  EXPECT_EQ(report.rows_stored, 40'001u);
}

TEST_F(RealFileTest, TheCaseOfLabelTypes) {
  CASE_OR_SKIP(file, "label-types/accounts.csv");
  CASE_OR_SKIP(toml, "label-types/map.toml");
  EXPECT_EQ(imported(Family::kCost, file, toml.string()).rows_stored, 3u);
  EXPECT_EQ(ask("SELECT service_name, instance_type FROM optiinfra.cost_metrics_ts ORDER BY cost_per_hour"),
            "012345678901\t1.10\n000000000042\t1.1\n999999999999999999999\t2.0");
}

std::string late(const std::string& key) {
  std::string text;
  for (int i = 0; i < 10'500; ++i) text += request_json() + "\n";
  for (int i = 0; i < 500; ++i) text += request_json(",\"" + key + "\":300") + "\n";
  return text;
}

TEST_F(RealFileTest, AKeyThatFirstOccursLateIsStored) {
  EXPECT_EQ(imported(Family::kPerformance, write("late.jsonl", late("prompt_tokens"))).rows_stored, 11'000u);
  EXPECT_EQ(ask("SELECT sum(prompt_tokens) FROM optiinfra.performance_metrics_ts"), "150000");
}

TEST_F(RealFileTest, AKeyThatFirstOccursLateIsCheckedForItsName) {
  EXPECT_THAT(
      refusal(Family::kPerformance, write("late.jsonl", late("promt_tokens"))),
      HasSubstr("'promt_tokens' is not a column of performance_metrics_ts; did you mean 'prompt_tokens'?"));
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "0");
}

TEST_F(RealFileTest, AKeyThatFirstOccursLateHasItsTypeForAMap) {
  const std::string toml =
      "[columns]\ntimestamp = \"timestamp\"\ncustomer_id = \"customer_id\"\nservice_id = "
      "\"service_id\"\nlatency_ms = \"latency_ms\"\nprompt_tokens = \"input / 2\"\n";
  EXPECT_EQ(imported(Family::kPerformance, write("late.jsonl", late("input")), map(toml)).rows_stored,
            11'000u);
  EXPECT_EQ(ask("SELECT sum(prompt_tokens) FROM optiinfra.performance_metrics_ts"), "75000");
}

TEST_F(RealFileTest, TheCaseOfLateKeys) {
  CASE_OR_SKIP(misspelt, "late-key/misspelt.jsonl.gz");
  CASE_OR_SKIP(requests, "late-key/requests.jsonl.gz");
  EXPECT_THAT(refusal(Family::kPerformance, misspelt), HasSubstr("promt_tokens"));
  (void)imported(Family::kPerformance, requests);
  EXPECT_EQ(ask("SELECT sum(prompt_tokens) FROM optiinfra.performance_metrics_ts"), "150000");
}

TEST_F(RealFileTest, AColumnWithoutANameIsPassedOver) {
  const std::string row = std::string(kCustomer) + "," + kService;
  const auto index =
      write("frame.csv", ",timestamp,customer_id,service_id,latency_ms\n0,2026-03-01T10:00:00Z," + row +
                             ",1\n1,2026-03-01T10:00:01Z," + row + ",2\n");
  const auto trailing = write(
      "trailing.csv", "timestamp,customer_id,service_id,latency_ms,\n2026-03-01T10:00:02Z," + row + ",4,\n");
  const auto middle =
      write("middle.tsv", "timestamp\t\tcustomer_id\tservice_id\t\tlatency_ms\n2026-03-01T10:00:03Z\tx\t" +
                              std::string(kCustomer) + "\t" + kService + "\ty\t8\n");
  for (const auto& file : {index, trailing, middle})
    EXPECT_EQ(imported(Family::kPerformance, file).rows_refused, 0u) << file;
  EXPECT_EQ(ask("SELECT count(), sum(latency_ms) FROM optiinfra.performance_metrics_ts"), "4\t15");
}

TEST_F(RealFileTest, ARowUnderAColumnWithoutANameIsRepeatedWhole) {
  const auto file = write("frame.csv", ",timestamp,customer_id,service_id,latency_ms\nzero,never," +
                                           std::string(kCustomer) + "," + kService + ",1\n");
  const auto lines = rejected(imported(Family::kPerformance, file));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["raw"]["timestamp"], "never");
  EXPECT_EQ(lines[0]["raw"][""], "zero");
}

TEST_F(RealFileTest, TheCaseOfAPandasIndex) {
  CASE_OR_SKIP(frame, "pandas-index/frame.csv");
  CASE_OR_SKIP(trailing, "pandas-index/trailing-comma.csv");
  EXPECT_EQ(imported(Family::kPerformance, frame).rows_stored, 2u);
  EXPECT_EQ(imported(Family::kPerformance, trailing).rows_stored, 1u);
}

/// ASCII as UTF-16.
std::string utf16(const std::string& ascii, bool big_endian, bool bom = true) {
  std::string text = !bom ? "" : big_endian ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) text += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  return text;
}

TEST_F(RealFileTest, LinesThatEndAsOnWindowsAreRead) {
  const std::string row = std::string(kCustomer) + "\t" + kService;
  const auto tsv = write("crlf.tsv",
                         "timestamp\tcustomer_id\tservice_id\tlatency_ms\tmodel_name\r\n"
                         "2026-03-01T10:00:00Z\t" +
                             row + "\t3\tm\r\n2026-03-01T10:00:00Z\t" + row + "\t4\tm\r\n");
  EXPECT_EQ(imported(Family::kPerformance, tsv).rows_stored, 2u);
  const auto json = write("crlf.jsonl", request_json(",\"model_name\":\"m\"") + "\r\n\r\n" +
                                            request_json(",\"model_name\":\"m\"") + "\r\n");
  const FileReport report = imported(Family::kPerformance, json);
  EXPECT_EQ(report.rows_stored, 2u);
  EXPECT_EQ(report.rows_refused, 0u) << "a blank line is no row";
  EXPECT_EQ(ask("SELECT DISTINCT model_name FROM optiinfra.performance_metrics_ts"), "m");
}

TEST_F(RealFileTest, Utf16IsReadAndUtf32Named) {
  const std::string csv = std::string(kPerformanceHeader) +
                          performance_line("", kCustomer, "1", "50", "1", "\"two\r\nlines\"") +
                          performance_line("", kCustomer, "nan");
  int files = 0;
  for (const bool big_endian : {false, true}) {
    for (const bool bom : {false, true}) {
      const FileReport report =
          imported(Family::kPerformance,
                   write("utf16-" + std::to_string(++files) + ".csv", utf16(csv, big_endian, bom)));
      EXPECT_EQ(report.rows_stored, 1u);
      EXPECT_EQ(report.rows_refused, 1u);
    }
  }
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts WHERE model_name = 'two\\r\\nlines'"),
            "4");
  // U+00E9, and U+1F600 as a pair of surrogates.
  const std::string wide =
      utf16(std::string(kPerformanceHeader) + performance_line("", kCustomer, "1", "50", "7", "@@@"), false);
  std::string letters = wide;
  const std::string pair("\xE9\x00\x3D\xD8\x00\xDE", 6);
  letters.replace(letters.find(std::string("@\0@\0@\0", 6)), 6, pair);
  EXPECT_EQ(imported(Family::kPerformance, write("letters.csv", letters)).rows_stored, 1u);
  EXPECT_EQ(ask("SELECT model_name FROM optiinfra.performance_metrics_ts WHERE prompt_tokens = 7"),
            "\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_THAT(refusal(Family::kPerformance, write("odd.csv", wide + "x")),
              HasSubstr("odd.csv cannot be read as UTF-16: it ends in the middle of a letter"));
  EXPECT_THAT(refusal(Family::kPerformance, write("utf32.csv", std::string("\xFF\xFE\0\0t\0\0\0", 8))),
              HasSubstr("utf32.csv is UTF-32"));
}

TEST_F(RealFileTest, ACompressedFileOfUtf16IsRead) {
  const auto plain = write("a.csv", utf16(std::string(kPerformanceHeader) + performance_line(), false));
  ASSERT_EQ(std::system(("gzip -k " + plain.string()).c_str()), 0);
  EXPECT_EQ(imported(Family::kPerformance, plain.string() + ".gz").rows_stored, 1u);
}

TEST_F(RealFileTest, AByteOrderMarkOfUtf8IsNoPartOfTheFirstName) {
  const std::string bom = "\xEF\xBB\xBF";
  std::string tsv = std::string(kPerformanceHeader) + performance_line();
  std::replace(tsv.begin(), tsv.end(), ',', '\t');
  EXPECT_EQ(imported(Family::kPerformance, write("a.csv", bom + kPerformanceHeader + performance_line()))
                .rows_stored,
            1u);
  EXPECT_EQ(imported(Family::kPerformance,
                     write("quoted.csv",
                           bom + "\"timestamp\",\"customer_id\",\"service_id\",\"latency_ms\"\n2026-03-01," +
                               kCustomer + "," + kService + ",1\n"))
                .rows_stored,
            1u);
  EXPECT_EQ(imported(Family::kPerformance, write("a.tsv", bom + tsv)).rows_stored, 1u);
  EXPECT_EQ(imported(Family::kPerformance, write("a.jsonl", bom + request_json() + "\n" + request_json()))
                .rows_stored,
            2u);
  EXPECT_EQ(imported(Family::kPerformance, write("b.json", bom + "[" + request_json() + "]")).rows_stored,
            1u);
}

TEST_F(RealFileTest, TheCaseOfWindowsText) {
  CASE_OR_SKIP(tsv, "windows-text/crlf.tsv");
  CASE_OR_SKIP(csv, "windows-text/utf16.csv");
  EXPECT_EQ(imported(Family::kPerformance, tsv).rows_stored, 1u);
  EXPECT_EQ(imported(Family::kPerformance, csv).rows_stored, 1u);
}

TEST_F(RealFileTest, JsonArraysAndPrettyJsonAreRead) {
  std::string pretty = request_json();
  for (std::size_t at = 0; (at = pretty.find_first_of("{,}", at)) != std::string::npos; at += 2)
    pretty.insert(pretty[at] == '}' ? at : at + 1, "\n");
  const std::vector<std::string> texts = {
      "[" + request_json() + ", " + request_json() + "]",
      "\n [\n" + pretty + ",\n" + pretty + "\n]\n",
      pretty + "\n" + pretty + "\n",
  };
  int files = 0;
  for (const std::string& text : texts) {
    const FileReport report =
        imported(Family::kPerformance, write("a" + std::to_string(++files) + ".json", text));
    EXPECT_EQ(report.rows_stored, 2u) << text;
    EXPECT_EQ(report.rows_refused, 0u) << text;
  }
}

TEST_F(RealFileTest, AnElementOfAJsonArrayThatIsNoGoodRefusesItselfAlone) {
  const FileReport report =
      imported(Family::kPerformance,
               write("a.json", "[" + request_json() + ",{\"latency_ms\":\"x\"}," + request_json() + "]"));
  EXPECT_EQ(report.rows_stored, 2u);
  const auto lines = rejected(report);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_FALSE(lines[0].contains("line")) << "an element has no line of its own";
  EXPECT_EQ(lines[0]["row"], 2);
}

TEST_F(RealFileTest, AJsonArrayThatDoesNotEndStoresNothing) {
  EXPECT_THAT(refusal(Family::kPerformance, write("a.json", "[" + request_json() + "," + request_json())),
              HasSubstr("a.json cannot be read as JSONEachRow"));
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "0");
}

TEST_F(RealFileTest, TheCaseOfJsonArrays) {
  CASE_OR_SKIP(pretty, "json-array/requests.json");
  CASE_OR_SKIP(line, "json-array/one-line.json");
  EXPECT_EQ(imported(Family::kPerformance, pretty).rows_stored, 4u);
  EXPECT_EQ(imported(Family::kPerformance, line).rows_stored, 4u);
}

constexpr const char* kFocusColumns =
    "SELECT 'Usage' AS ChargeCategory, toDateTime64('2026-03-01 10:00:00', 3, 'UTC') AS ChargePeriodStart, "
    "toDateTime64('2026-03-01 12:00:00', 3, 'UTC') AS ChargePeriodEnd, toDecimal64(1.5, 10) AS "
    "EffectiveCost, "
    "'AWS' AS ProviderName, 'EC2' AS ServiceName, NULL::Nullable(String) AS ResourceId, 'vm' AS "
    "ResourceType, "
    "'us-east-1' AS RegionId, NULL::Nullable(String) AS CommitmentDiscountStatus, 'Standard' AS "
    "PricingCategory";

TEST_F(RealFileTest, AReadyMadeMapReadsTheFormatThatTheFileIsIn) {
  for (const auto& [name, format] :
       {std::pair("focus.parquet", "Parquet"), std::pair("focus.csv", "CSVWithNames"),
        std::pair("focus.jsonl", "JSONEachRow"), std::pair("focus.tsv", "TSVWithNames")}) {
    const auto file = folder_ / name;
    execute("INSERT INTO FUNCTION file('" + file.string() + "', '" + format + "') " + kFocusColumns);
    EXPECT_EQ(imported(Family::kCost, file, "focus").rows_stored, 2u) << name;
  }
  EXPECT_EQ(cost_sum(), "6");
}

TEST_F(RealFileTest, StatedTypesHoldForColumnsWithTypesOfTheirOwnToo) {
  const auto file = folder_ / "texts.parquet";
  execute("INSERT INTO FUNCTION file('" + file.string() +
          "', 'Parquet') SELECT * REPLACE ('2026-03-01T10:00:00Z' AS ChargePeriodStart, "
          "'2026-03-01T12:00:00Z' AS ChargePeriodEnd, '1.5' AS EffectiveCost) FROM (" +
          kFocusColumns + " UNION ALL " + kFocusColumns + ")");
  EXPECT_EQ(imported(Family::kCost, file, "focus").rows_stored, 4u);
  EXPECT_EQ(cost_sum(), "3");
  const auto bad = folder_ / "bad.parquet";
  execute("INSERT INTO FUNCTION file('" + bad.string() +
          "', 'Parquet') SELECT * REPLACE ('much' AS EffectiveCost) FROM (" + kFocusColumns + ")");
  const auto lines = rejected(imported(Family::kCost, bad, "focus"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["refused"][0]["column"], "EffectiveCost");
}

TEST_F(RealFileTest, AMapsTextFormatDoesNotBindAFileWhoseEndingSaysOtherwise) {
  execute("INSERT INTO FUNCTION file('" + (folder_ / "a.parquet").string() +
          "', 'Parquet') SELECT toDateTime('2026-03-01 10:00:00', 'UTC') AS ts, 2.5 AS cost");
  const std::string toml = "format = \"CSVWithNames\"\n[columns]\ntimestamp = \"ts\"\n" + cost_columns() +
                           "cost_per_hour = \"cost\"\n";
  EXPECT_EQ(imported(Family::kCost, folder_ / "a.parquet", map(toml)).rows_stored, 1u);
  EXPECT_EQ(
      imported(Family::kCost, write("export.txt", "ts,cost\n2026-03-01 10:00:00,2\n"), map(toml)).rows_stored,
      1u);
}

TEST_F(RealFileTest, TheCaseOfAReadyMapOnParquet) {
  CASE_OR_SKIP(file, "parquet-ready-map/focus.parquet");
  EXPECT_EQ(imported(Family::kCost, file, "focus").rows_stored, 8u);
  EXPECT_EQ(cost_sum(), "10");
}

TEST_F(RealFileTest, DatesWithTheMonthFirstAreReadWhereTheMapSaysSo) {
  const auto file =
      write("dates.csv",
            "day,cost\n9/2/2023,1\n09/12/2023,2\n9/2/2023 1:05:00 PM,4\n9/2/2023 13:05,8\n2023-09-03,16\n"
            "13/2/2023,32\n2/30/2023,64\n9/2/23,128\n");
  const std::string columns =
      "[columns]\ntimestamp = \"day\"\n" + cost_columns() + "cost_per_hour = \"cost\"\n";
  const FileReport report =
      imported(Family::kCost, file, map(columns + "[source]\nday = \"DateTime(M/D/YYYY)\"\n"));
  EXPECT_EQ(report.rows_stored, 5u);
  EXPECT_EQ(report.rows_refused, 3u) << "no thirteenth month, no 30 February, no year of two digits";
  EXPECT_EQ(ask("SELECT timestamp, cost_per_hour FROM optiinfra.cost_metrics_ts ORDER BY cost_per_hour"),
            "2023-09-02 00:00:00\t1\n2023-09-12 00:00:00\t2\n2023-09-02 13:05:00\t4\n2023-09-02 13:05:00\t8\n"
            "2023-09-03 00:00:00\t16");
  forget_imports();
  EXPECT_EQ(imported(Family::kCost, file, map(columns + "[source]\nday = \"DateTime\"\n")).rows_stored, 1u)
      << "nobody has said which comes first";
}

TEST_F(RealFileTest, TheCaseOfAzureDates) {
  CASE_OR_SKIP(file, "azure-us-dates/ea-export.csv");
  const FileReport report = imported(Family::kCost, file, "azure-cost");
  EXPECT_EQ(report.rows_read, 27u);
  EXPECT_EQ(report.rows_stored, 648u);
  EXPECT_NEAR(std::stod(cost_sum()), 1.26136926505726, 1e-12);
}

TEST_F(RealFileTest, AColumnThatTheMapCallsOptionalMayBeAbsent) {
  const std::string columns =
      "[columns]\ntimestamp = \"ts\"\n" + cost_columns() +
      "instance_id = \"resource\"\nutilization_percent = \"busy\"\ncost_per_hour = \"cost\"\n";
  const auto file = write("a.csv", "ts,cost\n2026-03-01 10:00:00,2\n");
  const std::string optional =
      "[source]\nresource = { type = \"String\", optional = true }\nbusy = { type = \"Float64\", optional = "
      "true }\n";
  EXPECT_EQ(imported(Family::kCost, file, map(columns + optional)).rows_stored, 1u);
  EXPECT_EQ(ask("SELECT instance_id, utilization_percent FROM optiinfra.cost_metrics_ts"), "\t\\N");
  EXPECT_EQ(imported(Family::kCost, write("b.jsonl", "{\"ts\":\"2026-03-01 10:00:00\",\"cost\":1}\n"),
                     map(columns + optional))
                .rows_stored,
            1u);
  execute("INSERT INTO FUNCTION file('" + (folder_ / "c.parquet").string() +
          "', 'Parquet') SELECT toDateTime('2026-03-01 10:00:00', 'UTC') AS ts, 2.5 AS cost");
  EXPECT_EQ(imported(Family::kCost, folder_ / "c.parquet", map(columns + optional)).rows_stored, 1u);
  forget_imports();
  EXPECT_THAT(refusal(Family::kCost, file, map(columns)), HasSubstr("there is no column 'resource'"));
  EXPECT_THAT(refusal(Family::kCost, file,
                      map(columns + "[source]\nresource = { type = \"String\", optinal = true }\n")),
              HasSubstr("did you mean 'optional'?"));
  EXPECT_THAT(refusal(Family::kCost, file, map(columns + "[source]\nresource = { optional = true }\n")),
              HasSubstr("'type'"));
}

TEST_F(RealFileTest, TheCaseOfACostAndUsageReportWithoutResources) {
  CASE_OR_SKIP(file, "cur-without-resources/cur.csv");
  const FileReport report = imported(Family::kCost, file, "aws-cur");
  EXPECT_EQ(report.rows_refused, 0u);
  EXPECT_EQ(report.rows_left_out, 12u) << "tax";
  EXPECT_EQ(report.rows_read - report.rows_left_out, 187u);
  EXPECT_NEAR(std::stod(cost_sum()), 0.2308825072, 1e-12);
}

}  // namespace
}  // namespace optiinfra
