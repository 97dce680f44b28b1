// Text files are read without the engine where that makes no difference: here is that it makes none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "exactly_once.hpp"
#include "import_fixture.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "plain_rows.hpp"

namespace optiinfra {
namespace {

using ::testing::HasSubstr;

/// The tests share a store, and empty it.
class PlainRowsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder(testing::memory_folder());
    auto client = Client::open("embedded:" + (*folder_ / "store").string(), {.create = true});
    ASSERT_TRUE(client) << client.error().message;
    client_ = new Client(*std::move(client));
  }
  static void TearDownTestSuite() {
    delete client_;
    delete folder_;
  }

  static std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(*folder_ / name, std::ios::binary) << text;
    return *folder_ / name;
  }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::string ask(const std::string& sql) {
    std::string answer;
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_CHECK(session.query_text({.sql = sql}, "TSV", [&](std::string_view text) {
        answer += text;
        return true;
      }));
      return {};
    }));
    return answer;
  }

  static void execute(const std::string& sql) {
    ASSERT_TRUE(client_->with_session([&](Session& session) { return session.execute({.sql = sql}); }));
  }

  /// What an import of the file leaves: its report, its rows, its blocks, its refused rows.
  struct Outcome {
    std::string error = {};
    std::uint64_t rows_read = 0, stored = 0, refused = 0;
    std::string rows = {}, blocks = {}, rejected = {};
    bool operator==(const Outcome&) const = default;
  };

  template <typename Row>
  static Outcome import(const std::filesystem::path& file, bool may_read_plain,
                        ImportTestSettings test = {.limits = {.records_max = 200}}) {
    ImportOptions options;
    options.family = MetricTraits<Row>::kFamily;
    options.files = {file};
    options.rejected_folder = *folder_ / "";
    test.may_read_plain = may_read_plain;
    const auto report = import_files(*client_, options, test);
    const TableDefinition& table = table_of(options.family);
    Outcome outcome;
    if (!report) return {.error = report.error().message};
    const FileReport& of_file = report->files.at(0);
    outcome.rows_read = of_file.rows_read;
    outcome.stored = of_file.rows_stored, outcome.refused = of_file.rows_refused;
    outcome.rows =
        ask("SELECT * EXCEPT (batch_id) FROM optiinfra." + std::string(table.raw_table) + " ORDER BY ALL");
    outcome.blocks =
        ask("SELECT block, rows, refused, finished FROM optiinfra.import_ledger "
            "ORDER BY ALL");
    if (!of_file.rejected_path.empty()) {
      outcome.rejected = content(of_file.rejected_path);
      std::filesystem::remove(of_file.rejected_path);
    }
    execute("TRUNCATE TABLE optiinfra." + std::string(table.raw_table));
    execute("TRUNCATE TABLE optiinfra.import_ledger");
    return outcome;
  }

  /// Says in a line what differs.
  static void expect_same(const Outcome& plain, const Outcome& queried) {
    EXPECT_EQ(plain.error, queried.error);
    EXPECT_EQ(plain.rows_read, queried.rows_read);
    EXPECT_EQ(plain.stored, queried.stored);
    EXPECT_EQ(plain.refused, queried.refused);
    EXPECT_EQ(plain.blocks, queried.blocks);
    EXPECT_EQ(plain.rejected, queried.rejected);
    const auto at =
        std::mismatch(plain.rows.begin(), plain.rows.end(), queried.rows.begin(), queried.rows.end());
    if (plain.rows != queried.rows) {
      const auto first = static_cast<std::size_t>(at.first - plain.rows.begin());
      const std::size_t line = plain.rows.rfind('\n', first) + 1;
      ADD_FAILURE() << "plain:   " << plain.rows.substr(line, 400)
                    << "\nqueried: " << queried.rows.substr(line, 400);
    }
  }

  static bool is_plain(const std::filesystem::path& path, bool is_json) {
    auto file = SourceFile::open(path);
    EXPECT_TRUE(file);
    const FileFormat format =
        is_json ? FileFormat{.name = "JSONEachRow", .kind = FormatKind::kJsonLines, .compression = "none"}
                : FileFormat{.name = "CSVWithNames", .kind = FormatKind::kDelimited, .compression = "none"};
    const auto was_all = read_plain_rows<PerformanceMetric>(
        *file, format, now(), [](const Batch<PerformanceMetric>&) { return Result<void>(); });
    EXPECT_TRUE(was_all);
    return was_all && *was_all;
  }

  static testing::TemporaryFolder* folder_;
  static Client* client_;
};

testing::TemporaryFolder* PlainRowsTest::folder_ = nullptr;
Client* PlainRowsTest::client_ = nullptr;

/// Values as people and programs write them, by kind: of some no two readers think alike.
std::vector<std::string> forms_of(const ColumnDefinition& column, bool is_json) {
  const std::string day = format_time(now()).substr(0, 10);
  const std::string type = column.type;
  if (column.rule == Rule::kTime)
    return {day + "T00:00:00Z",
            day + " 00:00:01",
            day + "T00:00:02.5Z",
            day + "T00:00",
            day,
            day + "T00:00:03.",
            day + "T00:00:04,5",
            day + " 00:00:05 UTC",
            day + "t00:00:06z",
            "12",
            day + "T02:00:00+02:00",
            day + "T02:00:00 +0200",
            day + "T02:00:00+02",
            day + "T24:00:00",
            "1e9",
            "1772366400",
            "1772366400.75",
            "1772366400000",
            "+1772366400",
            "-1",
            "01772366400",
            day + "T00:00:60Z",
            "now",
            "1.7723664e9",
            ""};
  if (type.find("UUID") != std::string::npos)
    return {"11111111-1111-4111-8111-111111111111",
            "ABCDEFAB-1111-4111-8111-11111111111A",
            "11111111111141118111111111111111",
            "{11111111-1111-4111-8111-111111111111}",
            "00000000-0000-0000-0000-000000000000",
            "name",
            ""};
  if (type.find("String") != std::string::npos) {
    std::vector<std::string> texts = {
        "m",    " m", "m ",   "null",  "NA", "-",   "é",        "", std::string(300, 'x'),
        "a\tb", "0",  "true", "usage", "ok", "USD", "{\"v\":1}"};
    for (const char* word : words_of(column.rule)) texts.emplace_back(word);
    return texts;
  }
  std::vector<std::string> numbers = {"0",
                                      "1",
                                      "0.5",
                                      "1.0",
                                      "1e0",
                                      "01",
                                      "-0",
                                      "-1",
                                      "+1",
                                      ".5",
                                      "5.",
                                      "0.1",
                                      "99.9",
                                      "100",
                                      "1E2",
                                      "1e-400",
                                      "2147483632",
                                      "140737488355328",
                                      "1e300",
                                      "1e400",
                                      "255",
                                      "256",
                                      "4294967295",
                                      "4294967296",
                                      "3.4028236e38",
                                      "0.30000001192092896",
                                      "16777217",
                                      "123456789.123456789"};
  for (const char* word : {"", "null", "None", "NaN", "nan", "NA", "N/A", "-", "true", "TRUE", "false", " 1",
                           "1 ", "0x10", "1_000", "inf", "Infinity", "one"})
    if (!is_json) numbers.emplace_back(word);
  if (is_json)
    numbers.insert(numbers.end(),
                   {"null", "true", "false", "\"1\"", "\"x\"", "\"\"", "\" 1\"", "\"NaN\"", "[1]"});
  return numbers;
}

/// Each row has one value of any form, the others are plain; a row is kept when it is read without the
/// engine. All that are kept are then stored alike by both.
TEST_F(PlainRowsTest, AreReadAsTheEngineReadsThem) {
  std::mt19937 random(7);
  for (const bool is_json : {false, true}) {
    std::vector<ColumnDefinition> columns;
    for (const ColumnDefinition& column : table_of(Family::kPerformance).columns()) columns.push_back(column);
    std::string header;
    for (const ColumnDefinition& column : columns)
      header += (header.empty() ? "" : ",") + std::string(column.name);
    header = is_json ? "" : header + "\n";
    std::string kept = header;
    int kept_count = 0, tried = 0;
    const std::string usual[] = {format_time(floor_hour(now())), std::string(kCustomer), "m"};
    for (std::size_t odd = 0; odd < columns.size(); ++odd) {
      for (const std::string& form : forms_of(columns[odd], is_json)) {
        std::string row;
        for (std::size_t i = 0; i < columns.size(); ++i) {
          const ColumnDefinition& column = columns[i];
          const std::string type = column.type;
          const bool is_number =
              type.find("Int") != std::string::npos || type.find("Float") != std::string::npos;
          const bool is_text = !is_number || column.rule == Rule::kTime;
          const std::string fit = column.rule == Rule::kTime               ? usual[0]
                                  : type.find("UUID") != std::string::npos ? usual[1]
                                  : is_number                              ? "1"
                                  : column.rule == Rule::kStatus           ? "ok"
                                                                           : usual[2];
          const std::string& value = i == odd ? form : fit;
          if (!is_json) {
            row += (i == 0 ? "" : ",") + value;
          } else if (is_text &&
                     !(column.rule == Rule::kTime && i == odd && random() % 2 == 0 && !value.empty() &&
                       value.find_first_not_of("0123456789.") == std::string::npos && value[0] != '0')) {
            std::string escaped;
            for (const char c : value) escaped += c == '"' ? "\\\"" : c == '\t' ? "\\t" : std::string(1, c);
            row += (i == 0 ? "{\"" : ",\"") + std::string(column.name) + "\":\"" + escaped + "\"";
          } else {
            row += (i == 0 ? "{\"" : ",\"") + std::string(column.name) + "\":" + value;
          }
        }
        row += is_json ? "}\n" : "\n";
        ++tried;
        if (!is_plain(write("one", header + row), is_json)) continue;
        kept += row;
        ++kept_count;
      }
    }
    EXPECT_GT(kept_count, tried / 3);
    const auto file = write(is_json ? "kept.jsonl" : "kept.csv", kept);
    const Outcome queried = import <PerformanceMetric>(file, false);
    EXPECT_EQ(queried.refused, 0u) << queried.rejected.substr(0, 2000);
    expect_same(import <PerformanceMetric>(file, true), queried);
  }
}

std::string line(int number, const std::string& latency, const std::string& model = "m") {
  return format_time(floor_hour(now()) - std::chrono::hours(number % 2)) + "," + std::string(kCustomer) +
         "," + kService + "," + latency + "," + model + "\n";
}

/// Whatever stands in a file, both leave the same.
TEST_F(PlainRowsTest, LeaveWhatTheEngineLeaves) {
  const std::string header = "timestamp,customer_id,service_id,latency_ms,model_name\n";
  std::string good;
  for (int i = 0; i < 150; ++i) good += line(i, std::to_string(i), i % 2 == 0 ? "\"a,b\"" : "m");
  std::string unquoted = good;
  while (unquoted.find('"') != std::string::npos) unquoted.replace(unquoted.find('"'), 5, "ab");
  int number = 0;
  for (const std::string& text :
       {header, header + good, header + unquoted, header + unquoted + "\n" + unquoted,
        header + good + line(1, "x") + good, header + unquoted + line(1, "-1") + unquoted,
        header + unquoted + line(1, "1", ""), header + good + "1,2\n",
        header + unquoted + line(1, "1", "\"open"),
        header + good + line(1, "1", "a\"b") + line(1, "1", "\"a\"b"),
        header + good + line(1, "1", "\"two\nlines\"") + line(1, "x"),
        header + good + line(1, "1", "caf\xE9"), header + unquoted + line(1, "1", "caf\xE9"),
        "\xEF\xBB\xBF" + header + unquoted, header + unquoted + line(1, "1", "a\rb"),
        header + unquoted + line(1, "1", " blank "), "latency,customer_id\n" + unquoted,
        header + unquoted.substr(0, unquoted.size() - 1)}) {
    SCOPED_TRACE(number);
    const auto file = write("file-" + std::to_string(number++) + ".csv", text);
    const Outcome queried = import <PerformanceMetric>(file, false);
    expect_same(import <PerformanceMetric>(file, true), queried);
  }
}

/// The rest of a long file is the engine's from the piece on in which something is not plain.
TEST_F(PlainRowsTest, AreReadUpToThePieceThatIsNone) {
  std::string text = "timestamp,customer_id,service_id,latency_ms,model_name\n";
  int rows = 0;
  while (text.size() < 2 * kPieceBytes) text += line(++rows, "5");
  const int bad = rows + 2;  // The number of its line.
  text += line(1, "five") + line(2, "6");
  const auto file = write("long.csv", text);
  ImportTestSettings test;
  test.limits.records_max = 30'000;
  const Outcome plain = import <PerformanceMetric>(file, true, test);
  EXPECT_EQ(plain.stored, static_cast<std::uint64_t>(rows + 1));
  EXPECT_THAT(plain.rejected, HasSubstr("\"line\":" + std::to_string(bad) + ","));
  expect_same(plain, import <PerformanceMetric>(file, false, test));
}

}  // namespace
}  // namespace optiinfra
