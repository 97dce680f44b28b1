// A delivery replaces the earlier one of its name, a file that grew adds its new rows alone, and what would
// count twice is refused.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "import_fixture.hpp"
#include "optiinfra/import/imports.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "shared_store.hpp"

// Last: one of its names is an enumerator of repair.hpp.
#include "file_import.hpp"

namespace optiinfra {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

class Deliveries : public SharedStoreTest {
 protected:
  /// The service of the test, so that tests share a store.
  static std::string service() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  static sys_seconds begin() { return floor_hour(now()) - hours{50}; }

  /// `rows` lines of a bill, one an hour from `first` hours after begin() on.
  static std::string lines(int rows, const std::string& cost, int first = 0) {
    std::string text;
    for (int i = first; i < first + rows; ++i)
      text += format_time(begin() + hours{i}) + "," + kCustomer + ",aws," + service() + "," + cost + "\n";
    return text;
  }
  static std::string header() { return "timestamp,customer_id,cloud_provider,service_name,cost_per_hour\n"; }

  struct How {
    std::string delivery = {}, map = kContractMap;
    bool replace = false;
    std::function<void(ImportPoint)> reached = {};
  };

  static Result<ImportReport> import(const std::vector<std::filesystem::path>& files, const How& how) {
    ImportOptions options;
    options.family = Family::kCost;
    options.files = files;
    options.delivery = how.delivery;
    options.map = how.map;
    options.replace = how.replace;
    return import_files(*client_, options,
                        ImportTestSettings{.reached = how.reached, .limits = {.records_max = 10}});
  }
  static Result<ImportReport> import(const std::filesystem::path& file, const How& how) {
    return import(std::vector{file}, how);
  }
  static Result<ImportReport> import(const std::filesystem::path& file) { return import(file, How{}); }

  static std::string ask(const std::string& sql) {
    std::string answer;
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const auto rows, query_texts(session, {.sql = sql}));
      if (!rows.empty()) answer = rows[0][0];
      return {};
    }));
    return answer;
  }
  static void execute(const std::string& sql) {
    const auto done = client_->with_session([&](Session& session) {
      return session.execute({.sql = sql, .settings = {{"mutations_sync", "2"}}});
    });
    EXPECT_TRUE(done) << done.error().message;
  }

  /// "ROWS COST" of the test's service in the raw table; the rollup has to agree.
  static std::string stored() {
    const std::string of_service = " WHERE service_name = '" + service() + "'";
    const std::string raw =
        ask("SELECT concat(toString(count()), ' ', toString(round(sum(cost_per_hour), 6))) "
            "FROM optiinfra.cost_metrics_ts" +
            of_service);
    const std::string hourly =
        ask("SELECT concat(toString(sum(sample_count)), ' ', toString(round("
            "sum(total_cost), 6))) FROM optiinfra.cost_hourly" +
            of_service);
    EXPECT_EQ(raw, hourly);
    return raw;
  }

  static void expect_agreement() {
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(const store::VerifyReport report, store::verify(session));
      EXPECT_EQ(report.hours_differing, 0u);
      return {};
    }));
  }

  static std::vector<ImportRecord> imports_of(const std::string& delivery) {
    auto imports = list_imports(*client_);
    EXPECT_TRUE(imports);
    std::erase_if(*imports, [&](const ImportRecord& each) { return each.delivery != delivery; });
    return *imports;
  }
};

TEST_F(Deliveries, ReplaceTheEarlierOneOfTheirName) {
  ASSERT_TRUE(import(write("other.csv", header() + lines(24, "5")), {.delivery = "other"}));
  const auto noon = write("noon.csv", header() + lines(12, "1.00"));
  const auto night = write("night.csv", header() + lines(24, "1.00"));
  const auto final = write("final.csv", header() + lines(24, "1.10"));
  auto report = import(noon, {.delivery = "november"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(stored(), "36 132");
  report = import(night, {.delivery = "november"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_stored(), 24u);
  EXPECT_EQ(report->rows_taken_back(), 12u);
  EXPECT_EQ(stored(), "48 144");
  report = import(final, {.delivery = "november"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_taken_back(), 24u);
  EXPECT_EQ(stored(), "48 146.4") << "26.40 and the 120 of the other delivery";
  report = import(final, {.delivery = "november"});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->files[0].was_already_imported);
  EXPECT_EQ(imports_of("november").size(), 1u);
  EXPECT_EQ(imports_of("november")[0].map, kContractMap);
  report = import(noon, {.delivery = "november"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(stored(), "36 132") << "an earlier one can come again";
  expect_agreement();
}

TEST_F(Deliveries, OfSeveralFilesAreReplacedTogether) {
  const auto a = write("a.csv", header() + lines(10, "1")), b = write("b.csv", header() + lines(10, "2", 10)),
             c = write("c.csv", header() + lines(10, "4", 20));
  ASSERT_TRUE(import({a, b}, {.delivery = "several"}));
  EXPECT_EQ(stored(), "20 30");
  ASSERT_TRUE(import({b, c}, {.delivery = "several"}));
  EXPECT_EQ(stored(), "20 60") << "b stays";
  EXPECT_EQ(imports_of("several").size(), 2u);
  expect_agreement();
}

/// What a killed process leaves: nothing is caught on the way, and the next call has to go on from there.
struct Stopped {};

TEST_F(Deliveries, ThatEndedHalfwayAreReplacedByAnotherOne) {
  const auto first = write("1.csv", header() + lines(40, "1")),
             second = write("2.csv", header() + lines(40, "2")),
             third = write("3.csv", header() + lines(40, "3"));
  ASSERT_TRUE(import(first, {.delivery = "halfway"}));
  int blocks = 0;
  const auto stop = [&](ImportPoint point) {
    if (point == ImportPoint::kBlockRecorded && ++blocks == 2) throw Stopped{};
  };
  EXPECT_THROW((void)import(second, {.delivery = "halfway", .reached = stop}), Stopped);
  ASSERT_EQ(imports_of("halfway").size(), 1u);
  EXPECT_FALSE(imports_of("halfway")[0].finished);
  ASSERT_TRUE(import(third, {.delivery = "halfway"}));
  EXPECT_EQ(stored(), "40 120");
  blocks = 0;
  EXPECT_THROW((void)import(first, {.delivery = "halfway", .reached = stop}), Stopped);
  ASSERT_TRUE(import(first, {.delivery = "halfway"})) << "the same command";
  EXPECT_EQ(stored(), "40 40");
  expect_agreement();
}

TEST_F(Deliveries, WithoutARowLeaveTheEarlierOne) {
  ASSERT_TRUE(import(write("good.csv", header() + lines(5, "1")), {.delivery = "unfit"}));
  const auto none = import(write("none.csv", header() + lines(5, "text")), {.delivery = "unfit"});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no row can be stored"), std::string::npos) << none.error().message;
  const auto damaged = import(
      {write("fit.csv", header() + lines(5, "2")), write("damaged.csv", header() + "\"" + lines(5, "3"))},
      {.delivery = "unfit"});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(stored(), "5 5");
  EXPECT_EQ(imports_of("unfit").size(), 1u);
}

TEST_F(Deliveries, TakeInAnImportThatHadNoName) {
  const auto file = write("nameless.csv", header() + lines(5, "1"));
  ASSERT_TRUE(import(file));
  const auto named = import(file, {.delivery = "named"});
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_TRUE(named->files[0].was_already_imported);
  EXPECT_EQ(imports_of("named").size(), 1u);
  const auto other = import(file, {.delivery = "other name"});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kConflict);
  EXPECT_NE(other.error().message.find("delivery named"), std::string::npos) << other.error().message;
  ASSERT_TRUE(import(write("next.csv", header() + lines(6, "2")), {.delivery = "named"}));
  EXPECT_EQ(stored(), "6 12");
}

TEST_F(Deliveries, OfOneContentThroughAnotherMapAreRefused) {
  const auto file = write("mapped.csv", "day,price,name\n" + format_time(begin()) + ",1," + service() + "\n");
  const auto map = [](const std::string& name, const std::string& factor) {
    return write(name, "family = \"cost\"\n[columns]\ntimestamp = \"day\"\ncustomer_id = \"'" +
                           std::string(kCustomer) +
                           "'\"\ncloud_provider = \"'aws'\"\nservice_name = \"name\"\n" +
                           "cost_per_hour = \"price * " + factor + "\"\n")
        .string();
  };
  const auto wrong = map("wrong.toml", "1"), corrected = map("corrected.toml", "2");
  ASSERT_TRUE(import(file, {.map = wrong}));
  EXPECT_EQ(stored(), "1 1");
  const auto refused = import(file, {.map = corrected});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_NE(refused.error().message.find("--replace"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("wrong.toml"), std::string::npos) << refused.error().message;
  EXPECT_EQ(stored(), "1 1");
  const auto replaced = import(file, {.map = corrected, .replace = true});
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->rows_taken_back(), 1u);
  EXPECT_EQ(stored(), "1 2");
  const auto again = import(file, {.map = corrected});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->files[0].was_already_imported);
  expect_agreement();
}

TEST_F(Deliveries, OfALogThatGrewAddItsNewRows) {
  const std::string name = "log.csv";
  auto file = write(name, header() + lines(15, "1"));
  const auto first = import(file);
  ASSERT_TRUE(first);
  file = write(name, header() + lines(15, "1") + lines(10, "2", 15));
  const auto second = import(file);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->rows_stored(), 10u);
  EXPECT_EQ(second->rows_already_stored(), 15u);
  EXPECT_EQ(stored(), "25 35");
  // A third time, with a row that is refused, and stopped on the way.
  file =
      write(name, header() + lines(15, "1") + lines(10, "2", 15) + lines(1, "text", 25) + lines(20, "3", 25));
  int blocks = 0;
  const auto stop = [&](ImportPoint point) {
    if (point == ImportPoint::kBlockInserted && ++blocks == 2) throw Stopped{};
  };
  EXPECT_THROW((void)import(file, {.reached = stop}), Stopped);
  const auto third = import(file);
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_EQ(third->rows_refused(), 1u);
  EXPECT_EQ(stored(), "45 95");
  std::string refused;
  std::ifstream(third->files[0].rejected_path) >> refused;
  EXPECT_TRUE(refused.starts_with("{\"line\":27,")) << refused;
  EXPECT_TRUE(import(file)->files[0].was_already_imported);
  // Of the pieces, the last one is taken back first.
  const auto imports = list_imports(*client_);
  ASSERT_TRUE(imports);
  const auto find = [&](const Uuid& id) {
    return *std::find_if(imports->begin(), imports->end(), [&](const auto& each) { return each.id == id; });
  };
  const ImportRecord of_first = find(first->files[0].import_id), of_second = find(second->files[0].import_id),
                     of_third = find(third->files[0].import_id);
  EXPECT_EQ(of_third.continues, of_second.id);
  EXPECT_EQ(of_third.rows_stored, 20u);
  EXPECT_EQ(undo_imports(*client_, std::span(&of_first, 1)).error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(undo_imports(*client_, std::span(&of_third, 1)));
  EXPECT_EQ(stored(), "25 35");
  ASSERT_TRUE(import(file));
  EXPECT_EQ(stored(), "45 95");
  expect_agreement();
}

TEST_F(Deliveries, OfALogWhoseLastLineWasNotCompleteAreRefused) {
  const std::string whole = header() + lines(15, "12.5");
  ASSERT_TRUE(import(write("cut.csv", whole.substr(0, whole.size() - 3))));
  const auto grown = import(write("cut.csv", whole));
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().kind, ErrorKind::kConflict);
  const auto replaced = import(write("cut.csv", whole), {.replace = true});
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(stored(), "15 187.5");
}

TEST_F(Deliveries, OfALogThatGrewWhileItsImportWasStoppedAreWhole) {
  auto file = write("stopped.csv", header() + lines(40, "1"));
  int blocks = 0;
  const auto stop = [&](ImportPoint point) {
    if (point == ImportPoint::kBlockInserted && ++blocks == 2) throw Stopped{};
  };
  EXPECT_THROW((void)import(file, {.reached = stop}), Stopped);
  file = write("stopped.csv", header() + lines(45, "1"));
  const auto whole = import(file);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(stored(), "45 45");
  expect_agreement();
}

TEST_F(Deliveries, OfAFileThatIsWrittenToAreRefusedAndThenWhole) {
  const auto log = write("written.csv", header() + lines(15, "1.00"));
  const auto grow = [&](ImportPoint point) {
    if (point == ImportPoint::kBegun) std::ofstream(log, std::ios::app) << lines(1, "1.00", 15) + "2026-";
  };
  const auto refused = import(log, {.reached = grow});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("changed its size while it was imported"), std::string::npos);
  write("written.csv", header() + lines(18, "1.00"));
  ASSERT_TRUE(import(log));
  EXPECT_EQ(stored(), "18 18");
}

TEST_F(Deliveries, KeepTheirNameWhenTheirRowsAreImportedAgain) {
  const auto first = write("kept-first.csv", header() + lines(12, "1.00"));
  ASSERT_TRUE(import(first, {.delivery = "kept"}));
  execute("ALTER TABLE optiinfra.cost_metrics_ts DELETE WHERE service_name = '" + service() + "'");
  execute("ALTER TABLE optiinfra.cost_metrics_hourly DELETE WHERE service_name = '" + service() + "'");
  const auto again = import(first, {.replace = true});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(stored(), "12 12");
  ASSERT_TRUE(import(write("kept-second.csv", header() + lines(5, "1.00")), {.delivery = "kept"}));
  EXPECT_EQ(stored(), "5 5");
}

TEST_F(Deliveries, ThatFailNameNothing) {
  const auto whole = write("unnamed.csv", header() + lines(12, "1.00"));
  ASSERT_TRUE(import(whole));
  ASSERT_TRUE(import(write("of-fails.csv", header() + lines(3, "2.00", 20)), {.delivery = "fails"}));
  const auto damaged = write("damaged.csv", header() + "\"" + lines(3, "1.00"));
  EXPECT_FALSE(import({whole, damaged}, {.delivery = "fails"}));
  EXPECT_EQ(imports_of("fails").size(), 1u);
  EXPECT_EQ(stored(), "15 18");
}

TEST_F(Deliveries, OfJsonOverLinesThatGrewAreReplacedWhole) {
  const auto object = [](int hour) {
    return "{\n\"timestamp\": \"" + format_time(begin() + hours{hour}) + "\", \"customer_id\": \"" +
           kCustomer + "\", \"cloud_provider\": \"aws\", \"service_name\": \"" + service() +
           "\", \"cost_per_hour\": 1\n}\n";
  };
  ASSERT_TRUE(import(write("objects.jsonl", object(1) + object(2))));
  const auto grown = write("objects.jsonl", object(1) + object(2) + object(3));
  EXPECT_FALSE(import(grown));
  const auto replaced = import(grown, {.replace = true});
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(stored(), "3 3");
}

TEST_F(Deliveries, WhoseRowsAreGoneCanBeImportedAgain) {
  const auto file = write("gone.csv", header() + lines(20, "1"));
  ASSERT_TRUE(import(file));
  for (const char* const table : {"cost_metrics_ts", "cost_metrics_hourly"})
    execute("ALTER TABLE optiinfra." + std::string(table) + " DELETE WHERE service_name = '" + service() +
            "'");
  const auto known = import(file);
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->files[0].was_already_imported);
  EXPECT_EQ(known->rows_gone(), 20u);
  EXPECT_EQ(stored(), "0 0");
  const auto again = import(file, {.replace = true});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->rows_stored(), 20u);
  EXPECT_EQ(stored(), "20 20");
  EXPECT_EQ(import(file)->rows_gone(), 0u);
  expect_agreement();
}

TEST_F(Deliveries, ThatWereTakenBackHalfAreMadeAgainInWhole) {
  const auto file = write("half.csv", header() + lines(20, "1"));
  const auto id = import(file)->files[0].import_id;
  execute("INSERT INTO optiinfra.import_ledger (import_id, family, finished, recorded_at) SELECT '" +
          id.to_string() + "', 'cost', 2, now()");
  execute("ALTER TABLE optiinfra.cost_metrics_ts DELETE WHERE service_name = '" + service() +
          "' AND timestamp < '" + format_time(begin() + hours{5}).substr(0, 19) + "'");
  const auto again = import(file);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->rows_taken_back(), 15u);
  EXPECT_EQ(again->rows_stored(), 20u);
  EXPECT_EQ(stored(), "20 20");
  expect_agreement();
}

/// A case of its own: a store whose retention the test changes.
class OldBill : public ImportTest {};

TEST_F(OldBill, IsNamedBeforeItIsStoredAndCanBeImportedAgain) {
  std::string text = "timestamp,customer_id,cloud_provider,service_name,cost_per_hour\n";
  for (int hour = 0; hour < 24; ++hour)
    text += format_time(floor_hour(now()) - hours{24 * 1200 - hour}) + "," + kCustomer + ",aws,ec2,1.00\n";
  ImportOptions options;
  options.family = Family::kCost;
  options.files = {write("bill-2023.csv", text)};
  std::vector<OldRows> named;
  std::string stored_then;
  options.on_old_rows = [&](const OldRows& old) {
    named.push_back(old);
    stored_then = ask("SELECT count() FROM optiinfra.cost_metrics_ts");
  };
  const auto first = import_files(*client_, options);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(named.size(), 1u);
  EXPECT_EQ(named[0].rows, 24u);
  EXPECT_EQ(named[0].rollup_retention, std::chrono::days{730});
  EXPECT_EQ(stored_then, "0");
  EXPECT_EQ(first->rows_past_rollups(), 24u);
  // What the engine does a day after the rows have arrived.
  execute("TRUNCATE TABLE optiinfra.cost_metrics_ts");
  // Raw rows past their retention whose rollups are left: nobody can take them back.
  const auto in_rollups = [&] {
    options.replace = true;
    return import_files(*client_, options);
  };
  const auto refused = in_rollups();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(ask("SELECT sum(sample_count) FROM optiinfra.cost_hourly"), "24");
  execute("TRUNCATE TABLE optiinfra.cost_metrics_hourly");
  execute("ALTER TABLE optiinfra.cost_metrics_hourly MODIFY TTL hour + INTERVAL 3650 DAY");
  const auto known = imported(Family::kCost, folder_ / "bill-2023.csv");
  EXPECT_TRUE(known.was_already_imported);
  EXPECT_EQ(known.rows_gone, 24u);
  const auto again = in_rollups();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->rows_stored(), 24u);
  EXPECT_EQ(ask("SELECT sum(sample_count) FROM optiinfra.cost_hourly"), "24");
}

TEST_F(Deliveries, OfOtherBillsOfTheSameTimeAreRemarked) {
  const auto first = import(write("restated-1.csv", header() + lines(2, "1.00", 10)));
  ASSERT_TRUE(first) << first.error().message;
  const auto second = import(write("restated-2.csv", header() + lines(2, "1.10", 10)));
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_EQ(second->files[0].remarks.size(), 1u);
  EXPECT_NE(second->files[0].remarks[0].find("charges of the same time"), std::string::npos)
      << second->files[0].remarks[0];
  EXPECT_NE(second->files[0].remarks[0].find("--delivery NAME"), std::string::npos);
  EXPECT_EQ(stored(), "4 4.2") << "they may be two bills";
  const auto named =
      import(write("restated-3.csv", header() + lines(2, "1.20", 10)), {.delivery = "restated"});
  ASSERT_TRUE(named);
  EXPECT_TRUE(named->files[0].remarks.empty()) << "a delivery says what it replaces";
}

/// Lines of an AWS report, one an hour from begin() on, that say whose bill of which month they are.
std::string aws(const std::string& account, const std::string& month, const std::string& lines) {
  std::string text =
      "bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageStartDate,lineItem/UsageEndDate,"
      "lineItem/LineItemType,lineItem/UsageType,lineItem/ProductCode,lineItem/UnblendedCost\n";
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);)
    text += account + "," + (month.empty() ? "" : month + "-01T00:00:00Z") + "," + line + "\n";
  return text;
}

TEST_F(Deliveries, AreNamedByTheBillItself) {
  const auto lines = [](int rows, const std::string& cost) {
    std::string text;
    for (int i = 0; i < rows; ++i)
      text += format_time(begin() + hours{i}) + "," + format_time(begin() + hours{i + 1}) +
              ",Usage,BoxUsage," + service() + "," + cost + "\n";
    return text;
  };
  const How by_bill{.delivery = kDeliveryOfBill, .map = ""};
  const std::string march = "aws-cur 111122223333 2026-03";
  const auto first = write("march.csv", aws("111122223333", "2026-03", lines(10, "1")));
  auto report = import(first, by_bill);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].delivery, march);
  const auto april = write("april.csv", aws("111122223333", "2026-04", lines(5, "2")));
  ASSERT_TRUE(import(april, {.map = ""}));
  report = import(april, by_bill);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->files[0].was_already_imported);
  EXPECT_EQ(imports_of("aws-cur 111122223333 2026-04").size(), 1u) << "it had no name and has it now";
  ASSERT_TRUE(import(write("other.csv", aws("444455556666", "2026-03", lines(5, "4"))), by_bill));
  EXPECT_EQ(stored(), "20 40");
  // The same month again, in two files, one of which has no line that says whose it is.
  const auto restated = write("march-2.csv", aws("111122223333", "2026-03", lines(10, "1.5"))),
             fees = write("march-fees.csv", aws("", "2026-03", lines(1, "0.5")));
  report = import({restated, fees}, by_bill);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_taken_back(), 10u);
  EXPECT_EQ(report->files[1].delivery, march);
  EXPECT_EQ(stored(), "21 45.5");
  EXPECT_EQ(imports_of(march).size(), 2u);
  report = import({restated, fees}, by_bill);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->files[0].was_already_imported);
  report = import(first, {.delivery = march, .map = ""});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(stored(), "20 40") << "a name like any other";

  const auto refusal = [&](const std::vector<std::filesystem::path>& files) {
    const auto refused = import(files, by_bill);
    EXPECT_FALSE(refused);
    return refused ? "" : refused.error().message;
  };
  const auto whole = aws("111122223333", "2026-03", lines(2, "7"));
  const auto two = write("two.csv", whole + aws("1", "2026-04", lines(1, "7")).substr(whole.find('\n') + 1));
  EXPECT_THAT(refusal({two}), HasSubstr("'aws-cur 111122223333 2026-03' in " + two.string() +
                                        ", 'aws-cur 1 2026-04' in " + two.string() + ". Import each"));
  std::vector<std::filesystem::path> many;
  for (int i = 1; i <= 7; ++i)
    many.push_back(
        write("account-" + std::to_string(i) + ".csv", aws(std::to_string(i), "2026-03", lines(1, "7"))));
  EXPECT_THAT(refusal(many), HasSubstr("'aws-cur 5 2026-03' in " + many[4].string() + " and more"));
  EXPECT_THAT(refusal({fees}), HasSubstr("the map aws-cur makes of bill/BillingPeriodStartDate, "
                                         "bill/PayerAccountId: name it with --delivery NAME"));
  EXPECT_THAT(refusal({write("plain.csv", header() + Deliveries::lines(1, "7"))}),
              HasSubstr("the map contract does not say which delivery a row belongs to: name it with "
                        "--delivery NAME, or state `delivery` in a map of your own"));
  EXPECT_EQ(stored(), "20 40");
  expect_agreement();
}

TEST_F(Deliveries, AreNamedByAMapOfOnesOwn) {
  const auto map = [](const std::string& name, const std::string& delivery) {
    return write(name, "family = \"cost\"\nwhere = \"kind != 'total'\"\nrepeat = \"2\"\ndelivery = \"" +
                           delivery + "\"\n[columns]\ntimestamp = \"day + toIntervalHour(repeat_index)\"\n" +
                           "customer_id = \"'" + kCustomer + "'\"\ncloud_provider = \"'own'\"\n" +
                           "service_name = \"name\"\ncost_per_hour = \"price / 2\"\n")
        .string();
  };
  const auto bill = [](const std::string& price) {
    const std::string rest = "," + price + "," + service() + "\n", day = format_time(begin());
    return "day,account,month,kind,price,name\n" + day + ",012,03,usage" + rest + day + ",,,usage" + rest +
           day + ",9,9,total" + rest;
  };
  const How by_bill{.delivery = kDeliveryOfBill,
                    .map = map("named.toml", "if(account = '', NULL, account || '/' || month)")};
  auto report = import(write("own-1.csv", bill("1")), by_bill);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].delivery, "012/03") << "as the file has it, of the rows that are imported";
  EXPECT_EQ(stored(), "4 2");
  report = import(write("own-2.csv", bill("2")), by_bill);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(stored(), "4 4");
  const auto refused = import(write("own-3.csv", bill("3")),
                              {.delivery = kDeliveryOfBill, .map = map("clock.toml", "toString(now())")});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("clock.toml, delivery: "));
  EXPECT_EQ(stored(), "4 4");
}

TEST_F(Deliveries, AreNamedByBillsOfEveryProvider) {
  struct Bill {
    const char *file, *content, *delivery;
  };
  const Bill bills[] = {
      {"cur2.csv",
       "bill_payer_account_id,bill_billing_period_start_date,line_item_line_item_type,"
       "line_item_usage_start_date,line_item_usage_end_date,line_item_unblended_cost,line_item_product_code,"
       "line_item_usage_type\n012345678901,2026-03-01 00:00:00.000,Usage,2026-03-01 10:00:00.000,"
       "2026-03-01 11:00:00.000,1,EC2,Box\n",
       "aws-cur 012345678901 2026-03"},
      {"focus.csv",
       "BillingAccountId,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,EffectiveCost\n"
       "b-1,2026-03-01T00:00:00Z,Usage,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,1\n"
       "NULL,2026-04-01T00:00:00Z,Usage,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,1\n",
       "focus b-1 2026-03"},
      {"ea.csv",
       "BillingAccountId,BillingPeriodStartDate,Date,MeterCategory,CostInBillingCurrency\n"
       "b-1,03/01/2026,03/31/2026,VM,1\n",
       "azure-cost b-1 2026-03"},
      {"mca.csv",
       "billingAccountId,billingProfileId,billingPeriodStartDate,date,meterCategory,costInBillingCurrency\n"
       "b-1,p-1,2026-03-14,2026-04-02,VM,1\n",
       "azure-cost p-1 2026-03"},
      {"gcp.jsonl",
       R"({"billing_account_id":"A-1","usage_start_time":"2026-03-31T23:00:00Z",)"
       R"("usage_end_time":"2026-04-01T00:00:00Z","cost":1,"cost_type":"regular","invoice":{"month":"202604"}})"
       "\n",
       "gcp-billing A-1 2026-04"},
      {"gcp.csv",
       "billing_account_id,usage_start_time,usage_end_time,cost,cost_type,invoice.month\n"
       "A-1,2026-03-31T23:00:00Z,2026-04-01T00:00:00Z,2,regular,202603\n",
       "gcp-billing A-1 2026-03"}};
  for (const Bill& bill : bills) {
    SCOPED_TRACE(bill.file);
    const auto report = import(write(bill.file, bill.content), {.delivery = kDeliveryOfBill, .map = ""});
    EXPECT_TRUE(report) << report.error().message;
    if (!report) continue;
    EXPECT_EQ(report->files[0].delivery, bill.delivery);
    EXPECT_EQ(report->rows_refused(), 0u);
  }
}

}  // namespace
}  // namespace optiinfra
