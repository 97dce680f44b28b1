// A disk that fills up: a file system of 90 MiB in memory. Needs the right to mount.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {
namespace {

class SmallDisk {
 public:
  SmallDisk()
      : mounted_(::mount("optiinfra-test", folder_.path().c_str(), "tmpfs", 0, "size=90m") == 0),
        code_(errno) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const char* reason() const { return std::strerror(code_); }
  std::filesystem::path path() const { return folder_.path(); }

 private:
  testing::TemporaryFolder folder_;
  bool mounted_;
  int code_;
};

/// Rows that do not compress.
QualityBatch random_answers(std::mt19937_64& random) {
  QualityBatch batch;
  QualityMetric row;
  row.timestamp = now();
  row.customer_id = row.service_id = Uuid{1, 2};
  for (int i = 0; i < 100'000; ++i) {
    row.request_id = Uuid{random(), random()};
    row.prompt_hash = std::to_string(random());
    batch.append(row);
  }
  return batch;
}

TEST(DiskFull, IsAClearErrorThatLosesNothingStoredAndTheStoreGoesOn) {
  const SmallDisk disk;
  if (!disk.mounted())
    GTEST_SKIP() << "left out: a small disk cannot be mounted here (" << disk.reason() << ")";
  auto client = Client::open("embedded:" + (disk.path() / "store").string(),
                             {.create = true, .call_timeout = std::chrono::seconds{20}});
  ASSERT_TRUE(client) << client.error().message;

  std::mt19937_64 random(1);
  std::uint64_t stored = 0;
  std::optional<Error> full;
  for (int call = 0; call < 200 && !full; ++call) {
    const auto receipt = client->insert_quality_metrics(random_answers(random));
    if (receipt) stored += receipt->rows_stored;
    if (!receipt) full = receipt.error();
  }
  ASSERT_TRUE(full) << "the disk never filled";
  EXPECT_EQ(full->kind, ErrorKind::kStorage) << full->message;
  EXPECT_NE(full->message.find("free space"), std::string::npos) << full->message;

  EXPECT_TRUE(client->ping());
  const auto asked = client->with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(const store::VerifyReport report, store::verify(session));
    EXPECT_EQ(report.hours_differing, 0u);
    EXPECT_GE(report.objects[3].rows, stored);
    return {};
  });
  EXPECT_TRUE(asked) << asked.error().message;
}

}  // namespace
}  // namespace optiinfra
