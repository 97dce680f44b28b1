#include <gtest/gtest.h>

#include "optiinfra/store/durability.hpp"
#include "store_under_test.hpp"

namespace optiinfra {
namespace {

class PartSyncOfAStore : public testing::MigratedStoreTest {
 protected:
  PartSync part_sync() {
    const auto sync = read_part_sync(*session_);
    EXPECT_TRUE(sync) << sync.error().message;
    return sync ? *sync : PartSync::kNone;
  }

  std::uint64_t tables_with(const std::string& setting) {
    return count(
        "(SELECT count() FROM system.tables WHERE database = 'optiinfra' AND position(engine_full, '" +
        setting + "') > 0)");
  }
};

TEST_F(PartSyncOfAStore, IsThatOfAllItsTablesAndMayBeSetAgain) {
  EXPECT_EQ(part_sync(), PartSync::kNone);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(set_part_sync(*session_, PartSync::kComplete));
    EXPECT_EQ(part_sync(), PartSync::kComplete);
    EXPECT_EQ(tables_with("fsync_after_insert = 1"), 8u);
    EXPECT_EQ(tables_with("fsync_part_directory = 1"), 8u);
  }
  run("ALTER TABLE optiinfra.cost_metrics_hourly MODIFY SETTING fsync_after_insert = 0");
  EXPECT_EQ(part_sync(), PartSync::kNone);
  ASSERT_TRUE(set_part_sync(*session_, PartSync::kComplete));
  EXPECT_EQ(part_sync(), PartSync::kComplete);
  ASSERT_TRUE(set_part_sync(*session_, PartSync::kNone));
  EXPECT_EQ(part_sync(), PartSync::kNone);
  EXPECT_EQ(tables_with("fsync_after_insert = 1"), 0u);
  insert_requests(std::chrono::days{0}, 10);
  EXPECT_TRUE(verified().ok());
}

}  // namespace
}  // namespace optiinfra
