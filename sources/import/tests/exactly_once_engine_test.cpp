// An import that is killed, at every point that matters and at random times, and then repeated,
// leaves every row exactly once: in the raw table, in the rollup, and among the refused.
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "child_process.hpp"
#include "exactly_once.hpp"
#include "import_fixture.hpp"
#include "optiinfra/import/imports.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

constexpr int kFileRows = 2750;    // Five whole blocks and a half.
constexpr int kRefusedEvery = 70;  // Refused rows lie in every block.
constexpr int kNoneRefused = kFileRows + 1;

class ExactlyOnceTest : public ImportTest {
 protected:
  void SetUp() override {
    ImportTest::SetUp();
    client_.reset();  // The store belongs to the child.
    write_rows(kRefusedEvery);
  }

  void write_rows(int refused_every) {
    refused_every_ = refused_every;
    std::string content = kPerformanceHeader;
    for (int row = 1; row <= kFileRows; ++row) {
      // Six days in turn, so that the limit of days ends some blocks before the limit of rows does.
      const std::string time = "2026-03-0" + std::to_string(1 + row / 150 % 6) + "T12:00:00Z";
      content += performance_line(time, kCustomer, row % refused_every == 0 ? "nan" : "1", "50",
                                  std::to_string(row));
    }
    file_ = write("requests.csv", content);
  }

  pid_t start(int kill_at) const {
    return start_child({url(), std::to_string(kill_at), "small", kContractMap, file_.string()});
  }

  void expect_every_row_once() {
    open();
    const int refused = kFileRows / refused_every_;
    const long sum = static_cast<long>(kFileRows) * (kFileRows + 1) / 2 -
                     static_cast<long>(refused_every_) * refused * (refused + 1) / 2;
    const std::string expected = std::to_string(kFileRows - refused) + "\t" +
                                 std::to_string(kFileRows - refused) + "\t" + std::to_string(sum);
    EXPECT_EQ(ask("SELECT count(), uniqExact(prompt_tokens), sum(prompt_tokens) FROM "
                  "optiinfra.performance_metrics_ts"),
              expected);
    EXPECT_EQ(ask("SELECT sum(request_count) FROM optiinfra.performance_hourly"),
              std::to_string(kFileRows - refused));
    FileReport report;
    report.rejected_path = file_.string() + ".rejected.jsonl";
    EXPECT_EQ(std::filesystem::exists(report.rejected_path), refused > 0);
    const auto lines = rejected(report);
    ASSERT_EQ(lines.size(), static_cast<std::size_t>(refused));
    for (int i = 0; i < refused; ++i)
      EXPECT_EQ(lines[static_cast<std::size_t>(i)]["row"], (i + 1) * refused_every_);
    EXPECT_TRUE(imported_again().was_already_imported);
    client_.reset();
  }

  FileReport imported_again() {
    ImportOptions options;
    options.files = {file_};
    auto report = import_files(*client_, options, small_blocks());
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->files.at(0) : FileReport{};
  }

  void forget_store() {
    std::filesystem::remove_all(folder_ / "store");
    std::filesystem::remove(file_.string() + ".rejected.jsonl");
  }

  std::filesystem::path file_;
  int refused_every_ = kRefusedEvery;
};

/// OPTIINFRA_KILLS=all kills at every point; ./check at one of four, at others each time.
bool kills_everywhere() { return std::getenv("OPTIINFRA_KILLS") != nullptr; }

TEST_F(ExactlyOnceTest, AfterAKillAtEachPointAndARepetition) {
  const int step = kills_everywhere() ? 1 : 4;
  const int first = 1 + static_cast<int>(std::random_device{}() % static_cast<unsigned>(step));
  int kills = 0;
  for (int point = first;; point += step) {
    SCOPED_TRACE("killed at point " + std::to_string(point));
    forget_store();
    if (!was_killed(start(point))) break;  // Past the last point.
    ++kills;
    ASSERT_FALSE(was_killed(start(0)));
    expect_every_row_once();
    if (HasFailure()) break;
  }
  std::printf("exactly once: killed at %d points in turn\n", kills);
  EXPECT_GE(kills, (1 + 3 * 6) / step) << "begun, and three points in each of at least six blocks";
}

TEST_F(ExactlyOnceTest, AfterAKillAtEveryPointOfOneImport) {
  forget_store();
  int kills = 0;
  // Each run dies a little later than it comes to a new point, so that every run is a repetition of a killed
  // one.
  for (int point = 2; was_killed(start(point)); point = 2 + kills % 3) {
    ASSERT_LT(++kills, 100);
  }
  std::printf("exactly once: one import killed %d times\n", kills);
  EXPECT_GE(kills, 5);
  expect_every_row_once();
}

/// Without a refused row the file is read without the engine.
TEST_F(ExactlyOnceTest, OfAPlainFileAfterAKillAtEveryPointOfOneImport) {
  write_rows(kNoneRefused);
  forget_store();
  int kills = 0;
  for (int point = 2; was_killed(start(point)); point = 2 + kills % 3) {
    ASSERT_LT(++kills, 100);
  }
  EXPECT_GE(kills, 5);
  expect_every_row_once();
}

TEST_F(ExactlyOnceTest, AfterKillsAtTimesChosenByChance) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  forget_store();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_FALSE(was_killed(start(0)));
  auto whole =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
  int kills = 0;
  const int rounds = kills_everywhere() ? 6 : 2;
  const auto goes_on = [&](int round) { return round < rounds || (kills < rounds / 2 && round < 20); };
  for (int round = 0; goes_on(round) && !HasFailure(); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    forget_store();
    for (int attempt = 0; attempt < 4; ++attempt) {
      const pid_t child = start(0);
      std::this_thread::sleep_for(
          std::chrono::milliseconds(std::uniform_int_distribution<long>(whole / 4, whole)(random)));
      ::kill(child, SIGKILL);
      if (!was_killed(child)) {
        whole = whole * 3 / 4;  // The machine has become faster.
        break;
      }
      ++kills;
    }
    ASSERT_FALSE(was_killed(start(0)));
    expect_every_row_once();
  }
  std::printf("exactly once: %d kills at times chosen by chance, a whole import taking %ld ms\n", kills,
              whole);
  EXPECT_GE(kills, rounds / 2);
}

class FormerBlock : public ImportTest {
 protected:
  static constexpr int kDays = 9;

  sys_seconds time_of_day(int day) const { return hour_ - std::chrono::days{kDays + 1 - day}; }

  /// Leaves an import of nine rows of nine days without a block; its id.
  std::string begin_as_a_former_program() {
    std::string content = kPerformanceHeader;
    for (int day = 1; day <= kDays; ++day)
      content += performance_line(format_time(time_of_day(day)), kCustomer, "1", "50", std::to_string(day));
    options_.files = {write("requests.csv", content)};
    struct Stopped {};
    const auto stop = [](ImportPoint) { throw Stopped{}; };
    EXPECT_THROW((void)import_files(*client_, options_, {.reached = stop}), Stopped);
    execute(
        "ALTER TABLE optiinfra.import_ledger UPDATE oldest = toDateTime(0, 'UTC') WHERE 1 SETTINGS "
        "mutations_sync = 2");
    const auto imports = list_imports(*client_);
    EXPECT_TRUE(imports && imports->size() == 1);
    if (!imports || imports->empty()) return {};
    begun_ = imports->front().begun;
    return imports->front().id.to_string();
  }

  void store_two_days(const std::string& token) {
    Batch<PerformanceMetric> stored;
    for (int day = 1; day <= 2; ++day) {
      PerformanceMetric row;
      row.timestamp = time_of_day(day);
      row.customer_id = *Uuid::parse(kCustomer);
      row.service_id = *Uuid::parse(kService);
      row.latency_ms = 1;
      row.prompt_tokens = static_cast<std::uint32_t>(day);
      stored.append(row);
    }
    ASSERT_TRUE(client_->insert(stored, {.token = token}));
  }

  void expect_each_row_once() {
    const auto report = import_files(*client_, options_, {.reached = {}, .former_limits = {.days_max = 4}});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(ask("SELECT count(), sum(prompt_tokens) FROM optiinfra.performance_metrics_ts"), "9\t45");
    EXPECT_EQ(ask("SELECT sum(request_count) FROM optiinfra.performance_hourly"), "9");
    const auto imports = list_imports(*client_);
    ASSERT_TRUE(imports);
    EXPECT_THAT(imports->front().blocks, testing::ElementsAre(0, 4, 8, 9));
    const auto undone = undo_imports(*client_, *imports);
    ASSERT_TRUE(undone) << undone.error().message;
    EXPECT_EQ(undone->rows_removed, 9u) << "its blocks are found under any token";
  }

  const sys_seconds hour_ = floor_hour(now());
  ImportOptions options_;
  sys_seconds begun_{};
};

// Programs before ended a block after fewer days, under another token. What they began is completed as they
// would have, from the first block to the last.
TEST_F(FormerBlock, IsCompletedAsItWasBegun) {
  const std::string id = begin_as_a_former_program();
  store_two_days(import_token_start(*Uuid::parse(id), begun_, BlockCut::kFormer) + "0");
  expect_each_row_once();
}

TEST_F(FormerBlock, OfTheEarliestProgramsHasATokenWithoutTheTime) {
  const std::string id = begin_as_a_former_program();
  store_two_days("import:" + id + ":0");
  expect_each_row_once();
}

class LostRecords : public ImportTest {};

// Inserts are synced and the ledger is not: after a power failure it may know of none of the blocks.
TEST_F(LostRecords, OfManyBlocksLetEachRowCountOnce) {
  std::string content = kPerformanceHeader;
  for (int day = 1; day <= 9; ++day)
    content += performance_line(format_time(floor_hour(now()) - std::chrono::days{10 - day}), kCustomer, "1",
                                "50", std::to_string(day));
  ImportOptions options;
  options.files = {write("requests.csv", content)};
  const ImportTestSettings small = {.reached = {}, .limits = {.days_max = 2}};
  ASSERT_TRUE(import_files(*client_, options, small));
  execute("ALTER TABLE optiinfra.import_ledger DELETE WHERE block > 0 SETTINGS mutations_sync = 2");
  // So that only the search for the rows can find them, and not the engine's memory of tokens.
  const TableDefinition& table = table_of(Family::kPerformance);
  for (const char* const name : {table.raw_table, table.rollup_table})
    execute(std::string("ALTER TABLE optiinfra.") + name +
            " MODIFY SETTING non_replicated_deduplication_window = 0");
  const auto again = import_files(*client_, options, small);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(ask("SELECT count(), sum(prompt_tokens) FROM optiinfra.performance_metrics_ts"), "9\t45");
  EXPECT_EQ(ask("SELECT sum(request_count) FROM optiinfra.performance_hourly"), "9");
}

}  // namespace
}  // namespace optiinfra
