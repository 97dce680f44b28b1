// What the tests of readings and rows share.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "optiinfra/exposition/rows_between.hpp"

namespace optiinfra::exposition {

inline sys_milliseconds at_second(double seconds) {
  return sys_milliseconds(
      std::chrono::milliseconds(1'800'000'000'000 + static_cast<std::int64_t>(seconds * 1000)));
}

inline MetricsReading reading_of(std::string_view text, double second,
                                 const AliasTable& aliases = AliasTable::builtin()) {
  auto reading = read_metrics(text, aliases, at_second(second), {.format = guess_text_format(text)});
  EXPECT_TRUE(reading) << (reading ? "" : reading.error().message);
  return reading ? *std::move(reading) : MetricsReading{};
}

inline TargetOwner owner() {
  return {.customer_id = {1, 1}, .service_id = {2, 2}, .instance_id = "10.0.0.1:8000"};
}

/// Of two texts that a target answered 10 seconds apart.
inline RowsBetween rows_of(std::string_view first, std::string_view second) {
  const MetricsReading before = reading_of(first, 0), after = reading_of(second, 10);
  return rows_between(&before, after, AliasTable::builtin(), owner());
}

inline ServingInterval serving_of(std::string_view first, std::string_view second) {
  const RowsBetween rows = rows_of(first, second);
  EXPECT_EQ(rows.servings.size(), 1u);
  return rows.servings.empty() ? ServingInterval{} : rows.servings.front();
}

inline ResourceMetric resource_of(std::string_view first, std::string_view second) {
  const RowsBetween rows = rows_of(first, second);
  EXPECT_EQ(rows.resources.size(), 1u);
  return rows.resources.empty() ? ResourceMetric{} : rows.resources.front();
}

inline std::string data(const std::string& name) {
  std::ifstream file(OPTIINFRA_SOURCE_DIR "/sources/exposition/tests/data/" + name);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Replaces the value of the line that begins with `series`, which must be there once.
inline void set_value(std::string& text, const std::string& series, const std::string& value) {
  const std::size_t at = text.find("\n" + series + " ");
  ASSERT_NE(at, std::string::npos) << series;
  const std::size_t begin = at + series.size() + 2;
  text.replace(begin, text.find('\n', begin) - begin, value);
}

}  // namespace optiinfra::exposition
