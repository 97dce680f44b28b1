// The outbox without a service, and with what is none of ours; cli/tests/tail_engine_test.cpp has it with
// one.
#include "optiinfra/agent/outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "fake_store.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "outbox_sink.hpp"

namespace optiinfra::agent {
namespace {

using ::testing::HasSubstr;

/// Where nobody listens.
api::ApiStore nobody() { return store_at_port(9); }

TEST(OutboxWithoutAService, KeepsWhatItTookUntilItIsFullAndForTheNextStart) {
  const testing::TemporaryFolder folder;
  const OutboxOptions options{folder / "outbox", kOutboxBytesMin};
  const std::string lines(std::size_t{6} << 20, ' ');
  std::uint64_t taken = 0;
  {
    auto outbox = Outbox::open(options, nobody());
    ASSERT_TRUE(outbox) << outbox.error().message;
    Result<void> put;
    while ((put = (*outbox)->put(Family::kResource, Uuid::random(), lines))) ++taken;
    EXPECT_EQ(put.error().kind, ErrorKind::kUnavailable);
    EXPECT_GE(taken, 6u);
    EXPECT_LE((*outbox)->counts().disk_bytes, kOutboxBytesMin);
    EXPECT_EQ((*outbox)->counts().requests_waiting, taken);
    const auto second = Outbox::open(options, nobody());
    EXPECT_FALSE(second);
    ASSERT_TRUE((*outbox)->close(std::chrono::milliseconds{300}));
    std::string said;
    for (const std::string& each : (*outbox)->take_remarks()) said += each + "\n";
    EXPECT_THAT(said, HasSubstr("rows wait on the disk: the service at api://127.0.0.1:9"));
    EXPECT_THAT(said, HasSubstr(std::to_string(taken) + " requests wait on the disk for the next start"));
  }
  auto again = Outbox::open(options, nobody());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)->counts().requests_waiting, taken);
}

constexpr const char* kTaken = R"({"accepted":1,"duplicates":0,"rejected":[]})";

std::string problem(int status, const std::string& kind) {
  return R"({"status":)" + std::to_string(status) + R"(,"detail":"the reason","kind":")" + kind + R"("})";
}

std::string all_remarks(Outbox& outbox) {
  std::string said;
  for (const std::string& each : outbox.take_remarks()) said += each + "\n";
  return said;
}

TEST(OutboxBehindAProxy, LosesRowsByTheServicesWordAlone) {
  const testing::TemporaryFolder folder;
  const std::vector<testing::FakeAnswer> answers = {{404, R"({"detail":"Not Found"})"},
                                                    {422, R"({"detail":[{"msg":"field required"}]})"},
                                                    {200, kTaken},
                                                    {422, problem(422, "conflict")},
                                                    {400, problem(400, "invalid_argument")}};
  std::vector<std::string> keys;  // Of the service's thread until the outbox is closed.
  const testing::FakeService service([&](const testing::FakeRequest& request) {
    keys.push_back(request.header("Idempotency-Key"));
    return answers.at(std::min(keys.size(), answers.size()) - 1);
  });
  auto outbox = Outbox::open({folder / "outbox", kOutboxBytesMin}, store_at(service));
  ASSERT_TRUE(outbox) << outbox.error().message;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*outbox)->put(Family::kServing, Uuid::random(), "{}\n"));
  ASSERT_TRUE((*outbox)->close(std::chrono::seconds{20}));
  EXPECT_EQ((*outbox)->counts().requests_waiting, 0u);
  EXPECT_EQ((*outbox)->counts().rows_sent, 2u) << "those under a key that the service knows, too";
  EXPECT_EQ((*outbox)->counts().rows_refused, 1u);
  ASSERT_EQ(keys.size(), 5u);
  EXPECT_EQ(keys[0], keys[2]);
  const std::string said = all_remarks(**outbox);
  EXPECT_THAT(said, HasSubstr("rows wait on the disk: "));
  EXPECT_THAT(said, HasSubstr("status 404 from something that is no API of optiinfra"));
  EXPECT_THAT(said, HasSubstr("rows are sent again"));
  EXPECT_THAT(said, HasSubstr("1 rows are lost, because the service does not take them: the reason"));
}

TEST(OutboxThatCloses, SendsAtOnceAndStopsInTime) {
  const testing::TemporaryFolder folder;
  std::atomic<int> calls = 0;
  std::atomic<bool> is_there = false, is_silent = false;
  const testing::FakeService service([&](const testing::FakeRequest&) -> testing::FakeAnswer {
    ++calls;
    if (is_silent) return {.status = 0};
    return is_there ? testing::FakeAnswer{200, kTaken} : testing::FakeAnswer{503, ""};
  });
  const OutboxOptions options{folder / "outbox", kOutboxBytesMin};
  auto outbox = Outbox::open(options, store_at(service));
  ASSERT_TRUE(outbox) << outbox.error().message;
  ASSERT_TRUE((*outbox)->put(Family::kResource, Uuid::random(), "{}\n"));
  ASSERT_TRUE(comes_true([&] { return calls == 3; }));
  is_there = true;
  // The next try would be in two seconds.
  ASSERT_TRUE((*outbox)->close(std::chrono::milliseconds{1'500}));
  EXPECT_EQ((*outbox)->counts().requests_waiting, 0u);

  is_silent = true;
  outbox = Outbox::open(options, store_at(service));
  ASSERT_TRUE(outbox) << outbox.error().message;
  ASSERT_TRUE((*outbox)->put(Family::kResource, Uuid::random(), "{}\n"));
  ASSERT_TRUE(comes_true([&] { return calls == 5; }));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE((*outbox)->close(std::chrono::milliseconds{100}));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5}) << "a call may take 20";
  const std::string said = all_remarks(**outbox);
  EXPECT_THAT(said, HasSubstr("1 requests wait on the disk for the next start"));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("stopped")));
}

TEST(RowsForAFullOutbox, AreAnotherRequestThanThoseThatItRefused) {
  const testing::TemporaryFolder folder;
  std::atomic<bool> is_there = false;
  std::map<std::string, std::string> bodies;  // By key; of the service's thread until the outbox is closed.
  const testing::FakeService service([&](const testing::FakeRequest& request) {
    if (!is_there) return testing::FakeAnswer{503, ""};
    if (request.body.find("row") != std::string::npos)
      bodies[request.header("Idempotency-Key")] += request.body;
    return testing::FakeAnswer{200, kTaken};
  });
  auto outbox = Outbox::open({folder / "outbox", kOutboxBytesMin}, store_at(service));
  ASSERT_TRUE(outbox) << outbox.error().message;
  for (const std::size_t size : {std::size_t{6} << 20, std::size_t{512} << 10, std::size_t{32} << 10,
                                 std::size_t{2} << 10, std::size_t{128}})
    while ((*outbox)->put(Family::kCost, Uuid::random(), std::string(size, ' '))) {
    }
  OutboxSink sink(**outbox);
  ResourceMetric row;
  row.instance_id = "first row";
  sink.add({.resources = {row}});
  EXPECT_FALSE(sink.work(true));
  EXPECT_TRUE(sink.is_blocked());
  row.instance_id = "second row";
  sink.add({.resources = {row}});
  EXPECT_FALSE(sink.work(true));
  is_there = true;
  ASSERT_TRUE(comes_true([&] { return sink.work(true).has_value(); }));
  EXPECT_FALSE(sink.is_blocked());
  ASSERT_TRUE((*outbox)->close(std::chrono::seconds{30}));
  ASSERT_EQ(bodies.size(), 2u);
  for (const auto& [key, body] : bodies)
    EXPECT_NE(body.find("first") == std::string::npos, body.find("second") == std::string::npos) << body;
}

}  // namespace
}  // namespace optiinfra::agent
