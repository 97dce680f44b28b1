#include <gtest/gtest.h>

#include "http/answer_head.hpp"
#include "http/exception_scanner.hpp"

namespace optiinfra::http {
namespace {

AnswerHead head_of(const std::vector<std::string>& lines) {
  AnswerHead head;
  for (const std::string& line : lines) head.take_line(line + "\r\n");
  return head;
}

TEST(AnswerHead, ReadsWhatTheServerSays) {
  const AnswerHead head =
      head_of({"HTTP/1.1 200 OK", "X-ClickHouse-Query-Id: 7-8", "x-clickhouse-format:Native",
               "X-ClickHouse-Exception-Tag: abcdefghijklmnop", "Keep-Alive: timeout=30, max=9999",
               R"(X-ClickHouse-Summary: {"read_rows":"5","read_bytes":"40","written_rows":"3"})", ""});
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.query_id(), "7-8");
  EXPECT_EQ(head.format(), "Native");
  EXPECT_EQ(head.exception_tag(), "abcdefghijklmnop");
  EXPECT_EQ(head.keep_alive(), std::chrono::seconds(30));
  EXPECT_EQ(head.summary().rows_read, 5u);
  EXPECT_EQ(head.summary().bytes_read, 40u);
  EXPECT_EQ(head.summary().rows_written, 3u);
  EXPECT_FALSE(head.encoded());
}

TEST(AnswerHead, BeginsAnewAfterAnInterimStatus) {
  const AnswerHead interim = head_of({"HTTP/1.1 100 Continue", "X-ClickHouse-Query-Id: other", ""});
  EXPECT_FALSE(interim.complete());
  const AnswerHead head =
      head_of({"HTTP/1.1 100 Continue", "X-ClickHouse-Query-Id: other", "", "HTTP/1.1 404 Not Found", ""});
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 404);
  EXPECT_EQ(head.query_id(), "");
}

TEST(AnswerHead, IgnoresTrailersBehindTheBody) {
  const AnswerHead head = head_of({"HTTP/1.1 200 OK", "X-ClickHouse-Query-Id: mine", "",
                                   "X-ClickHouse-Query-Id: other", "HTTP/1.1 500 No", ""});
  EXPECT_EQ(head.query_id(), "mine");
  EXPECT_EQ(head.status(), 200);
}

TEST(AnswerHead, TakesNothingFromValuesThatAreNoneOfTheServers) {
  const AnswerHead head =
      head_of({"HTTP/1.1", "X-ClickHouse-Exception-Tag: a b", "X-ClickHouse-Exception-Code: x",
               "Keep-Alive: timeout=-5", "no colon", ":", "Content-Encoding: zstd",
               "X-ClickHouse-Query-Id: " + std::string(kHeaderValueBytesMax + 1, 'q')});
  EXPECT_EQ(head.status(), 0);
  EXPECT_EQ(head.exception_tag(), "");
  EXPECT_EQ(head.exception_code(), 0);
  EXPECT_EQ(head.keep_alive(), std::chrono::seconds(0));
  EXPECT_EQ(head.query_id(), "");
  EXPECT_TRUE(head.encoded());
}

TEST(Summary, OfWhatIsNotUnderstoodIsZero) {
  for (const char* text : {"", "{", R"({"read_rows":"})", R"({"read_rows":5})", R"({"read_rows":"x"})",
                           R"({"read_rows":"99999999999999999999999"})"}) {
    EXPECT_EQ(parse_summary(text).rows_read, 0u) << text;
  }
}

constexpr std::string_view kTag = "mppymurkoovomxmh";
constexpr std::string_view kText = "Code: 395. DB::Exception: planted. (NAME) (version 26.7.2.1)";

std::string trailer(std::string_view text = kText) {
  return "\r\n__exception__\r\n" + std::string(kTag) + "\r\n" + std::string(text) + "\n" +
         std::to_string(text.size()) + " " + std::string(kTag) + "\r\n__exception__\r\n";
}

TEST(ExceptionScanner, FindsTheTrailerWhereverTheNetworkCutsIt) {
  const std::string data = "1\r\n\r\n__exception__\r\n2\r\n", answer = data + trailer();
  for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
    ExceptionScanner scanner(kTag);
    std::string taken(scanner.take(std::string_view(answer).substr(0, cut)));
    taken += scanner.take(std::string_view(answer).substr(cut));
    ASSERT_TRUE(scanner.found()) << cut;
    EXPECT_EQ(taken, data) << cut;
    EXPECT_EQ(scanner.text(), std::string(kText) + "\n") << cut;
  }
}

TEST(ExceptionScanner, GivesEveryByteOfAnAnswerWithoutATrailer) {
  const std::string answer =
      "a\r\n__exception__\r\nmppymurkoovomxm\r\n\r\n__exception__\r\n" + std::string(kTag.substr(0, 15));
  for (std::size_t step = 1; step <= answer.size(); ++step) {
    ExceptionScanner scanner(kTag);
    std::string taken;
    for (std::size_t at = 0; at < answer.size(); at += step)
      taken += scanner.take(std::string_view(answer).substr(at, step));
    taken += scanner.finish();
    EXPECT_EQ(taken, answer) << step;
    EXPECT_FALSE(scanner.found());
  }
}

TEST(ExceptionScanner, WithoutATagLetsEverythingThrough) {
  ExceptionScanner scanner("");
  const std::string answer = "1\n" + trailer();
  EXPECT_EQ(scanner.take(answer), answer);
  EXPECT_FALSE(scanner.found());
}

TEST(ExceptionScanner, KeepsABoundedTextOfATrailerThatIsCutOffOrEndless) {
  ExceptionScanner cut(kTag);
  (void)cut.take(trailer().substr(0, 60));
  ASSERT_TRUE(cut.found());
  EXPECT_EQ(cut.text(), kText.substr(0, 60 - 35));
  ExceptionScanner endless(kTag);
  (void)endless.take(trailer().substr(0, 60));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(endless.take(std::string(10'000, 'x')), "");
  EXPECT_EQ(endless.text().size(), kExceptionBytesMax);
}

}  // namespace
}  // namespace optiinfra::http
