// Files with a fault after many good rows: the fault is found before the first row is stored.
#include <iostream>
#include <random>

#include "csv_quotes.hpp"
#include "exactly_once.hpp"
#include "import_fixture.hpp"
#include "source_columns.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

constexpr int kRows = 3'000;  // Six blocks.

class BrokenLateTest : public ImportTest {
 protected:
  void expect_nothing_stored() {
    EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "0");
    EXPECT_EQ(ask("SELECT count() FROM optiinfra.import_ledger"), "0");
  }

  static std::string good_lines(int count) {
    std::string text = "timestamp,customer_id,service_id,latency_ms,model_name\n";
    for (int i = 0; i < count; ++i)
      text +=
          "1772366400," + std::string(kCustomer) + "," + kService + "," + std::to_string(i % 1000) + ",m\n";
    return text;
  }

  static std::string line(const std::string& model) {
    return "1772366400," + std::string(kCustomer) + "," + kService + ",1," + model + "\n";
  }

  /// Six blocks of requests; in the last row latency is `latency`.
  std::filesystem::path typed(const std::string& name, const std::string& format,
                              const std::string& latency) {
    execute("INSERT INTO FUNCTION file('" + (folder_ / name).string() + "', '" + format +
            "') SELECT toUnixTimestamp('2026-03-01 12:00:00', 'UTC') AS ts, if(number = 2999, '" + latency +
            "', '5') AS latency, toString(cityHash64(number)) AS noise FROM numbers(3000) SETTINGS "
            "max_threads = 1");
    return folder_ / name;
  }

  /// In blocks of 500 rows.
  Result<ImportReport> import_small(const std::filesystem::path& file,
                                    const std::string& map = kContractMap) {
    ImportOptions options;
    options.files = {file};
    options.map = map;
    return import_files(*client_, options, small_blocks());
  }

  std::string failure(const std::filesystem::path& file, const std::string& map = kContractMap) {
    const auto report = import_small(file, map);
    return report ? "" : report.error().message;
  }

  FileReport success(const std::filesystem::path& file, const std::string& map = kContractMap) {
    const auto report = import_small(file, map);
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->files.at(0) : FileReport{};
  }

  std::string map_of(const std::string& latency) {
    return write("map.toml", "[columns]\ntimestamp = \"ts\"\ncustomer_id = \"'" + std::string(kCustomer) +
                                 "'\"\nservice_id = \"'" + kService +
                                 "'\"\nmodel_name = \"noise\"\nlatency_ms = \"" + latency + "\"\n")
        .string();
  }
};

TEST_F(BrokenLateTest, AStrayQuoteIsNamedByItsLine) {
  const std::string stray = good_lines(kRows) + line("\"m") + line("m") + line("\"m") + line("m");
  EXPECT_THAT(failure(write("stray.csv", stray)),
              HasSubstr("stray.csv, line 3004: a quote closes a field, and text follows it"));
  expect_nothing_stored();
  EXPECT_EQ(success(write("repaired.csv", good_lines(kRows) + line("m"))).rows_stored, 3'001u);
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "3001");
  EXPECT_EQ(ask("SELECT sum(request_count) FROM optiinfra.performance_hourly"), "3001");
}

TEST_F(BrokenLateTest, AQuoteThatNeverClosesSwallowsNoRows) {
  EXPECT_THAT(failure(write("open.csv", good_lines(3) + line("\"m") + line("m") + line("m"))),
              HasSubstr("open.csv, line 5: a quote opens a field and nothing closes it"));
  expect_nothing_stored();
}

TEST_F(BrokenLateTest, ADamagedParquetStoresNothing) {
  const auto file = typed("requests.parquet", "Parquet", "5");
  std::string content = read(file);
  // In the pages of the last column; the footer stays whole, and so does the number of rows in it.
  const std::size_t at = content.size() / 2;
  for (std::size_t i = at; i < at + 100; ++i) content[i] = static_cast<char>(~content[i]);
  EXPECT_THAT(failure(write("damaged.parquet", content), map_of("latency")), HasSubstr("damaged.parquet"));
  expect_nothing_stored();
  EXPECT_EQ(success(file, map_of("latency")).rows_stored, 3'000u);
}

TEST_F(BrokenLateTest, AnExpressionThatFailsLateStoresNothing) {
  // In JSON lines the column has numbers except in that row, so only that row is refused.
  for (const auto& [name, format] :
       {std::pair("late.csv", "CSVWithNames"), std::pair("late.parquet", "Parquet")}) {
    const auto file = typed(name, format, "five");
    EXPECT_THAT(failure(file, map_of("toFloat64(toString(latency))")), HasSubstr("five")) << name;
    expect_nothing_stored();
    EXPECT_EQ(success(file, map_of("toFloat64OrNull(toString(latency))")).rows_refused, 1u) << name;
    execute("TRUNCATE TABLE optiinfra.performance_metrics_ts");
    execute("TRUNCATE TABLE optiinfra.import_ledger");
  }
}

TEST_F(BrokenLateTest, AFailureBehindStoredBlocksSaysWhatIsStoredAndTheSameImportCompletesIt) {
  const auto file = write("good.csv", good_lines(kRows));
  // The store loses its ledger for the moment: what a broken connection or a full disk is like.
  ImportTestSettings test = small_blocks();
  int recorded = 0;
  test.reached = [&](ImportPoint point) {
    if (point == ImportPoint::kBlockRecorded && ++recorded == 2)
      execute("RENAME TABLE optiinfra.import_ledger TO optiinfra.import_ledger_away");
  };
  ImportOptions options;
  options.files = {file};
  const auto report = import_files(*client_, options, test);
  ASSERT_FALSE(report);
  const std::string stored = ask("SELECT count() FROM optiinfra.performance_metrics_ts");
  EXPECT_NE(stored, "0");
  EXPECT_THAT(report.error().message, HasSubstr(stored + " rows of " + file.string() +
                                                " are stored; the same import again stores the rest"));
  execute("RENAME TABLE optiinfra.import_ledger_away TO optiinfra.import_ledger");
  EXPECT_GT(success(file).rows_already_stored, 0u);
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "3000");
  EXPECT_EQ(ask("SELECT sum(request_count) FROM optiinfra.performance_hourly"), "3000");
}

TEST_F(BrokenLateTest, TheCaseOfAStrayQuote) {
  const auto make = std::filesystem::path(OPTIINFRA_SOURCE_DIR) / "../shared/cases/broken-late/make";
  if (!std::filesystem::exists(make))
    GTEST_SKIP() << "left out: broken-late, since ../shared/cases is not there";
  ASSERT_EQ(std::system(
                ("cd " + folder_.string() + " && bash " + std::filesystem::absolute(make).string()).c_str()),
            0);
  EXPECT_THAT(refusal(Family::kPerformance, folder_ / "stray.csv"),
              HasSubstr("line 590102: a quote closes a field"));
  expect_nothing_stored();
  EXPECT_EQ(imported(Family::kPerformance, folder_ / "mended.csv").rows_stored, 600'000u);
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "600000");
}

/// The scanner's verdict on small files is the engine's, which reads them as an import does.
TEST_F(BrokenLateTest, QuotesPairUpAsTheEnginePairsThem) {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << std::endl;  // Also seen when the engine ends the process.
  std::mt19937 random(seed);
  // For the engine a carriage return without a line feed ends a line after a quote, and is text elsewhere.
  const std::vector<std::string> pieces = {"a", ",", "\"", "\"\"", "\n", " ", "\r\n", "\"a\"", ",\"", "\","};
  int wrong = 0, with_last_blanks = 0;
  for (int attempt = 0; attempt < 400; ++attempt) {
    std::string text = "h,h\n";
    for (int i = std::uniform_int_distribution(1, 12)(random); i > 0; --i)
      text += pieces[std::uniform_int_distribution<std::size_t>(0, pieces.size() - 1)(random)];
    CsvQuotes quotes;
    bool is_wrong = false;
    std::uint64_t number = 1;
    for (std::size_t at = 4; at < text.size() && !is_wrong;) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      is_wrong = quotes.take(++number, std::string_view(text).substr(at, end - at)).has_value();
      at = end + 1;
    }
    auto file = SourceFile::open(write("random.csv", text));
    ASSERT_TRUE(file);
    FileFormat format{.name = "CSVWithNames", .kind = FormatKind::kDelimited, .compression = "none"};
    if (!is_wrong) format.may_quote_last_blanks = quotes.quotes_last_blanks();
    with_last_blanks += quotes.quotes_last_blanks() ? 1 : 0;
    auto settings = reading_settings(format);
    settings.emplace_back("input_format_csv_skip_first_lines", "1");
    bool is_read = false;
    std::string why;
    auto done = client_->with_session([&](Session& session) -> Result<void> {
      auto rows =
          session.query({.sql = "SELECT * FROM " + file_function(*file, format, 2), .settings = settings},
                        [](const Block&) { return true; });
      is_read = rows.has_value();
      if (!rows) why = rows.error().message;
      return {};
    });
    ASSERT_TRUE(done);
    ASSERT_EQ(is_read, !is_wrong) << testing::PrintToString(text) << ", seed " << seed << ": " << why;
    wrong += is_wrong ? 1 : 0;
  }
  EXPECT_GT(wrong, 20);
  EXPECT_GT(with_last_blanks, 5);
}

}  // namespace
}  // namespace optiinfra
