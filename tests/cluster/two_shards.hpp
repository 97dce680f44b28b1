/// A cluster of two servers on this host, each a shard, and one fleet's rows.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/generate/fleet.hpp"
#include "optiinfra/schema/placement.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {

inline constexpr const char* kShardDatabase = "optiinfra_shard";

/// Runs the program to its end.
inline testing::ProgramResult run_program(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), OPTIINFRA_PROGRAM);
  return testing::run_program(arguments, {.environment = {"OPTIINFRA_URL=", "LC_ALL=C.UTF-8"}});
}

/// Rows of all families, the same for the same seed.
inline fleet::Fleet make_test_fleet(std::uint64_t rows, int days, std::uint64_t seed = 5) {
  auto fleet = fleet::Fleet::create({.seed = seed,
                                     .days = days,
                                     .rows = rows,
                                     .end = floor_hour(now()),
                                     .columns = fleet::FleetColumns::kAll});
  EXPECT_TRUE(fleet) << fleet.error().message;
  return std::move(fleet).value();
}

template <typename Row>
void insert_all(fleet::Fleet& fleet, Client& client, std::uint64_t seed) {
  Batch<Row> batch;
  for (int call = 0; fleet.next_batch(batch, 20'000); ++call) {
    const auto receipt =
        client.insert<Row>(batch, {.token = "fleet:" + std::to_string(seed) + ":" + std::to_string(call)});
    ASSERT_TRUE(receipt) << receipt.error().message;
    ASSERT_EQ(receipt->rows_stored, batch.size());
  }
}

inline void insert_fleet(Client& client, std::uint64_t rows, int days, std::uint64_t seed = 5) {
  fleet::Fleet fleet = make_test_fleet(rows, days, seed);
  for (const Family family : kFamilies)
    with_metric(family, [&]<typename Row>() { insert_all<Row>(fleet, client, seed); });
}

/// Two servers that know each other as cluster "pair".
class TwoShards {
 public:
  TwoShards() : TwoShards(2) {}

  /// A cluster of the first `shards` of the two servers.
  explicit TwoShards(int shards) {
    for (const char* name : {"a", "b"})
      servers_.push_back(std::make_unique<testing::ServerProcess>(OPTIINFRA_PROGRAM, folder_.path() / name,
                                                                  std::vector<std::string>{"--no-init"}));
    if (is_ready()) restart(shards);
  }

  /// Starts both servers again, with a cluster of `shards`.
  void restart(int shards) {
    std::string cluster = "pair=127.0.0.1:" + std::to_string(a().tcp_port());
    if (shards == 2) cluster += ",127.0.0.1:" + std::to_string(b().tcp_port());
    for (auto& server : servers_) {
      server->stop();
      if (!server->start({"--cluster", cluster})) return;
    }
  }

  testing::ServerProcess& a() { return *servers_[0]; }
  testing::ServerProcess& b() { return *servers_[1]; }
  std::string url() { return a().native_url(); }

  std::string failure() { return a().failure() + b().failure(); }
  bool is_ready() { return a().is_ready() && b().is_ready(); }

  testing::ProgramResult init(std::vector<std::string> more = {"--no-replication"}) {
    std::vector<std::string> words = {"init", "--cluster", "pair", "--url", url()};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }

  /// A session with one server, in `database`.
  std::unique_ptr<Session> session(testing::ServerProcess& server, const std::string& database) {
    auto url = parse_store_url(server.native_url());
    url->database = database;
    auto connected = (*make_connector(*url, IfAbsent::kFail))->connect();
    EXPECT_TRUE(connected) << connected.error().message;
    return std::move(connected).value();
  }

  std::uint64_t number(testing::ServerProcess& server, const std::string& sql) {
    const auto number = query_number(*session(server, "default"), {.sql = sql});
    EXPECT_TRUE(number) << sql << "\n" << number.error().message;
    return number ? *number : 0;
  }

 private:
  testing::TemporaryFolder folder_;
  std::vector<std::unique_ptr<testing::ServerProcess>> servers_;
};

}  // namespace optiinfra
