// Text as programs of other countries and other systems write it: delimiters, decimal commas, encodings,
// units of time, standard input. What cannot be told is refused, with what to write instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "import_fixture.hpp"
#include "shared_store.hpp"

namespace optiinfra {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The tests share a store; each has a model of its own.
class TextForms : public SharedStoreTest {
 protected:
  static std::string model() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  static std::string header(char separator) {
    std::string text = "timestamp,customer_id,service_id,model_name,latency_ms,prompt_tokens\n";
    std::replace(text.begin(), text.end(), ',', separator);
    return text;
  }

  /// A row of the test's model; its time is that of the latest hour unless it is given.
  static std::string row(char separator, const std::string& latency, const std::string& tokens = "7",
                         const std::string& time = format_time(floor_hour(now()))) {
    std::string text;
    for (const std::string& field : {time, std::string(kCustomer), std::string(kService), model(), latency})
      text += field + separator;
    return text + tokens + "\n";
  }

  static Result<FileReport> import(const std::filesystem::path& file, const std::string& map = "",
                                   const std::string& format = "") {
    ImportOptions options;
    options.files = {file};
    options.map = map;
    options.format = format;
    options.rejected_folder = *folder_ / "";
    OPTIINFRA_TRY(const ImportReport report, import_files(*client_, options));
    return report.files.at(0);
  }

  static std::string refusal(const std::filesystem::path& file, const std::string& map = "",
                             const std::string& format = "") {
    const auto report = import(file, map, format);
    EXPECT_FALSE(report);
    return report ? "" : report.error().message;
  }

  /// Sums of the test's rows: "LATENCY TOKENS".
  static std::string stored(const std::string& what =
                                "concat(toString(round(sum(latency_ms), 3)), ' ', "
                                "toString(ifNull(sum(prompt_tokens), 0)))") {
    std::string answer;
    EXPECT_TRUE(client_->with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_CHECK(session.query_text(
          {.sql = "SELECT " + what + " FROM optiinfra.performance_metrics_ts WHERE model_name = '" + model() +
                  "'"},
          "TSVRaw", [&](std::string_view text) {
            answer += text;
            return true;
          }));
      return {};
    }));
    if (answer.ends_with('\n')) answer.pop_back();
    return answer;
  }

  /// A map that reads `seconds` and `at`, with `more` lines at its top.
  static std::string map(const std::string& more, const std::string& time_type = "DateTime") {
    return write("map.toml", "family = 'performance'\n" + more + "[source]\nat = '" + time_type +
                                 "'\nseconds = 'Float64'\n[columns]\ntimestamp = 'at'\ncustomer_id = \"'" +
                                 kCustomer + "'\"\nservice_id = \"'" + kService + "'\"\nmodel_name = \"'" +
                                 model() + "'\"\nlatency_ms = 'seconds * 1000'\nsession_id = 'note'\n")
        .string();
  }
};

TEST_F(TextForms, DelimitersAreTakenFromTheHeader) {
  ASSERT_TRUE(import(write("tabs.csv", header('\t') + row('\t', "100"))));
  const auto quoted =
      import(write("semicolons.csv", header(';') + row(';', "\"20,5\"") + row(';', "\"a;b\"")));
  ASSERT_TRUE(quoted) << quoted.error().message;
  EXPECT_EQ(quoted->rows_refused, 1u) << "a quoted delimiter is text";
  EXPECT_EQ(stored(), "120.5 14");
  EXPECT_THAT(refusal(write("stray.csv", header(';') + row(';', "\"1\"2"))),
              HasSubstr("stray.csv, line 2: a quote"));
}

TEST_F(TextForms, CommasBeforeFractionsAreReadWhereOneNumberTells) {
  const auto comma = import(write("comma.csv", header(';') + row(';', "12,5") + row(';', "1.234,5") +
                                                   row(';', "1,234") + row(';', "-1,5") + row(';', "1,5e2")));
  ASSERT_TRUE(comma) << comma.error().message;
  EXPECT_EQ(comma->rows_refused, 1u) << "a latency below zero";
  EXPECT_EQ(stored(), "1398.234 28");
  // In TSV too; between commas a comma is none.
  ASSERT_TRUE(import(write("comma.tsv", header('\t') + row('\t', "0,5"))));
  EXPECT_EQ(stored(), "1398.734 35");
  EXPECT_EQ(import(write("plain.csv", header(',') + row(',', "\"1,5\"")))->rows_refused, 1u);
}

TEST_F(TextForms, WhatMayBeAThousandIsNotGuessed) {
  const auto thousand = write("thousand.csv", header(';') + row(';', "1,234", "8"));
  EXPECT_THAT(refusal(thousand),
              AllOf(HasSubstr("'1,234' in column latency_ms"), HasSubstr("decimal = \",\"")));
  EXPECT_THAT(refusal(write("both.csv", header(';') + row(';', "1,5") + row(';', "2.5"))),
              AllOf(HasSubstr("'1,5'"), HasSubstr("'2.5'"), HasSubstr("write all numbers in one way")));
  const std::string text = "at;seconds;note\n2026-03-01 12:00:00;1,234;";
  ASSERT_TRUE(import(write("stated.csv", text + "x\n"), map("decimal = ','\n")));
  EXPECT_EQ(stored(), "1234 0");
  ASSERT_TRUE(import(write("stated-point.csv", text + "y\n"), map("decimal = '.'\ndelimiter = ';'\n")));
  EXPECT_EQ(stored(), "1235234 0");
}

TEST_F(TextForms, BytesThatAreNotUtf8AreNamedAndReadWhenStated) {
  const std::string text = "at,seconds,note\n2026-03-01 12:00:00,1,caf\xE9 \x80\n";
  EXPECT_THAT(refusal(write("latin.csv", text), map("")),
              AllOf(HasSubstr("latin.csv, line 2: is not UTF-8"), HasSubstr("encoding = \"windows-1252\""),
                    HasSubstr("iconv -f WINDOWS-1252")));
  ASSERT_TRUE(import(write("latin.csv", text), map("encoding = 'windows-1252'\n")));
  EXPECT_EQ(stored("session_id"), "caf\xC3\xA9 \xE2\x82\xAC");
}

/// The engine takes the blanks at the end of a quoted text away again when the next row's field is empty, and
/// ends the process then (docs/engine.md).
TEST_F(TextForms, QuotedTextsThatEndInBlanksStayWhole) {
  for (const char separator : {',', ';'}) {
    std::string text = "timestamp,customer_id,service_id,model_name,latency_ms,session_id,finish_reason\n";
    std::replace(text.begin(), text.end(), ',', separator);
    const std::string begin = row(separator, "5", "");
    for (const auto& [session, reason] :
         {std::pair("\"a, ; \"", "\"stop\t\""), std::pair("", ""), std::pair("\"b \"\" \"", ""),
          std::pair("\"\"", "\"length \""), std::pair("", "\"\""), std::pair("c", "")})
      text += begin.substr(0, begin.size() - 1) + session + separator + reason + "\n";
    const auto report = import(write(std::string("blanks") + separator + ".csv", text));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->rows_stored, 6u);
    EXPECT_EQ(stored("arrayStringConcat(arraySort(groupUniqArray(concat('<', session_id, '|', "
                     "finish_reason, '>'))), ' ')"),
              "<a, ; |stop\t> <b \" |> <c|> <|> <|length >");
  }
}

TEST_F(TextForms, ArchivesAreNamedWithTheCommandThatUnpacksThem) {
  for (const char* name : {"rows.zip", "zipped.csv"})
    EXPECT_THAT(refusal(write(name, "PK\x03\x04 and more")),
                AllOf(HasSubstr("is a zip archive"), HasSubstr("unzip -p")));
  EXPECT_THAT(refusal(write("rows.xlsx", "PK\x03\x04")), HasSubstr("workbook of Excel"));
  EXPECT_THAT(refusal(write("gz.csv", "\x1F\x8B\x08 and more")), HasSubstr("its name must end in .gz"));
}

TEST_F(TextForms, UnitsOfTimesAreThoseOfTheMapAndNoOthers) {
  const std::string hour = "2026-03-01 12:00:00";  // 1772366400 seconds since 1970
  const std::string text = "at,seconds,note\n1772366400123,1,x\n1772366400,1,x\n";
  const auto ms = import(write("ms.csv", text), map("", "DateTime(ms)"));
  ASSERT_TRUE(ms) << ms.error().message;
  EXPECT_EQ(ms->rows_refused, 1u) << "seconds are no milliseconds";
  EXPECT_EQ(stored("min(timestamp)"), hour);
  ASSERT_TRUE(import(write("us.csv", "at,seconds,note\n1772366400123456,1,x\n"), map("", "DateTime(us)")));
  ASSERT_TRUE(import(write("ns.jsonl", "{\"at\":1772366400123456789,\"seconds\":1,\"note\":\"x\"}\n"),
                     map("", "DateTime(ns)")));
  EXPECT_EQ(stored("concat(toString(count()), ' ', toString(max(timestamp)))"), "3 " + hour);
}

TEST_F(TextForms, OffsetsMayBeHoursAlone) {
  const auto file = write("offsets.csv", header(',') + row(',', "1", "7", "2026-03-01 14:00:00+02") +
                                             row(',', "1", "7", "2026-03-01T12:00:00.5+00") +
                                             row(',', "1", "7", "2026-03-01 07:00:00 -05:00"));
  ASSERT_TRUE(import(file));
  EXPECT_EQ(
      stored("concat(toString(count()), ' ', toString(uniqExact(timestamp)), ' ', toString(min(timestamp)))"),
      "3 1 2026-03-01 12:00:00");
}

TEST_F(TextForms, FormatsAreStatedForNamesThatDoNotTellThem) {
  const auto file = write("rows.data", header(',') + row(',', "5"));
  EXPECT_THAT(refusal(file), HasSubstr("say it with --format"));
  EXPECT_THAT(refusal(file, "", "csvs"), HasSubstr("known are csv, tsv"));
  ASSERT_TRUE(import(file, "", "csv"));
  EXPECT_EQ(stored(), "5 7");
}

/// A pipe in the place of standard input, which another thread writes `text` to.
class PipedInput {
 public:
  explicit PipedInput(std::string text) : saved_(::dup(STDIN_FILENO)) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    writer_ = std::thread([text = std::move(text), end = ends[1]] {
      std::size_t written = 0;
      while (written < text.size()) {
        const ssize_t size = ::write(end, text.data() + written, text.size() - written);
        if (size <= 0) break;
        written += static_cast<std::size_t>(size);
      }
      ::close(end);
    });
  }
  ~PipedInput() {
    ::dup2(saved_, STDIN_FILENO);  // It closes the pipe, so that a writer whose text nobody reads ends.
    writer_.join();
    ::close(saved_);
  }
  PipedInput(const PipedInput&) = delete;
  PipedInput& operator=(const PipedInput&) = delete;

 private:
  int saved_;
  std::thread writer_;
};

TEST_F(TextForms, StandardInputIsStoredOnceByItsContent) {
  std::string text = header(',');
  for (int i = 0; i < 3'000; ++i) text += row(',', "1", "1");  // More than a pipe holds.
  for (const bool is_first : {true, false}) {
    const PipedInput input(text);
    const auto report = import(kStandardInput);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->was_already_imported, !is_first);
    EXPECT_EQ(report->path, "standard-input");
  }
  EXPECT_EQ(stored(), "3000 3000");
  {
    const PipedInput input("{\"timestamp\":\"2026-03-01 12:00:00\",\"customer_id\":\"" +
                           std::string(kCustomer) + "\",\"service_id\":\"" + kService +
                           "\",\"model_name\":\"" + model() + "\",\"latency_ms\":1,\"prompt_tokens\":-1}\n");
    const auto lines = import(kStandardInput);
    ASSERT_TRUE(lines) << lines.error().message;
    EXPECT_EQ(lines->rows_refused, 1u);
    EXPECT_EQ(lines->rejected_path.filename().string(),
              "standard-input-" + lines->import_id.to_string().substr(0, 8) + ".rejected.jsonl");
  }
  const PipedInput input("");
  EXPECT_THAT(refusal(kStandardInput), HasSubstr("standard-input is empty"));
}

TEST_F(TextForms, SecondsInTheColumnOfMillisecondsAreRemarked) {
  std::string text = header(',');
  for (int i = 0; i < 12; ++i) text += row(',', "0.8");
  const auto report = import(write("seconds.csv", text));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->remarks, ::testing::ElementsAre(HasSubstr("latency_ms: all 12 values are below 60")));
}

}  // namespace
}  // namespace optiinfra
