#include "embedded/fence.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::embedded {
namespace {

namespace fs = std::filesystem;

bool can_read(const fs::path& path) {
  std::string text;
  return bool(std::getline(std::ifstream(path), text));
}

bool can_write(const fs::path& path) { return bool(std::ofstream(path) << "x\n" << std::flush); }

/// A thread cannot leave a fence, so each is raised in a thread that ends with the test.
class FenceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"in", "out", "logs"}) {
      fs::create_directory(folder / name);
      ASSERT_TRUE(can_write(folder / name / "old"));
    }
  }

  /// Runs `behind` behind the fence; skips the test where the kernel has none.
  template <typename Function>
  void run(const Fence& fence, Function behind) {
    bool is_raised = false;
    std::thread([&] {
      const auto raised = raise_fence(fence);
      ASSERT_TRUE(raised) << raised.error().message;
      is_raised = *raised;
      if (is_raised) behind();
    }).join();
    if (!is_raised) GTEST_SKIP() << "this kernel has no Landlock";
  }

  const testing::TemporaryFolder folder;
};

TEST_F(FenceTest, KeepsAThreadToTheFilesItNames) {
  run({.readable = {folder / "in"}, .writable = {}, .write_only = {folder / "logs"}}, [&] {
    std::error_code code;
    EXPECT_TRUE(can_read(folder / "in/old"));
    EXPECT_FALSE(can_write(folder / "in/new"));
    EXPECT_FALSE(can_read(folder / "out/old"));
    EXPECT_FALSE(can_write(folder / "out/new"));
    EXPECT_FALSE(can_read(folder / "in/../out/old"));
    EXPECT_TRUE(can_write(folder / "logs/new"));
    EXPECT_FALSE(can_read(folder / "logs/old"));
    EXPECT_FALSE(std::filesystem::create_directory(folder / "logs/folder", code));
  });
}

TEST_F(FenceTest, HoldsForThreadsMadeBehindItAndNoOthers) {
  run({.writable = {folder / "in"}}, [&] {
    std::thread([&] { EXPECT_FALSE(can_read(folder / "out/old")); }).join();
    EXPECT_TRUE(can_write(folder / "in/new"));
    EXPECT_TRUE(can_read(folder / "in/new"));
  });
  EXPECT_TRUE(can_read(folder / "out/old"));
}

TEST_F(FenceTest, LetsNothingConnectUnlessToldTo) {
  const auto error_of_connecting = [](int type) {
    const int socket = ::socket(AF_INET, type, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int code =
        ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
    ::close(socket);
    return code;
  };
  run({.writable = {folder / "in"}}, [&] {
    EXPECT_EQ(error_of_connecting(SOCK_STREAM), EACCES);
    EXPECT_EQ(error_of_connecting(SOCK_DGRAM), EACCES);
  });
  run({.writable = {folder / "in"}, .may_connect = true}, [&] {
    EXPECT_NE(error_of_connecting(SOCK_STREAM), EACCES);
    EXPECT_EQ(error_of_connecting(SOCK_DGRAM), 0);
  });
}

TEST_F(FenceTest, LeavesOutWhatIsMissing) {
  run({.readable = {folder / "absent"}, .writable = {folder / "in"}},
      [&] { EXPECT_TRUE(can_read(folder / "in/old")); });
}

}  // namespace
}  // namespace optiinfra::embedded
