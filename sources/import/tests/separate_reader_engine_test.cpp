// Files whose reader in the engine can end the process are read by a process of its own.
#include <fstream>
#include <random>

#include "child_process.hpp"
#include "import_fixture.hpp"
#include "separate_reader.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

class SeparateReader : public ImportTest {
 protected:
  Result<ImportReport> import_orc(const std::filesystem::path& file,
                                  const std::filesystem::path& reader = OPTIINFRA_IMPORT_CHILD) {
    ImportOptions options;
    options.files = {file};
    options.reader_program = reader;
    return import_files(*client_, options);
  }

  /// A program that runs `command` whatever it is asked.
  std::filesystem::path script(const std::string& command) const {
    const auto path = write("reader", "#!/bin/sh\n" + command + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  std::filesystem::path requests(const std::string& name) {
    const auto path = folder_ / name;
    execute("INSERT INTO FUNCTION file('" + path.string() + "', 'ORC') SELECT now() AS timestamp, '" +
            kCustomer + "' AS customer_id, '" + kService +
            "' AS service_id, number + 0.5 AS latency_ms, if(number = 7, NULL, 'm') AS model_name, "
            "if(number = 8, 150, 50) AS gpu_utilization FROM numbers(1000)");
    return path;
  }

  static std::filesystem::path damaged() { return OPTIINFRA_IMPORT_DATA "/damaged.orc"; }
};

TEST_F(SeparateReader, ReadsWhatTheFileHolds) {
  for (const char* name : {"requests.orc", "requests.orc.gz"}) {
    execute("TRUNCATE TABLE optiinfra.performance_metrics_ts");
    const auto report = import_orc(requests(name));
    ASSERT_TRUE(report) << report.error().message;
    const FileReport& file = report->files.at(0);
    EXPECT_EQ(file.rows_stored, 999u);
    ASSERT_EQ(file.rows_refused, 1u);
    EXPECT_EQ(rejected(file).at(0)["row"], 9);
    EXPECT_EQ(ask("SELECT sum(latency_ms), countIf(model_name = '') FROM optiinfra.performance_metrics_ts"),
              "499991.5\t1");
    EXPECT_TRUE(import_orc(folder_ / name)->files.at(0).was_already_imported);
  }
}

TEST_F(SeparateReader, TurnsACrashIntoAnError) {
  const auto report = import_orc(damaged());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(report.error().message,
              HasSubstr("damaged.orc cannot be read as ORC: the engine's reader crashed"));
  EXPECT_THAT(report.error().message, HasSubstr("Segmentation fault"));
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.import_ledger"), "0");
}

TEST_F(SeparateReader, IsNeededForSuchFiles) {
  const auto report = import_orc(damaged(), "");
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("does not survive damaged files"));
}

TEST_F(SeparateReader, PassesOnWhyAFileCannotBeRead) {
  const auto report = import_orc(write("text.orc", "no ORC at all"));
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("text.orc cannot be read as ORC: "));
  EXPECT_THAT(import_orc(damaged(), script("echo the reason >&2; exit 1")).error().message,
              HasSubstr("cannot be read as ORC: the reason"));
  EXPECT_THAT(import_orc(damaged(), folder_ / "absent").error().message, HasSubstr("cannot start"));
}

TEST_F(SeparateReader, IsEndedWhenItWritesNothing) {
  auto file = SourceFile::open(damaged());
  ASSERT_TRUE(file);
  const auto read =
      read_by(script("exec sleep 100"), *file, *format_of(damaged(), ""), std::chrono::milliseconds(200));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("its reader wrote nothing for"));
}

/// Everything but ORC is read in the program's own process: no damage may end it.
TEST_F(SeparateReader, IsNotNeededForOtherFormats) {
  const char* const wanted = std::getenv("OPTIINFRA_DAMAGED");
  const unsigned count = wanted == nullptr ? 6 : static_cast<unsigned>(std::atoi(wanted));
  std::vector<std::string> arguments{"damaged"};
  for (const std::string ending : {"csv", "tsv", "jsonl", "parquet", "arrow", "arrows", "avro", "native",
                                   "csv.gz", "jsonl.zst", "parquet.xz"}) {
    const auto format = format_of("a." + ending, "");
    ASSERT_TRUE(format) << ending;
    const auto whole = folder_ / ("whole." + ending);
    execute(
        "INSERT INTO FUNCTION file('" + whole.string() + "', '" + format->name +
        "') SELECT now() AS timestamp, '" + kCustomer + "' AS customer_id, '" + kService +
        "' AS service_id, number * 1.5 AS latency_ms, toString(number % 7) AS model_name FROM numbers(300)");
    const std::string content = read(whole);
    for (unsigned seed = 0; seed < count; ++seed) {
      std::mt19937 random(seed);
      std::string text = content;
      for (std::size_t left = 1 + random() % 8; left > 0; --left)
        text[random() % text.size()] = static_cast<char>(random() % 3 == 0 ? 0xff : random() % 256);
      if (random() % 8 == 0) text.resize(random() % text.size());
      arguments.push_back(write("damaged-" + std::to_string(seed) + "." + ending, text));
    }
  }
  // It names each file before it reads it.
  EXPECT_FALSE(was_killed(start_child(arguments)));
  std::printf("%zu damaged files\n", arguments.size() - 1);
}

}  // namespace
}  // namespace optiinfra
