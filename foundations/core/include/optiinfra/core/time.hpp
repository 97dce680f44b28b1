/// @file optiinfra/core/time.hpp
/// Instants in UTC, to the second, as the store keeps them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

using std::chrono::sys_seconds;

/// The first instant that the store accepts: 2000-01-01T00:00:00Z. Anything older is a unit mistake
/// (milliseconds read as seconds, an unset field), never a metric.
inline constexpr sys_seconds kOldestTime{std::chrono::seconds{946'684'800}};

/// How far ahead of the clock a timestamp may lie, for producers whose clocks differ.
inline constexpr std::chrono::seconds kFutureTolerance{86'400};

/// The last instant a 32-bit DateTime can hold: 2106-02-07T06:28:15Z.
inline constexpr sys_seconds kLatestTime{std::chrono::seconds{0xFFFF'FFFFLL}};

/// A half-open range of time: `begin` belongs to it, `end` does not.
struct TimeRange {
  sys_seconds begin;
  sys_seconds end;
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

/// The current time, cut to the second.
sys_seconds now();

/// The start of the UTC hour that holds `time`.
sys_seconds floor_hour(sys_seconds time);

/// Reads `2026-03-01`, `2026-03-01 12:30`, `2026-03-01T12:30:05Z`, the same with an offset such as
/// `+02:00` or with fractions of a second (cut off), Unix seconds (`1767225600`), `now`, and `now-24h` with a
/// unit of s, m, h, d or w. A time without an offset is UTC, because the store has no local times. Errors:
/// kInvalidArgument that quotes the text and shows the accepted forms.
Result<sys_seconds> parse_time(std::string_view text);

/// Reads a length of time such as `10s`, `5m`, `24h`, `7d`, `2w`. Must be positive.
Result<std::chrono::seconds> parse_duration(std::string_view text);

/// `2026-03-01T12:30:05Z`.
std::string format_time(sys_seconds time);

/// `2026-03-01 12:30:05`, the engine's own text for a DateTime in UTC.
std::string format_engine_time(sys_seconds time);

}  // namespace optiinfra
