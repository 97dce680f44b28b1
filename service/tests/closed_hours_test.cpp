#include "closed_hours.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace optiinfra::service {
namespace {

using namespace std::chrono_literals;

/// The looks of a service that looks every hour, as 'S' and 'L'; `fails` says whether one fails.
template <typename Fails>
std::string looks(int hours, Fails fails) {
  LookSchedule schedule;
  std::string looks;
  for (int hour = 0; hour < hours; ++hour) {
    const LookSchedule::Time now{std::chrono::hours{500'000 + hour}};
    const auto length = schedule.length(now);
    looks += length == LookSchedule::kLongLook ? 'L' : 'S';
    schedule.looked(length, now + 1min, !fails(length));
  }
  return looks;
}

TEST(LookSchedule, LooksFarBackAtTheStartAndOnceADay) {
  const std::string day = looks(51, [](auto) { return false; });
  EXPECT_EQ(day.substr(0, 3), "LSS");
  EXPECT_EQ(std::count(day.begin(), day.end(), 'L'), 3);
}

TEST(LookSchedule, AFarLookThatFailsDoesNotTakeThePlaceOfTheNearOnes) {
  EXPECT_EQ(looks(6, [](auto length) { return length == LookSchedule::kLongLook; }), "LSLSLS");
}

}  // namespace
}  // namespace optiinfra::service
