// Many small inserts: a server slows its clients down before their parts are too many to be merged.
//
// OPTIINFRA_SMALL_INSERTS=300 lets 160 clients insert for so many seconds instead of a few.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using std::chrono::steady_clock;

constexpr const char* kTables[] = {"performance_metrics_ts", "cost_metrics_ts", "resource_metrics_ts",
                                   "quality_metrics_ts"};
constexpr const char* kMeasures[] = {"latency_ms", "cost_per_hour", "gpu_utilization",
                                     "overall_quality_score"};
/// What else a row must have; a UUID is also a name.
constexpr const char* kNames[] = {"service_id", "cloud_provider", "instance_id", "service_id"};
constexpr std::size_t kRowsOfInsert = 10;

/// Rows of one day that no other `number` has.
Block rows(std::size_t family, std::uint32_t number) {
  std::vector<std::uint32_t> times;
  std::vector<double> values;
  Strings customers, names;
  const auto today = static_cast<std::uint32_t>(::time(nullptr) / 86'400 * 86'400);
  for (std::uint32_t i = 0; i < kRowsOfInsert; ++i) {
    const std::uint32_t row = number * static_cast<std::uint32_t>(kRowsOfInsert) + i;
    times.push_back(today - 86'400 + row % 86'400);
    values.push_back(static_cast<double>(row) / 1e8);
    customers.append("11111111-1111-4111-8111-111111111111");
    names.append("22222222-2222-4222-8222-222222222222");
  }
  Block block;
  block.add({"timestamp", "UInt32", std::move(times)});
  block.add({"customer_id", "String", std::move(customers)});
  block.add({kNames[family], "String", std::move(names)});
  block.add({kMeasures[family], "Float64", std::move(values)});
  return block;
}

class SmallInserts : public ServedStore {
 protected:
  std::unique_ptr<Session> connect(bool is_native) const {
    const auto connector =
        make_connector(is_native ? server->native_url() : server->http_url(), IfAbsent::kFail);
    auto session = (*connector)->connect();
    return session ? *std::move(session) : nullptr;
  }

  static double seconds_of_insert(Session& session) {
    Block block;
    block.add({"a", "UInt64", std::vector<std::uint64_t>{1}});
    const auto begin = steady_clock::now();
    const auto inserted = session.insert({.table = "default.t"}, block);
    EXPECT_TRUE(inserted) << inserted.error().message;
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
  }

  std::string most_parts() const {
    return ask(
        "SELECT max(parts) FROM (SELECT count() AS parts FROM system.parts WHERE active AND database = "
        "'optiinfra' GROUP BY table, partition)");
  }
};

TEST_F(SmallInserts, WaitWhileAPartitionHasManyParts) {
  start();
  const auto session = connect(true);
  ASSERT_TRUE(session);
  ASSERT_EQ(
      ask("CREATE TABLE default.t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS parts_to_delay_insert = "
          "1000, max_bytes_to_merge_at_max_space_in_pool = 1"),  // Nothing is merged.
      "");
  // A row is a part here.
  ASSERT_EQ(ask("INSERT INTO default.t SELECT number FROM numbers(300) SETTINGS max_block_size = 1, "
                "min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1"),
            "");
  ASSERT_EQ(ask("SELECT count() FROM system.parts WHERE active AND table = 't'"), "300\n");
  ASSERT_EQ(ask("ALTER TABLE default.t RESET SETTING parts_to_delay_insert"), "");
  EXPECT_GT(seconds_of_insert(*session), 5.0);
  ASSERT_EQ(ask("ALTER TABLE default.t RESET SETTING max_bytes_to_merge_at_max_space_in_pool"), "");
  ASSERT_EQ(ask("OPTIMIZE TABLE default.t FINAL"), "");
  EXPECT_LT(seconds_of_insert(*session), 5.0);
}

TEST_F(SmallInserts, OfManyClientsAllSucceed) {
  const char* const wanted = std::getenv("OPTIINFRA_SMALL_INSERTS");
  const std::chrono::seconds time(wanted == nullptr ? 5 : std::atoi(wanted));
  const std::size_t clients = wanted == nullptr ? 16 : 160;
  start();
  std::atomic<std::uint32_t> next{0};
  std::atomic<std::uint64_t> stored[std::size(kTables)] = {};
  std::mutex mutex;
  std::vector<double> latencies;
  std::vector<std::string> errors;
  const auto end = steady_clock::now() + time;
  std::vector<std::thread> threads;
  for (std::size_t client = 0; client < clients; ++client) {
    threads.emplace_back([&, client] {
      std::unique_ptr<Session> session;
      while (!session && steady_clock::now() < end) session = connect(client % 2 == 0);
      while (steady_clock::now() < end) {
        const std::uint32_t number = next++;
        const std::size_t family = number % std::size(kTables);
        const auto begin = steady_clock::now();
        const auto inserted =
            session->insert({.table = std::string("optiinfra.") + kTables[family]}, rows(family, number));
        const std::lock_guard lock(mutex);
        latencies.push_back(std::chrono::duration<double>(steady_clock::now() - begin).count());
        if (inserted) {
          stored[family] += kRowsOfInsert;
        } else {
          errors.push_back(inserted.error().message);
          return;
        }
      }
    });
  }
  std::size_t parts_max = 0;
  while (steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    parts_max = std::max(parts_max, static_cast<std::size_t>(std::atol(most_parts().c_str())));
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(errors.empty()) << errors.size() << " failed: " << errors.front();
  EXPECT_LT(parts_max, 500u);
  for (std::size_t family = 0; family < std::size(kTables); ++family) {
    EXPECT_EQ(ask(std::string("SELECT count() FROM optiinfra.") + kTables[family]),
              std::to_string(stored[family]) + "\n");
  }
  ASSERT_FALSE(latencies.empty());
  std::sort(latencies.begin(), latencies.end());
  std::printf(
      "%zu clients, %.1f inserts/s, latency p50 %.2f p99 %.2f most %.2f s, at most %zu parts in a "
      "partition\n",
      clients, static_cast<double>(latencies.size()) / static_cast<double>(time.count()),
      latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100], latencies.back(), parts_max);
}

}  // namespace
}  // namespace optiinfra::cli
