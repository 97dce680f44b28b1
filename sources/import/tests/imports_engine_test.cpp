// Imports are listed and taken back, and the file can be imported again.
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/import/import.hpp"
#include "optiinfra/import/imports.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "shared_store.hpp"

// Last: one of its names is an enumerator of repair.hpp.
#include "file_import.hpp"

namespace optiinfra {
namespace {

class Imports : public SharedStoreTest {
 protected:
  /// One row an hour from `first` hours ago on, all of one service.
  static std::filesystem::path write_rows(const std::string& name, int first, int rows) {
    const std::filesystem::path path = *folder_ / (name + ".csv");
    std::ofstream file(path);
    file << "timestamp,customer_id,service_id,model_name,latency_ms\n";
    for (int i = 0; i < rows; ++i)
      file << format_time(now() - std::chrono::hours{first - i}) << "," << Uuid{1, 1}.to_string() << ","
           << Uuid{2, 2}.to_string() << "," << name << "," << i + 1 << "\n";
    return path;
  }

  static FileReport import(const std::filesystem::path& path) {
    // Few rows a block, so that there are many blocks.
    ImportOptions options;
    options.files = {path};
    auto report = import_files(*client_, options, ImportTestSettings{.limits = {.records_max = 10}});
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->files.front() : FileReport{};
  }

  static ImportRecord record_of(const Uuid& id) {
    auto imports = list_imports(*client_);
    EXPECT_TRUE(imports) << imports.error().message;
    for (const ImportRecord& each : *imports)
      if (each.id == id) return each;
    return {};
  }

  static Result<UndoReport> undo(const Uuid& id) {
    const ImportRecord record = record_of(id);
    return undo_imports(*client_, std::span(&record, 1));
  }

  static std::uint64_t count(const std::string& sql) {
    std::uint64_t number = 0;
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(number, query_number(session, {.sql = sql}));
      return {};
    }));
    return number;
  }

  static std::uint64_t raw_rows(const std::string& model) {
    return count("SELECT toUInt64(count()) FROM optiinfra.performance_metrics_ts WHERE model_name = '" +
                 model + "'");
  }
  static std::uint64_t hourly_rows(const std::string& model) {
    return count(
        "SELECT toUInt64(sum(request_count)) FROM optiinfra.performance_hourly WHERE model_name = '" + model +
        "'");
  }

  static void expect_agreement() {
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const store::VerifyReport report, store::verify(session));
      EXPECT_EQ(report.hours_differing, 0u);
      return {};
    }));
  }
};

TEST_F(Imports, AreListedWithTheLatestFirst) {
  const Uuid first = import(write_rows("first", 40, 30)).import_id;
  const Uuid second = import(write_rows("second", 60, 20)).import_id;
  const auto imports = list_imports(*client_);
  ASSERT_TRUE(imports);
  ASSERT_GE(imports->size(), 2u);
  EXPECT_GE(imports->front().recorded, imports->back().recorded);
  const ImportRecord record = record_of(first);
  EXPECT_EQ(record.rows_stored, 30u);
  EXPECT_EQ(record.rows_refused, 0u);
  EXPECT_TRUE(record.finished);
  EXPECT_EQ(record.family, Family::kPerformance);
  EXPECT_EQ(record.path, (*folder_ / "first.csv").string());
  EXPECT_GT(record.blocks.size(), 2u);
  EXPECT_EQ(record_of(second).rows_stored, 20u);
  std::uint64_t rows = 0;
  const auto days = days_of_import(*client_, record);
  ASSERT_TRUE(days) << days.error().message;
  for (const ImportDay& day : *days) rows += day.rows;
  EXPECT_EQ(rows, 30u);
  EXPECT_GE(days->size(), 2u) << "30 hours lie on two days at least";
}

TEST_F(Imports, AreTakenBackAloneAndCanBeMadeAgain) {
  import(write_rows("kept", 50, 40));
  const auto path = write_rows("wrong", 50, 40);  // The same hours and service.
  const Uuid id = import(path).import_id;
  ASSERT_EQ(raw_rows("wrong"), 40u);
  {
    const auto undone = undo(id);
    ASSERT_TRUE(undone) << undone.error().message;
    EXPECT_EQ(undone->rows_removed, 40u);
    EXPECT_EQ(raw_rows("wrong"), 0u);
    EXPECT_EQ(hourly_rows("wrong"), 0u);
    EXPECT_EQ(raw_rows("kept"), 40u);
    EXPECT_EQ(hourly_rows("kept"), 40u);
    EXPECT_EQ(record_of(id).rows_stored, 0u) << "it is forgotten";
    expect_agreement();
    const FileReport again = import(path);
    EXPECT_EQ(again.rows_stored, 40u);
    EXPECT_EQ(again.import_id, id);
    EXPECT_EQ(raw_rows("wrong"), 40u);
    EXPECT_EQ(hourly_rows("wrong"), 40u) << "the engine has not taken it for known";
    expect_agreement();
  }
}

TEST_F(Imports, ThatWereTakenBackHalfAreTakenBackByTheSameCall) {
  const Uuid id = import(write_rows("half", 45, 40)).import_id;
  const ImportRecord record = record_of(id);
  // What a kill after the removal from the raw table leaves, of some of its blocks.
  EXPECT_TRUE(client_->with_session([&](Session& session) {
    return session.execute(
        {.sql = "ALTER TABLE optiinfra.performance_metrics_ts DELETE WHERE model_name = 'half' AND "
                "latency_ms <= 25",
         .settings = {{"mutations_sync", "2"}}});
  }));
  EXPECT_EQ(raw_rows("half"), 15u);
  EXPECT_EQ(hourly_rows("half"), 40u);
  const auto undone = undo(id);
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_EQ(undone->rows_removed, 15u);
  EXPECT_EQ(raw_rows("half") + hourly_rows("half"), 0u);
  expect_agreement();
}

TEST_F(Imports, WithRowsPastTheirRetentionAreLeftAlone) {
  const Uuid id = import(write_rows("old", 24 * 32, 5)).import_id;  // Raw rows of requests stay 30 days.
  const std::uint64_t before = raw_rows("old");
  ASSERT_GT(before, 0u) << "late rows stay a day";
  const auto refused = undo(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_NE(refused.error().message.find("past the retention"), std::string::npos) << refused.error().message;
  EXPECT_EQ(raw_rows("old"), before);
  EXPECT_EQ(record_of(id).rows_stored, 5u);
}

}  // namespace
}  // namespace optiinfra
