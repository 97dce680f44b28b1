// Which days verify compares together.
#include <gtest/gtest.h>

#include "reconcile.hpp"

namespace optiinfra::store {
namespace {

std::vector<std::string> texts_of(const std::vector<Days>& days) {
  std::vector<std::string> texts;
  for (const Days& each : joined(days)) texts.push_back(each.first + " " + each.last);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(JoinedDays, AreNeighboursWithFewRowsTogether) {
  EXPECT_EQ(texts_of({}), Texts{});
  EXPECT_EQ(texts_of({{"2026-11-01", "2026-11-01", 9'000'000}}), Texts{"2026-11-01 2026-11-01"});
  EXPECT_EQ(texts_of({{"2026-11-01", "2026-11-01", 200'000},
                      {"2026-11-04", "2026-11-04", 300'000},
                      {"2026-11-05", "2026-11-05", 1},
                      {"2026-11-06", "2026-11-06", 0}}),
            (Texts{"2026-11-01 2026-11-04", "2026-11-05 2026-11-06"}))
      << "500,000 rows and not one more; days may lie apart";
}

TEST(JoinedDays, LeaveABusyDayAlone) {
  EXPECT_EQ(texts_of({{"2026-11-01", "2026-11-01", 10},
                      {"2026-11-02", "2026-11-02", 9'000'000},
                      {"2026-11-03", "2026-11-03", 10}}),
            (Texts{"2026-11-01 2026-11-01", "2026-11-02 2026-11-02", "2026-11-03 2026-11-03"}));
}

TEST(ScopeOfADay, IsInPiecesThatMemoryHolds) {
  EXPECT_EQ(pieces_of(0), 1u);
  EXPECT_EQ(pieces_of(1'000), 1u);
  EXPECT_EQ(pieces_of(450'000), 3u);
}

}  // namespace
}  // namespace optiinfra::store
