// Rows that are sent to what is no service of ours; service/tests have ours.
#include "optiinfra/api/insert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/testing/fake_service.hpp"

namespace optiinfra::api {
namespace {

using std::chrono::milliseconds;
using testing::FakeAnswer;
using testing::FakeService;
using ::testing::HasSubstr;

ApiStore store_at(const FakeService& service) {
  auto url = parse_api_url("api://127.0.0.1:" + std::to_string(service.port()));
  return *ApiStore::make(*std::move(url), "");
}

std::string problem(int status, const std::string& kind) {
  return R"({"type":"about:blank","title":"x","status":)" + std::to_string(status) +
         R"(,"detail":"the reason")" + (kind.empty() ? "" : R"(,"kind":")" + kind + '"') + "}";
}

class InsertOfRows : public ::testing::Test {
 protected:
  Result<Inserted> after(int status, const std::string& body) {
    answer_ = {status, body};
    return insert_rows(store_, Family::kCost, "application/x-ndjson", Uuid::random(), "{}\n",
                       {.call = milliseconds{5'000}, .all = milliseconds{0}});
  }
  ErrorKind kind_after(int status, const std::string& body) {
    const auto inserted = after(status, body);
    EXPECT_FALSE(inserted) << status << " " << body;
    return inserted ? ErrorKind::kCancelled : inserted.error().kind;
  }

  FakeAnswer answer_;
  FakeService service_{[this](const testing::FakeRequest&) { return answer_; }};
  ApiStore store_ = store_at(service_);
};

TEST_F(InsertOfRows, AreRefusedForGoodByTheServiceAlone) {
  EXPECT_EQ(kind_after(400, problem(400, "invalid_argument")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_after(413, problem(413, "too_large")), ErrorKind::kTooLarge);
  EXPECT_EQ(kind_after(422, problem(422, "conflict")), ErrorKind::kConflict);
  EXPECT_EQ(kind_after(503, problem(503, "unavailable")), ErrorKind::kUnavailable);
}

TEST_F(InsertOfRows, AreNotRefusedByAProxyOrAnotherProgram) {
  for (const int status : {301, 400, 404, 405, 409, 413, 415, 422, 500})
    for (const std::string& body :
         {std::string("<html>"), std::string(R"({"detail":"Not Found"})"), problem(status, ""),
          problem(status, "Status"), problem(status + 1, "invalid_argument"),
          std::string(R"({"detail":[{"loc":["body"],"msg":"x"}],"kind":1,"server_code":"x","status":422})")})
      EXPECT_EQ(kind_after(status, body), ErrorKind::kRejected) << status << " " << body;
  EXPECT_EQ(kind_after(404, problem(404, "invalid_argument")), ErrorKind::kRejected) << "an older service";
  EXPECT_EQ(kind_after(409, problem(409, "conflict")), ErrorKind::kRejected);
  EXPECT_THAT(after(404, R"({"detail":"Not Found"})").error().message,
              HasSubstr("status 404 from something that is no API of optiinfra"));
}

TEST_F(InsertOfRows, AreTakenOnlyByTheAnswerOfAService) {
  for (const char* const body : {"", "<html>", "[]", "{}", R"({"accepted":"1"})", R"({"accepted":-1})"})
    EXPECT_EQ(kind_after(200, body), ErrorKind::kCorrupt) << body;
  const auto inserted =
      after(200, R"({"accepted":1,"duplicates":"x","rejected":[7,{"index":"x","column":2,"reason":"r"}]})");
  ASSERT_TRUE(inserted) << inserted.error().message;
  EXPECT_EQ(inserted->accepted, 1u);
  EXPECT_EQ(inserted->rejected, 1u);
  EXPECT_EQ(inserted->refused.front().to_string(), "r");
}

TEST_F(InsertOfRows, CanBeStoppedOnTheirWay) {
  answer_ = {.status = 0};
  std::stop_source stop;
  stop.request_stop();
  const auto inserted = insert_rows(store_, Family::kCost, "application/x-ndjson", Uuid::random(), "{}\n",
                                    {.call = milliseconds{30'000}, .stop = stop.get_token()});
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace optiinfra::api
