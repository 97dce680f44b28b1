#include "optiinfra/testing/small_disk.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace optiinfra::testing {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

class EachSmallDisk : public ::testing::TestWithParam<DiskKind> {
 protected:
  void SetUp() override {
    if (disk_ == nullptr) GTEST_SKIP() << "this account may not mount such a disk";
  }

  /// 0, or the errno of the first call that failed.
  int write(const std::string& name, std::size_t bytes) const {
    const int file = ::open((disk_->path() / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    const std::string text(bytes, 'x');
    const auto written = ::write(file, text.data(), text.size());
    const int code = written < 0 ? errno : 0;
    ::close(file);
    return code;
  }

  std::unique_ptr<SmallDisk> disk_ = SmallDisk::create(GetParam(), 32 * kMiB);
};

INSTANTIATE_TEST_SUITE_P(, EachSmallDisk, ::testing::Values(DiskKind::kTmpfs, DiskKind::kExt4),
                         [](const auto& kind) {
                           return std::string(kind.param == DiskKind::kTmpfs ? "tmpfs" : "ext4");
                         });

TEST_P(EachSmallDisk, RefusesEveryWriteWhileItIsFull) {
  disk_->fill(0);
  EXPECT_LT(disk_->free_bytes(), 8192U);
  (void)write("one", 64 * 1024);  // Takes the page that may be left.
  EXPECT_EQ(write("two", 64 * 1024), ENOSPC);
  disk_->release();
  EXPECT_EQ(write("two", 64 * 1024), 0);
}

TEST_P(EachSmallDisk, LeavesWhatItIsToldTo) {
  disk_->fill(4 * kMiB);
  EXPECT_NEAR(static_cast<double>(disk_->free_bytes()), 4.0 * kMiB, 65536);
  disk_->fill(9 * kMiB);
  EXPECT_NEAR(static_cast<double>(disk_->free_bytes()), 9.0 * kMiB, 65536);
  disk_->fill(kMiB);
  EXPECT_NEAR(static_cast<double>(disk_->free_bytes()), 1.0 * kMiB, 65536);
}

TEST_P(EachSmallDisk, CanBeReadOnly) {
  ASSERT_EQ(write("before", 10), 0);
  ASSERT_TRUE(disk_->set_read_only(true));
  EXPECT_EQ(write("during", 10), EROFS);
  ASSERT_TRUE(disk_->set_read_only(false));
  EXPECT_EQ(write("after", 10), 0);
}

TEST_P(EachSmallDisk, IsUnmountedWithItsObject) {
  const auto folder = disk_->path();
  EXPECT_EQ(write("file", 10), 0);
  disk_.reset();
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace optiinfra::testing
