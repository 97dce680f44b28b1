#include "optiinfra/api/answers.hpp"

#include <gtest/gtest.h>

#include "optiinfra/report/answer.hpp"
#include "optiinfra/report/wire.hpp"

namespace optiinfra::api {
namespace {

using std::chrono::seconds;

/// A question's answer with a column of each kind, with absent values and whole numbers.
Answer some_answer() {
  Answer answer{.window = {sys_seconds{seconds{1'790'000'000}}, sys_seconds{seconds{1'790'003'600}}},
                .columns = {{"begin", "hour (UTC)", "", CellKind::kTime, 0},
                            {"model_name", "model", "", CellKind::kText, 0},
                            {"total_requests", "requests", "requests", CellKind::kCount, 0},
                            {"p95_latency_ms", "p95 latency", "ms", CellKind::kNumber, 1},
                            {"avg_gpu_utilization", "average GPU", "percent", CellKind::kNumber, 1}},
                .rows = {},
                .coverage = {{Family::kPerformance, 12}}};
  answer.rows.push_back({sys_seconds{seconds{1'790'000'000}}, std::string("a, \"b\""), std::uint64_t{7},
                         812.0, std::monostate{}});
  answer.rows.push_back({sys_seconds{seconds{1'790'003'600}}, std::string(), std::monostate{}, 0.1, 99.5});
  return answer;
}

TEST(ApiAnswer, IsTheAnswerThatTheServiceMadeItsReportFrom) {
  const Answer answer = some_answer();
  report::Report sent;
  report::add_answer(sent, answer, false, nullptr);
  const auto read = report::decode_report(report::encode_report(sent));
  ASSERT_TRUE(read) << read.error().message;
  const auto got = answer_of_report(*read);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->window.begin, answer.window.begin);
  EXPECT_EQ(got->window.end, answer.window.end);
  EXPECT_EQ(got->rows, answer.rows);
  ASSERT_EQ(got->columns.size(), answer.columns.size());
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    EXPECT_EQ(got->columns[i].key, answer.columns[i].key);
    EXPECT_EQ(got->columns[i].heading, answer.columns[i].heading);
    EXPECT_EQ(got->columns[i].unit, answer.columns[i].unit);
    EXPECT_EQ(got->columns[i].kind, answer.columns[i].kind);
  }
  ASSERT_EQ(got->coverage.size(), 1u);
  EXPECT_EQ(got->coverage.front().family, Family::kPerformance);
  EXPECT_EQ(got->coverage.front().rows, 12u);
}

TEST(ApiAnswer, OfAReportWithoutRowsIsRefused) {
  EXPECT_EQ(answer_of_report(report::Report{}).error().kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace optiinfra::api
