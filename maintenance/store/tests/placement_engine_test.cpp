// The placement that the client computes against the one that the engine's Distributed tables compute.
#include <gtest/gtest.h>

#include <random>

#include "optiinfra/schema/placement.hpp"
#include "optiinfra/store/cluster.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

constexpr std::size_t kPlacedRows = 2000;

/// Bytes of every kind that a label can hold, quotes, multi-byte characters and nothing at all among them.
std::string random_label(std::mt19937_64& random) {
  static constexpr const char* kPieces[] = {"ec2",  "/", "'",  "\\", "\"",  "ü",
                                            "計算", " ", "\n", "\t", "{x}", "A"};
  std::string label;
  for (auto pieces = random() % 8; pieces > 0; --pieces) label += kPieces[random() % std::size(kPieces)];
  return label;
}

Uuid random_uuid(std::mt19937_64& random) { return {random(), random()}; }

class PlacementInTheEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    connector_ = *make_connector("embedded:" + (folder_.path() / "store").string(), IfAbsent::kCreate);
    session_ = *connector_->connect();
    run("CREATE DATABASE IF NOT EXISTS optiinfra");
  }

  void run(const std::string& sql) {
    const auto done = session_->execute({.sql = sql});
    ASSERT_TRUE(done) << sql << "\n" << done.error().message;
  }

  /// The hashes that the engine gives the rows, in the order of `expected`.
  void expect_hashes(Family family, Column values, std::vector<Uuid> customers,
                     const std::vector<std::uint64_t>& expected) {
    run("CREATE OR REPLACE TABLE optiinfra.placed (place UInt32, customer_id UUID, " + values.name + " " +
        values.type + ") ENGINE = MergeTree ORDER BY place");
    Block block;
    std::vector<std::uint32_t> places(expected.size());
    for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
    block.add({"place", "UInt32", std::move(places)});
    block.add({"customer_id", "UUID", std::move(customers)});
    block.add(std::move(values));
    ASSERT_TRUE(session_->insert({.table = "optiinfra.placed"}, block));
    const auto found = query_numbers(*session_, {.sql = "SELECT toUInt64(" + placement_expression(family) +
                                                        ") FROM optiinfra.placed ORDER BY place"});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, expected) << "seed " << seed_;
  }

  testing::TemporaryFolder folder_;
  std::shared_ptr<Connector> connector_;
  std::unique_ptr<Session> session_;
  const std::uint64_t seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
};

TEST_F(PlacementInTheEngine, HashesNamesAsTheClientDoes) {
  for (const Family family : {Family::kCost, Family::kResource}) {
    std::vector<Uuid> customers;
    Dictionary labels;
    std::vector<std::uint64_t> expected;
    for (std::size_t row = 0; row < kPlacedRows; ++row) {
      customers.push_back(random_uuid(random_));
      labels.append(random_label(random_));
      expected.push_back(placement_hash(customers.back(), labels[row]));
    }
    expect_hashes(family, {placement_column(family), "LowCardinality(String)", std::move(labels)}, customers,
                  expected);
  }
}

TEST_F(PlacementInTheEngine, HashesIdentifiersAsTheClientDoes) {
  for (const Family family : {Family::kPerformance, Family::kQuality}) {
    std::vector<Uuid> customers, services;
    std::vector<std::uint64_t> expected;
    for (std::size_t row = 0; row < kPlacedRows; ++row) {
      customers.push_back(random_uuid(random_));
      services.push_back(random_uuid(random_));
      expected.push_back(placement_hash(customers.back(), services.back().to_string()));
    }
    expect_hashes(family, {placement_column(family), "UUID", services}, customers, expected);
  }
}

TEST_F(PlacementInTheEngine, IsPrintedByTheEngineAsWeWriteIt) {
  // find_cluster_store() compares the two texts.
  for (const Family family : kFamilies) {
    const auto formatted =
        query_texts(*session_, {.sql = "SELECT formatQuerySingleLine({sql:String})",
                                .parameters = {{"sql", "SELECT " + placement_expression(family)}}});
    ASSERT_TRUE(formatted) << formatted.error().message;
    EXPECT_EQ((*formatted)[0][0], "SELECT " + placement_expression(family));
  }
}

TEST_F(PlacementInTheEngine, IsNoneInAStoreOnOneMachine) {
  ASSERT_TRUE(migrate(*session_));
  const auto found = find_cluster_store(*session_);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(*found);
  const auto unknown = read_cluster(*session_, "fleet");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("it knows"), std::string::npos);
}

}  // namespace
}  // namespace optiinfra::store
