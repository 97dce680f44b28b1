// Text files are read without the engine where that makes no difference: here is that it makes none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "exactly_once.hpp"
#include "import_fixture.hpp"
#include "plain_rows.hpp"
#include "shared_store.hpp"

namespace optiinfra {
namespace {

using ::testing::HasSubstr;

/// The tests share a store, and empty it.
class PlainRowsTest : public SharedStoreTest {
 protected:
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
                        ImportTestSettings test = {.limits = {.records_max = 200}}, bool is_strict = false) {
    ImportOptions options;
    options.family = MetricTraits<Row>::kFamily;
    options.files = {file};
    options.rejected_folder = *folder_ / "";
    options.strict = is_strict;
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

  template <typename Row>
  static bool is_plain(const std::filesystem::path& path, bool is_json) {
    auto file = SourceFile::open(path);
    EXPECT_TRUE(file);
    const FileFormat format =
        is_json ? FileFormat{.name = "JSONEachRow", .kind = FormatKind::kJsonLines, .compression = "none"}
                : FileFormat{.name = "CSVWithNames", .kind = FormatKind::kDelimited, .compression = "none"};
    const auto was_all =
        read_plain_rows<Row>(*file, format, now(), [](const Batch<Row>&) { return Result<void>(); });
    EXPECT_TRUE(was_all);
    return was_all && *was_all;
  }

  template <typename Row>
  static void expect_same_of_all_forms(bool is_json);
};

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
            "1772366400.9999999",
            "1772366400.999999999999",
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
                                      "123456789.123456789",
                                      "1.00000005960464477539062500001",
                                      "1.000000178813934326171874999999"};
  for (const char* word : {"", "null", "None", "NaN", "nan", "NA", "N/A", "-", "true", "TRUE", "false", " 1",
                           "1 ", "0x10", "1_000", "inf", "Infinity", "one"})
    if (!is_json) numbers.emplace_back(word);
  if (is_json)
    numbers.insert(numbers.end(),
                   {"null", "true", "false", "\"1\"", "\"x\"", "\"\"", "\" 1\"", "\"NaN\"", "[1]"});
  return numbers;
}

/// A value that every reader takes alike.
std::string fit_for(const ColumnDefinition& column) {
  const std::string type = column.type;
  if (column.rule == Rule::kTime) return format_time(floor_hour(now()));
  if (column.rule == Rule::kCurrency) return "USD";
  if (column.rule == Rule::kHistogram) return "";
  if (!words_of(column.rule).empty()) return words_of(column.rule)[0];
  if (type.find("UUID") != std::string::npos) return kCustomer;
  return type.find("String") != std::string::npos ? "m" : "1";
}

std::string json_of(const ColumnDefinition& column, const std::string& value, bool may_be_number) {
  const std::string type = column.type;
  const bool is_number = type.find("Int") != std::string::npos || type.find("Float") != std::string::npos;
  if (may_be_number || (is_number && column.rule != Rule::kTime)) return value;
  std::string text = "\"";
  for (const char c : value) text += c == '"' ? "\\\"" : c == '\t' ? "\\t" : std::string(1, c);
  return text + "\"";
}

/// Each row has one value of any form, the others are plain; a row is kept when it is read without the
/// engine. All that are kept are then stored alike by both.
template <typename Row>
void PlainRowsTest::expect_same_of_all_forms(bool is_json) {
  std::vector<ColumnDefinition> columns;
  std::vector<std::string> fit;
  std::string header;
  for (const ColumnDefinition& column : table_of(MetricTraits<Row>::kFamily).columns()) {
    columns.push_back(column), fit.push_back(fit_for(column));
    header += (header.empty() ? "" : ",") + std::string(column.name);
  }
  header = is_json ? "" : header + "\n";
  std::string kept = header;
  std::size_t kept_count = 0, tried = 0;
  const auto try_row = [&](std::size_t odd, const std::string& form, bool may_be_number) {
    std::string row;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& value = i == odd ? form : fit[i];
      row += !is_json ? (i == 0 ? "" : ",") + value
                      : (i == 0 ? "{\"" : ",\"") + std::string(columns[i].name) +
                            "\":" + json_of(columns[i], value, may_be_number && i == odd);
    }
    row += is_json ? "}\n" : "\n";
    ++tried;
    if (!is_plain<Row>(write("one", header + row), is_json)) return;
    kept += row;
    ++kept_count;
  };
  for (std::size_t odd = 0; odd < columns.size(); ++odd) {
    for (const std::string& form : forms_of(columns[odd], is_json)) {
      try_row(odd, form, false);
      const bool is_seconds = columns[odd].rule == Rule::kTime && form.starts_with("17");
      if (is_json && is_seconds) try_row(odd, form, true);
    }
  }
  EXPECT_GT(kept_count, tried / 4);
  const auto file = write(is_json ? "kept.jsonl" : "kept.csv", kept);
  const Outcome queried = import <Row>(file, false);
  EXPECT_EQ(queried.refused, 0u) << queried.rejected.substr(0, 2000);
  expect_same(import <Row>(file, true), queried);
}

TEST_F(PlainRowsTest, AreReadAsTheEngineReadsThem) {
  for (const bool is_json : {false, true}) {
#define BEGIN_FAMILY(Name, name)                     \
  {                                                  \
    SCOPED_TRACE(#name);                             \
    expect_same_of_all_forms<Name##Metric>(is_json); \
  }
#include "optiinfra/schema/families.def"
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
class LongPlainRowsTest : public PlainRowsTest {
 protected:
  void SetUp() override {
    std::string text = "timestamp,customer_id,service_id,latency_ms,model_name\n";
    while (text.size() < 2 * kPieceBytes) text += line(++rows_, "5");
    text += line(1, "five") + line(2, "6");
    file_ = write("long.csv", text);
    test_.limits.records_max = 30'000;
  }

  int rows_ = 0;  ///< Before the bad one.
  std::filesystem::path file_;
  ImportTestSettings test_;
};

TEST_F(LongPlainRowsTest, AreReadUpToThePieceThatIsNone) {
  const Outcome plain = import <PerformanceMetric>(file_, true, test_);
  EXPECT_EQ(plain.stored, static_cast<std::uint64_t>(rows_ + 1));
  EXPECT_THAT(plain.rejected, HasSubstr("\"line\":" + std::to_string(rows_ + 2) + ","));
  expect_same(plain, import <PerformanceMetric>(file_, false, test_));
  const std::string strict = import <PerformanceMetric>(file_, true, test_, true).error;
  EXPECT_THAT(strict, HasSubstr("1 of " + std::to_string(rows_ + 2) + " rows are refused"));
  EXPECT_EQ(strict, import <PerformanceMetric>(file_, false, test_, true).error);
}

/// What one reader has begun the other continues, without a row twice or none.
TEST_F(LongPlainRowsTest, AreContinuedByEitherReader) {
  const Outcome whole = import <PerformanceMetric>(file_, true, test_);
  for (const bool begins_plain : {true, false}) {
    int recorded = 0;
    test_.reached = [&](ImportPoint point) {
      if (point == ImportPoint::kBlockRecorded && ++recorded == 1)
        execute("RENAME TABLE optiinfra.import_ledger TO optiinfra.import_ledger_away");
    };
    EXPECT_NE(import <PerformanceMetric>(file_, begins_plain, test_).error, "");
    execute("RENAME TABLE optiinfra.import_ledger_away TO optiinfra.import_ledger");
    test_.reached = {};
    const std::string stored = ask("SELECT count() FROM optiinfra.performance_metrics_ts");
    EXPECT_TRUE(stored != "0\n" && stored != std::to_string(rows_ + 1) + "\n") << stored;
    const Outcome rest = import <PerformanceMetric>(file_, !begins_plain, test_);
    EXPECT_EQ(rest.rows == whole.rows, true);
    EXPECT_EQ(rest.blocks, whole.blocks);
    EXPECT_EQ(rest.rejected, whole.rejected);
  }
}

}  // namespace
}  // namespace optiinfra
