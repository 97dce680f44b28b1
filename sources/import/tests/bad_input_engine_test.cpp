// Files that cannot be imported: each says why, and nothing of it is stored.
#include <sys/stat.h>

#include <algorithm>

#include "import_fixture.hpp"
#include "source_file.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

class BadInputTest : public ImportTest {
 protected:
  /// A file that is refused must leave no row and no trace in the ledger.
  void expect_nothing_stored() {
    EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "0");
    EXPECT_EQ(ask("SELECT count() FROM optiinfra.import_ledger"), "0");
  }
};

TEST_F(BadInputTest, AnEmptyFile) {
  EXPECT_THAT(refusal(Family::kPerformance, write("empty.csv", "")), HasSubstr("empty.csv is empty"));
  expect_nothing_stored();
}

TEST_F(BadInputTest, AHeaderWithoutRowsIsNoMistake) {
  const FileReport report = imported(Family::kPerformance, write("header.csv", kPerformanceHeader));
  EXPECT_EQ(report.rows_read, 0u);
  EXPECT_EQ(report.rows_stored, 0u);
}

TEST_F(BadInputTest, AMissingFileStopsTheCallBeforeAnythingIsStored) {
  const auto good = write("good.csv", std::string(kPerformanceHeader) + performance_line());
  const auto report = import(Family::kPerformance, {good, folder_ / "absent.csv"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(report.error().message, HasSubstr("absent.csv: No such file"));
  expect_nothing_stored();
}

TEST_F(BadInputTest, AFolder) {
  EXPECT_THAT(refusal(Family::kPerformance, folder_), HasSubstr("is a folder"));
}

TEST_F(BadInputTest, ANamedPipe) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe.csv").c_str(), 0600), 0);
  EXPECT_THAT(refusal(Family::kPerformance, folder_ / "pipe.csv"), HasSubstr("is no regular file"));
}

TEST_F(BadInputTest, AFileThatMayNotBeRead) {
  const auto file = write("secret.csv", std::string(kPerformanceHeader) + performance_line());
  std::filesystem::permissions(file, std::filesystem::perms::none);
  // Root may read every file, so it becomes nobody for the moment.
  const bool is_root = ::geteuid() == 0;
  if (is_root && ::seteuid(65534) != 0)
    GTEST_SKIP() << "left out: an unreadable file, since this is root and cannot be anyone else";
  const auto opened = SourceFile::open(file);
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kStorage);
  EXPECT_THAT(opened.error().message, HasSubstr("secret.csv: Permission denied"));
}

class TruncatedTest : public BadInputTest,
                      public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(TruncatedTest, StoresNothingOfADamagedFile) {
  const auto [name, format] = GetParam();
  const auto whole = folder_ / (std::string("whole-") + name);
  // Big enough that its first half alone has rows to store.
  execute("INSERT INTO FUNCTION file('" + whole.string() + "', '" + format +
          "') SELECT now() AS timestamp, '" + kCustomer + "' AS customer_id, '" + kService +
          "' AS service_id, rand() AS latency_ms, toString(rand64()) AS model_name FROM numbers(200000)");
  const std::string content = read(whole);
  const auto file = write(name, content.substr(0, content.size() / 2));
  EXPECT_THAT(refusal(Family::kPerformance, file),
              HasSubstr(std::string(name) + " cannot be read as " + format));
  expect_nothing_stored();
}

INSTANTIATE_TEST_SUITE_P(Formats, TruncatedTest,
                         testing::Values(std::pair("t.csv.gz", "CSVWithNames"),
                                         std::pair("t.csv.zst", "CSVWithNames"),
                                         std::pair("t.jsonl.gz", "JSONEachRow"),
                                         std::pair("t.parquet", "Parquet"), std::pair("t.arrow", "Arrow"),
                                         std::pair("t.native", "Native"),
                                         std::pair("t.native.zst", "Native")),
                         [](const auto& instance) {
                           std::string name = instance.param.first;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_F(BadInputTest, EveryProperPrefixOfACompressedFile) {
  for (const std::string ending : {"gz", "zst", "xz"}) {
    const auto whole = folder_ / ("whole.csv." + ending);
    execute("INSERT INTO FUNCTION file('" + whole.string() +
            "', 'CSVWithNames') SELECT now() AS timestamp, '" + kCustomer + "' AS customer_id, '" + kService +
            "' AS service_id, number AS latency_ms FROM numbers(20)");
    const std::string content = read(whole);
    for (std::size_t size = 1; size < content.size(); ++size) {
      const auto report =
          import(Family::kPerformance, {write("prefix.csv." + ending, content.substr(0, size))});
      ASSERT_FALSE(report) << ending << ", " << size << " of " << content.size() << " bytes";
      ASSERT_EQ(report.error().kind, ErrorKind::kInvalidArgument) << report.error().message;
    }
  }
  expect_nothing_stored();
}

TEST_F(BadInputTest, AFileInAnotherFormatThanItsNameSays) {
  const std::string csv = std::string(kPerformanceHeader) + performance_line();
  EXPECT_THAT(refusal(Family::kPerformance, write("a.parquet", csv)), HasSubstr("cannot be read as Parquet"));
  EXPECT_THAT(refusal(Family::kPerformance, write("a.csv.gz", csv)),
              HasSubstr("cannot be read as CSVWithNames in gzip"));
  EXPECT_THAT(refusal(Family::kPerformance, write("a.data", csv)), HasSubstr("does not tell its format"));
  expect_nothing_stored();
}

TEST_F(BadInputTest, AWrongColumnNamesTheNearestRightOne) {
  std::string header = kPerformanceHeader;
  header.replace(header.find("gpu_utilization"), 15, "gpu_utilisation");
  EXPECT_THAT(refusal(Family::kPerformance, write("spelt.csv", header + performance_line())),
              HasSubstr("the column 'gpu_utilisation' is not a column of performance_metrics_ts; did you "
                        "mean 'gpu_utilization'?"));
  expect_nothing_stored();
}

TEST_F(BadInputTest, AMissingRequiredColumnIsNamed) {
  const auto file = write("lacks.csv", "timestamp,customer_id,service_id\n");
  EXPECT_THAT(refusal(Family::kPerformance, file),
              HasSubstr("the required column 'latency_ms' (from arrival to the last token) is missing"));
}

TEST_F(BadInputTest, TwoColumnsOfOneName) {
  EXPECT_THAT(refusal(Family::kPerformance, write("twice.csv", "timestamp,timestamp\n1,2\n")),
              testing::AnyOf(HasSubstr("two columns"), HasSubstr("uplicate")));
}

TEST_F(BadInputTest, NoFiles) {
  const auto report = import(Family::kPerformance, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(BadInputTest, AValueThatIsNestedDeepRefusesItsRow) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const auto file = write("deep.jsonl", "{\"timestamp\":" + deep + "}\n" + deep + "\n" +
                                            "{\"timestamp\":1,\"a\":" + std::string(100'000, '{') + "\n");
  const FileReport report = imported(Family::kPerformance, file);
  ASSERT_EQ(report.rows_refused, 3u);
  const auto lines = rejected(report);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["raw"].get<std::string>().size(), 4096u);
}

TEST_F(BadInputTest, OfManyRefusedRowsTheFirstAreWrittenDown) {
  constexpr std::size_t kRows = 100'500;
  std::string text = kPerformanceHeader;
  for (std::size_t row = 0; row < kRows; ++row) text += "never,,,,,,\n";
  const FileReport report = imported(Family::kPerformance, write("bad.csv", text));
  EXPECT_EQ(report.rows_refused, kRows);
  EXPECT_EQ(report.rows_written_down, 100'000u);
  const std::string written = read(report.rejected_path);
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 100'000);
}

TEST_F(BadInputTest, AFileInPlaceOfTheRefusedRowsThatIsNotOurs) {
  const auto file =
      write("bad.csv", std::string(kPerformanceHeader) + performance_line("", kCustomer, "nan"));
  const auto notes = write("bad.csv.rejected.jsonl", "notes of mine\n");
  EXPECT_THAT(refusal(Family::kPerformance, file), HasSubstr("was not written by an import"));
  EXPECT_EQ(read(notes), "notes of mine\n");
  std::filesystem::remove(notes);
  EXPECT_EQ(imported(Family::kPerformance, file).rows_refused, 1u);
}

TEST_F(BadInputTest, AFullDiskUnderTheRejectedFileIsAnErrorAndNotALoss) {
  // /dev/full takes the name of a folder only by way of a link to it as the file.
  const auto file =
      write("bad.csv", std::string(kPerformanceHeader) + performance_line("", kCustomer, "nan"));
  std::filesystem::create_directory(folder_ / "rejects");
  std::filesystem::create_symlink("/dev/full", folder_ / "rejects" / "bad.csv.rejected.jsonl");
  ImportOptions options;
  options.files = {file};
  options.rejected_folder = folder_ / "rejects" / "deeper";
  const auto report = import_files(*client_, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kStorage);
  EXPECT_THAT(report.error().message, HasSubstr("the file for refused rows"));
}

}  // namespace
}  // namespace optiinfra
