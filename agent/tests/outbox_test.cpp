// The outbox without a service; cli/tests/tail_engine_test.cpp has it with one.
#include "optiinfra/agent/outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::agent {
namespace {

using ::testing::HasSubstr;

/// Where nobody listens.
api::ApiStore nobody() {
  auto url = api::parse_api_url("api://127.0.0.1:9");
  auto store = api::ApiStore::make(*std::move(url), "");
  return *std::move(store);
}

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

}  // namespace
}  // namespace optiinfra::agent
