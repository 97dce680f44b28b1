// `optiinfra server`: from start to stop, and what it says when it cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/testing/server.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;
using testing::ServerProcess;
using testing::TemporaryFolder;

TEST(Server, ServesUntilItIsAskedToStop) {
  const TemporaryFolder folder;
  ServerProcess server(OPTIINFRA_PROGRAM, folder / "store");
  ASSERT_TRUE(server.is_ready()) << server.failure();
  EXPECT_TRUE(std::filesystem::exists(folder / "store/unclean"));
  const auto result = server.stop();
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_FALSE(std::filesystem::exists(folder / "store/unclean"));
}

TEST(Server, IsNamedToThoseWhoWantItsFolder) {
  const TemporaryFolder folder;
  ServerProcess server(OPTIINFRA_PROGRAM, folder / "store");
  ASSERT_TRUE(server.is_ready()) << server.failure();
  const Home home;
  const auto result = home.run({"--url", "embedded:" + (folder / "store").string(), "ping"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("use --url " + server.native_url() + " instead"));
}

TEST(Server, StartsAgainOnTheSamePortsAfterAKill) {
  const TemporaryFolder folder;
  ServerProcess server(OPTIINFRA_PROGRAM, folder / "store");
  ASSERT_TRUE(server.is_ready()) << server.failure();
  const auto port = server.tcp_port();
  EXPECT_EQ(server.kill().signal, SIGKILL);
  ASSERT_TRUE(server.start()) << server.failure();
  EXPECT_EQ(server.tcp_port(), port);
  EXPECT_EQ(server.stop().exit_code, 0);
}

}  // namespace
}  // namespace optiinfra::cli
