#include "request_table.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <random>

namespace optiinfra {
namespace {

spool::RequestKey key_of(std::uint64_t number) { return {{number % 7, number}, number * 3}; }

void forget(RequestTable& table, RequestTable::Place place) {
  for (std::size_t shard = 0; shard < RequestTable::kShards; ++shard) table.forget(place, shard);
}

TEST(RequestTable, FindsWhatItWasGivenAndNothingElse) {
  RequestTable table;
  EXPECT_FALSE(table.find(key_of(1).identity));
  for (std::uint64_t i = 0; i < 20'000; ++i)
    table.put(key_of(i), 1 + static_cast<RequestTable::Place>(i % 3));
  EXPECT_EQ(table.size(), 20'000u);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const auto found = table.find(key_of(i).identity);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->content, i * 3);
    EXPECT_EQ(found->place, 1 + i % 3);
  }
  EXPECT_FALSE(table.find(key_of(20'000).identity));
  EXPECT_EQ(table.count_at(1), 6'667u);
}

TEST(RequestTable, AKeyThatMovesKeepsItsContentAndCountsOnce) {
  RequestTable table;
  table.put(key_of(5), 9);
  table.put(key_of(5), 2);
  EXPECT_EQ(table.find(key_of(5).identity)->place, 2u);
  EXPECT_EQ(table.find(key_of(5).identity)->content, 15u);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.count_at(9), 0u);
  EXPECT_EQ(table.count_at(2), 1u);
}

TEST(RequestTable, AgreesWithAMapWhateverIsPutAndForgotten) {
  RequestTable table;
  std::map<std::uint64_t, RequestTable::Place> known;
  std::mt19937_64 random(11);
  for (int step = 0; step < 60'000; ++step) {
    const std::uint64_t number = random() % 5'000;
    const auto place = static_cast<RequestTable::Place>(1 + random() % 9);
    if (step % 3'000 == 2'999) {
      forget(table, place);
      std::erase_if(known, [&](const auto& entry) { return entry.second == place; });
    } else {
      table.put(key_of(number), place);
      known[number] = place;
    }
  }
  EXPECT_EQ(table.size(), known.size());
  for (std::uint64_t number = 0; number < 5'000; ++number) {
    const auto found = table.find(key_of(number).identity);
    ASSERT_EQ(found.has_value(), known.contains(number));
    EXPECT_EQ(found ? found->place : 0, found ? known[number] : 0);
  }
}

TEST(RequestTable, TakesAtMostFortyBytesAKey) {
  RequestTable table;
  double most = 0;
  for (std::uint64_t i = 0; i < 1'100'000; ++i) {
    table.put(key_of(i), 1 + static_cast<RequestTable::Place>(i / 131'072));
    if (i >= 100'000 && i % 1'000 == 0)
      most = std::max(most, static_cast<double>(table.bytes()) / static_cast<double>(table.size()));
  }
  forget(table, 1);
  most = std::max(most, static_cast<double>(table.bytes()) / static_cast<double>(table.size()));
  std::cout << most << " bytes a key at most, " << table.bytes() << " for " << table.size() << "\n";
  EXPECT_LE(most, 40.0);
}

}  // namespace
}  // namespace optiinfra
