// Files of every format into a store, and rows that are refused one by one.
#include "import_fixture.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

constexpr const char* kStored =
    "SELECT timestamp, customer_id, latency_ms, gpu_utilization, prompt_tokens, model_name "
    "FROM optiinfra.performance_metrics_ts ORDER BY timestamp, prompt_tokens";

TEST_F(ImportTest, StoresAFileNamedAsTheContractAndLeavesAbsentColumnsToTheirDefaults) {
  const auto file = write(
      "requests.csv",
      std::string(kPerformanceHeader) + performance_line("2026-03-01T12:00:00Z") +
          performance_line("2026-03-01 14:00:30+02:00", kCustomer, "1e2", "0", "7.0", "\"a, \"\"b\"\"\""));
  const FileReport report = imported(Family::kPerformance, file);
  EXPECT_EQ(report.rows_read, 2u);
  EXPECT_EQ(report.rows_stored, 2u);
  EXPECT_EQ(report.rows_refused, 0u);
  EXPECT_TRUE(report.rejected_path.empty());
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".rejected.jsonl"));
  ASSERT_TRUE(report.times);
  EXPECT_EQ(format_time(report.times->begin), "2026-03-01T12:00:00Z");
  EXPECT_EQ(format_time(report.times->end), "2026-03-01T12:00:31Z");
  EXPECT_EQ(ask(kStored),
            "2026-03-01 12:00:00\t11111111-1111-4111-8111-111111111111\t12.5\t50\t100\tllama\n"
            "2026-03-01 12:00:30\t11111111-1111-4111-8111-111111111111\t100\t0\t7\ta, \"b\"");
  EXPECT_EQ(ask("SELECT DISTINCT service_type, request_id, batch_size FROM optiinfra.performance_metrics_ts"),
            "\t00000000-0000-0000-0000-000000000000\t\\N");
}

TEST_F(ImportTest, ASecondImportOfTheSameContentStoresNothingUnderWhateverName) {
  const std::string content = std::string(kPerformanceHeader) + performance_line() + performance_line();
  const FileReport first = imported(Family::kPerformance, write("a.csv", content));
  EXPECT_EQ(first.rows_stored, 2u) << "equal rows are different requests";
  for (const char* name : {"a.csv", "b.csv"}) {
    const FileReport again = imported(Family::kPerformance, write(name, content));
    EXPECT_TRUE(again.was_already_imported);
    EXPECT_EQ(again.rows_stored, 0u);
    EXPECT_EQ(again.rows_already_stored, 2u);
    EXPECT_EQ(again.import_id, first.import_id);
  }
  EXPECT_EQ(imported(Family::kPerformance, write("c.csv", content + performance_line())).rows_stored, 1u)
      << "what was added";
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "3");
}

class FormatTest : public ImportTest, public testing::WithParamInterface<const char*> {};

/// The engine writes the file, and what is stored must be what was written.
TEST_P(FormatTest, RoundTripsAllColumns) {
  const std::string name = GetParam();
  const std::string format = name.find(".csv") != std::string::npos       ? "CSVWithNames"
                             : name.find(".tsv") != std::string::npos     ? "TSVWithNames"
                             : name.find(".jsonl") != std::string::npos   ? "JSONEachRow"
                             : name.find(".parquet") != std::string::npos ? "Parquet"
                             : name.find(".arrows") != std::string::npos  ? "ArrowStream"
                             : name.find(".arrow") != std::string::npos   ? "Arrow"
                             : name.find(".orc") != std::string::npos     ? "ORC"
                             : name.find(".avro") != std::string::npos    ? "Avro"
                                                                          : "Native";
  const std::string rows =
      "SELECT toDateTime('2026-03-01 00:00:00', 'UTC') + number AS timestamp, "
      "toUUID('11111111-1111-4111-8111-111111111111') AS customer_id, 'i-' || toString(number % 7) AS "
      "instance_id, "
      "'line\\nbreak, \"quote\"' AS instance_type, toUInt8(number % 8) AS gpu_index, "
      "toFloat32(number % 101) AS gpu_utilization, toFloat32(number / 3) AS gpu_memory_used_mb, "
      "toFloat32(-number) AS gpu_temperature FROM numbers(1000)";
  execute("INSERT INTO FUNCTION file('" + (folder_ / name).string() + "', '" + format + "') " +
          (format == "Avro" || format == "ORC"
               ? "SELECT * REPLACE (toString(customer_id) AS customer_id) FROM (" + rows + ")"
               : rows));
  const FileReport report = imported(Family::kResource, folder_ / name);
  EXPECT_EQ(report.rows_read, 1000u);
  EXPECT_EQ(report.rows_stored, 1000u);
  EXPECT_EQ(report.rows_refused, 0u);
  const std::string columns =
      "timestamp, customer_id, instance_id, instance_type, gpu_index, gpu_utilization, gpu_memory_used_mb, "
      "gpu_temperature";
  EXPECT_EQ(ask("SELECT count() FROM (SELECT " + columns +
                " FROM optiinfra.resource_metrics_ts INTERSECT SELECT " + columns + " FROM (" + rows + "))"),
            "1000");
}

INSTANTIATE_TEST_SUITE_P(Formats, FormatTest,
                         testing::Values("a.csv", "a.csv.gz", "a.csv.zst", "a.tsv", "a.jsonl", "a.jsonl.gz",
                                         "a.jsonl.zst", "a.parquet", "a.arrow", "a.arrows", "a.orc", "a.avro",
                                         "a.native", "a.native.gz", "a.native.zst", "a.csv.xz"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_F(ImportTest, ABadRowRefusesItselfAloneAndSaysLineReasonAndRow) {
  const std::string far_ahead = format_time(now() + std::chrono::hours{24 * 365 * 100});
  const auto file = write("bad.csv", std::string(kPerformanceHeader) +                               // line 1
                                         performance_line() +                                        // 2
                                         performance_line("", "not-a-uuid") +                        // 3
                                         performance_line("", kCustomer, "nan") +                    // 4
                                         performance_line("", kCustomer, "-1") +                     // 5
                                         performance_line("", kCustomer, "1", "150") +               // 6
                                         performance_line("", kCustomer, "1", "50", "many") +        // 7
                                         performance_line("", kCustomer, "1", "50", "4294967296") +  // 8
                                         performance_line(far_ahead) +                               // 9
                                         performance_line("yesterday") +                             // 10
                                         performance_line("", "") +                                  // 11
                                         performance_line("", kCustomer, "inf", "101", "1.5") +      // 12
                                         "2026-03-01,too short\n" +                                  // 13
                                         performance_line("", kCustomer, "1", "50", "1", "a,surplus") +  // 14
                                         "\n" +                                     // 15, blank
                                         performance_line("12") +                   // 16
                                         performance_line("2026-03-01 12:61:00") +  // 17
                                         performance_line("", "00000000-0000-0000-0000-000000000000") +  // 18
                                         performance_line());                                            // 19
  const FileReport report = imported(Family::kPerformance, file);
  EXPECT_EQ(report.rows_read, 17u) << "a blank line is no row";
  EXPECT_EQ(report.rows_stored, 2u);
  EXPECT_EQ(report.rows_refused, 15u);
  EXPECT_EQ(report.rejected_path, file.string() + ".rejected.jsonl");
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "2");

  const auto lines = rejected(report);
  ASSERT_EQ(lines.size(), 15u);
  struct Expected {
    int line;
    const char* column;
    const char* words;
  };
  const Expected expected[] = {{3, "customer_id", "\"not-a-uuid\" must be a UUID"},
                               {4, "latency_ms", "\"nan\" must be a finite number, 0 or more"},
                               {5, "latency_ms", "\"-1\" must be a finite number, 0 or more"},
                               {6, "gpu_utilization", "\"150\" must be a percentage, 0 to 100"},
                               {7, "prompt_tokens", "\"many\" must be a whole number"},
                               {8, "prompt_tokens", "\"4294967296\" must be a whole number, 0 to 4294967295"},
                               {9, "timestamp", "must be a time from 2000-01-01 to a day from now"},
                               {10, "timestamp", "\"yesterday\" must be a time"},
                               {11, "customer_id", "must be given"},
                               {12, "prompt_tokens", "\"1.5\" must be a whole number"},
                               {13, "", "ends before the column service_id"},
                               {14, "", "more fields than the header"},
                               {16, "timestamp", "\"12\" must be a time"},
                               {17, "timestamp", "must be a time"},
                               {18, "customer_id", "must be a UUID other than the nil one"}};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["line"], expected[i].line);
    EXPECT_EQ(lines[i]["row"], expected[i].line - 1);
    EXPECT_THAT(lines[i]["reason"].get<std::string>(), HasSubstr(expected[i].words));
    ASSERT_TRUE(lines[i]["raw"].is_object()) << lines[i];
    if (*expected[i].column == '\0') continue;
    EXPECT_EQ(lines[i]["refused"][0]["column"], expected[i].column);
    EXPECT_EQ(lines[i]["refused"][0]["value"], lines[i]["raw"][expected[i].column]) << "the file's own words";
  }
  EXPECT_EQ(lines[6]["raw"]["timestamp"], far_ahead);
}

TEST_F(ImportTest, LinesAreCountedThroughFieldsWithLineBreaks) {
  const auto file =
      write("breaks.csv",
            std::string(kPerformanceHeader) +                                                 // 1
                performance_line("", kCustomer, "1", "50", "1", "\"two\nlines\"") +           // 2, 3
                performance_line("", kCustomer, "bad", "50", "1", "\"and\nthree\nlines\"") +  // 4, 5, 6
                performance_line("", kCustomer, "bad") +                                      // 7
                performance_line());
  const auto lines = rejected(imported(Family::kPerformance, file));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["line"], 4);
  EXPECT_EQ(lines[0]["row"], 2);
  EXPECT_EQ(lines[1]["line"], 7);
  EXPECT_EQ(lines[1]["row"], 3);
}

TEST_F(ImportTest, JsonLinesAreReadOneByOneSoThatABrokenOneCostsItselfAlone) {
  const std::string good = "{\"timestamp\": \"2026-03-01T00:00:00Z\", \"customer_id\": \"" +
                           std::string(kCustomer) +
                           "\", \"cloud_provider\": \"aws\", \"cost_per_hour\": 1.5, \"is_spot\": true, "
                           "\"utilization_percent\": null}";
  const auto file = write("costs.jsonl", good + "\n" + "{\"timestamp\": \"2026-03-01\n" + "\n" + "[1, 2]\n" +
                                             "{\"cost_per_hour\": \"x\"}\n" + good);
  const FileReport report = imported(Family::kCost, file);
  EXPECT_EQ(report.rows_stored, 2u);
  EXPECT_EQ(ask("SELECT cloud_provider, cost_per_hour, is_spot, utilization_percent FROM "
                "optiinfra.cost_metrics_ts LIMIT 1"),
            "aws\t1.5\t1\t\\N");
  const auto lines = rejected(report);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["line"], 2);
  EXPECT_EQ(lines[0]["raw"], "{\"timestamp\": \"2026-03-01") << "what is no JSON is repeated as text";
  EXPECT_EQ(lines[1]["line"], 4);
  EXPECT_THAT(lines[1]["reason"].get<std::string>(), HasSubstr("no JSON object on one line"));
  EXPECT_EQ(lines[2]["line"], 5);
  EXPECT_EQ(lines[2]["raw"]["cost_per_hour"], "x");
}

TEST_F(ImportTest, WhatNobodyMeasuredIsAbsentHoweverItIsWritten) {
  std::string content =
      "timestamp,customer_id,instance_id,gpu_utilization,gpu_memory_used_mb,gpu_temperature\n";
  for (const char* absent : {"", "null", "NaN", "[N/A]", "[Not Supported]", " N/A", "2147483632",
                             "9223372036854775794", "140737488355328"})
    content += "2026-11-01T08:00:00Z," + std::string(kCustomer) + ",n1,50," + absent + "," + absent + "\n";
  content += "2026-11-01T08:00:00Z," + std::string(kCustomer) + ",n1,70,1000,0\n";
  content += "2026-11-01T08:00:00Z," + std::string(kCustomer) + ",n1,70,many,60\n";
  const FileReport report = imported(Family::kResource, write("samples.csv", content));
  EXPECT_EQ(report.rows_stored, 10u);
  EXPECT_EQ(report.rows_refused, 1u) << "'many' is no number and no word for none";
  EXPECT_EQ(ask("SELECT count(gpu_memory_used_mb), sum(gpu_memory_used_mb), count(gpu_temperature), "
                "max(gpu_temperature) FROM optiinfra.resource_metrics_ts"),
            "1\t1000\t1\t0");
  EXPECT_EQ(ask("SELECT avg_gpu_util, avg_gpu_memory, max_gpu_temperature, sample_count, "
                "gpu_temperature_count FROM optiinfra.resource_hourly"),
            "52\t1000\t0\t10\t1");
}

TEST_F(ImportTest, JsonNullIsAbsentInEveryNumberThatMayBe) {
  const FileReport report =
      imported(Family::kQuality,
               write("scores.jsonl",
                     R"({"timestamp":"2026-11-01T08:00:00Z","customer_id":")" + std::string(kCustomer) +
                         R"(","service_id":")" + kCustomer +
                         R"(","overall_quality_score":1,"factuality_score":null,"relevance_score":0.5})"
                         "\n"));
  EXPECT_EQ(report.rows_stored, 1u);
  EXPECT_EQ(ask("SELECT avg_factuality, avg_relevance FROM optiinfra.quality_hourly"), "\\N\t0.5");
}

TEST_F(ImportTest, RefusedRowsOfATypedFormatHaveARowNumberAndNoLine) {
  execute(
      "INSERT INTO FUNCTION file('" + (folder_ / "costs.parquet").string() +
      "', 'Parquet') SELECT toDateTime('2026-03-01 00:00:00', 'UTC') AS timestamp, '" + kCustomer +
      "' AS customer_id, 'aws' AS cloud_provider, toFloat64(number) - 1 AS cost_per_hour FROM numbers(3)");
  const FileReport report = imported(Family::kCost, folder_ / "costs.parquet");
  EXPECT_EQ(report.rows_stored, 2u);
  const auto lines = rejected(report);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_FALSE(lines[0].contains("line"));
  EXPECT_EQ(lines[0]["row"], 1);
  EXPECT_EQ(lines[0]["raw"]["cost_per_hour"], -1);
}

TEST_F(ImportTest, ManyRefusedRowsAreAllDescribed) {
  std::string content = kPerformanceHeader;
  for (int i = 0; i < 3000; ++i) content += performance_line("", kCustomer, "-" + std::to_string(i + 1));
  const FileReport report = imported(Family::kPerformance, write("all-bad.csv", content));
  EXPECT_EQ(report.rows_stored, 0u);
  EXPECT_EQ(report.rows_refused, 3000u);
  const auto lines = rejected(report);
  ASSERT_EQ(lines.size(), 3000u);
  for (std::size_t i = 0; i < lines.size(); ++i)
    ASSERT_EQ(lines[i]["refused"][0]["value"], "-" + std::to_string(i + 1));
}

TEST_F(ImportTest, EachRuleThatRefusesARowAlsoKeepsItsRawText) {
  // The rules are stated twice: by validate(), which decides, and as a hint to the engine to describe the
  // row.
  const std::string long_text(5000, 'x');
  const auto quality = write(
      "quality.csv",
      "timestamp,customer_id,service_id,overall_quality_score,hallucination_detected,prompt_hash\n"
      "1999-12-31T23:59:59Z," +
          std::string(kCustomer) + "," + kService + ",0.5,0,h\n" + "2026-03-01T00:00:00Z," + kCustomer + "," +
          kService + ",1.01,0,h\n" + "2026-03-01T00:00:00Z," + kCustomer + "," + kService + ",0.5,2,h\n" +
          "2026-03-01T00:00:00Z," + kCustomer + "," + kService + ",0.5,0," + long_text + "\n");
  const auto resource =
      write("resource.csv", "timestamp,customer_id,instance_id,gpu_temperature\n2026-03-01T00:00:00Z," +
                                std::string(kCustomer) + ",,1\n" + "2026-03-01T00:00:00Z," + kCustomer +
                                ",i-1,inf\n");
  for (const auto& [family, file, count] :
       {std::tuple(Family::kQuality, quality, 4u), std::tuple(Family::kResource, resource, 2u)}) {
    const auto lines = rejected(imported(family, file));
    ASSERT_EQ(lines.size(), count);
    for (const auto& line : lines) EXPECT_TRUE(line["raw"].is_object()) << line;
  }
}

TEST_F(ImportTest, StrictStoresNothingOfAFileWithARefusedRowAndAllOfAGoodOne) {
  const auto bad = write("bad.csv", std::string(kPerformanceHeader) + performance_line() +
                                        performance_line("", kCustomer, "nan"));
  const auto good =
      write("good.csv", std::string(kPerformanceHeader) + performance_line() + performance_line());
  const auto refused = import(Family::kPerformance, {good, bad}, kContractMap, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.error().message,
              HasSubstr("1 of 2 rows are refused, so nothing of the file was stored (strict)"));
  EXPECT_THAT(read(bad.string() + ".rejected.jsonl"), HasSubstr("\"line\":3"));
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "2")
      << "the file before it stays imported";
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.import_ledger WHERE path LIKE '%bad.csv'"), "0");
  const FileReport lenient = imported(Family::kPerformance, bad);
  EXPECT_EQ(lenient.rows_stored, 1u) << "the refused attempt has left nothing behind";
  EXPECT_EQ(rejected(lenient).size(), 1u);
}

TEST_F(ImportTest, CountsRowsThatAreAlreadyPastTheirRetention) {
  const auto file = write("old.csv", std::string(kPerformanceHeader) +
                                         performance_line("2020-01-01T00:00:00Z") + performance_line());
  auto report = import(Family::kPerformance, {file});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->retention, std::chrono::days{30});
  EXPECT_EQ(report->rows_past_retention(), 1u);
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "2");
}

TEST_F(ImportTest, ReadsExactlyTheNamedFileWhateverIsInItsName) {
  for (const char* name :
       {"a{1,2}.csv", "*.csv", "q?.csv", "it's.csv", "back\\slash.csv", "two  words.csv", "\xC3\xBC.csv"}) {
    SCOPED_TRACE(name);
    const auto file =
        write(name, std::string(kPerformanceHeader) +
                        performance_line("", kCustomer, "1", "50", "1", std::string("\"") + name + "\""));
    EXPECT_EQ(imported(Family::kPerformance, file).rows_stored, 1u);
  }
  EXPECT_EQ(ask("SELECT uniqExact(model_name), count() FROM optiinfra.performance_metrics_ts"), "7\t7");
}

TEST_F(ImportTest, TellsHowFarItIs) {
  std::string lines;
  for (int i = 0; i < 10; ++i) lines += performance_line();
  ImportOptions options;
  options.files = {write("a.csv", kPerformanceHeader + lines),
                   write("b.csv", kPerformanceHeader + performance_line("", kCustomer, "1") + lines)};
  std::vector<ImportProgress> seen;
  std::vector<FileReport> files;
  options.on_progress = [&](const ImportProgress& progress) { seen.push_back(progress); };
  options.on_file = [&](const FileReport& file) { files.push_back(file); };
  ASSERT_TRUE(import_files(*client_, options));
  ASSERT_GE(seen.size(), 2u);
  EXPECT_EQ(seen.back().file_index, 1u);
  EXPECT_EQ(seen.back().file_count, 2u);
  EXPECT_EQ(seen.back().rows_total, 11u);
  EXPECT_EQ(seen.back().rows_read, 11u);
  EXPECT_EQ(seen.back().rows_stored, 11u);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, options.files[0]);
}

/// The most memory that the process has had since the last call, in MiB.
long peak_memory_mib() {
  std::ifstream status("/proc/self/status");
  long kib = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) kib = std::atol(line.c_str() + 6);
  }
  std::ofstream("/proc/self/clear_refs") << "5";
  return kib / 1024;
}

TEST_F(ImportTest, MemoryDoesNotGrowWithTheFile) {
  const auto make = [this](const char* name, int rows) {
    execute("INSERT INTO FUNCTION file('" + (folder_ / name).string() +
            "', 'CSVWithNames') SELECT now() AS timestamp, '" + kCustomer + "' AS customer_id, '" + kService +
            "' AS service_id, 1 AS latency_ms, repeat('x', 2000) || toString(number % 100) AS model_name "
            "FROM numbers(" +
            std::to_string(rows) + ") SETTINGS max_block_size = 2048");
    return folder_ / name;
  };
  const auto small = make("small.csv.gz", 60'000), large = make("large.csv.gz", 240'000);
  peak_memory_mib();
  EXPECT_EQ(imported(Family::kPerformance, small).rows_stored, 60'000u);
  const long small_mib = peak_memory_mib();
  EXPECT_EQ(imported(Family::kPerformance, large).rows_stored, 240'000u);
  const long large_mib = peak_memory_mib();
  std::printf("peak memory: %ld MiB for 120 MB of text, %ld MiB for 480 MB\n", small_mib, large_mib);
  EXPECT_LT(large_mib, small_mib + 180) << "360 MB more were read";
}

}  // namespace
}  // namespace optiinfra
