/// Bodies for the tests, and what becomes of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "optiinfra/rows/decode.hpp"

namespace optiinfra::rows {

/// The members that every performance row must have, and `more`, which begins with a comma where it is not
/// empty.
inline std::string performance_row(const std::string& more = "") {
  return R"({"timestamp":"2026-03-01T12:30:05Z","customer_id":"550e8400-e29b-41d4-a716-446655440000",)"
         R"("service_id":"550e8400-e29b-41d4-a716-446655440001","latency_ms":12.5)" +
         more + "}";
}

template <Metric Row = PerformanceMetric>
DecodedRows<Row> decoded(const std::string& body, RowFormat format) {
  auto rows = decode_rows<Row>(body, format);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? std::move(rows).value() : DecodedRows<Row>{};
}

/// "column: reason" of the only row, which must have been rejected.
template <Metric Row = PerformanceMetric>
std::string refusal_of(const std::string& row, RowFormat format = RowFormat::kJsonLines) {
  const auto rows = decoded<Row>(row, format);
  EXPECT_EQ(rows.batch.size(), 0u);
  if (rows.rejected.size() != 1) return "not rejected, or not alone";
  return rows.rejected[0].column + ": " + rows.rejected[0].reason;
}

inline std::string error_of(const std::string& body, RowFormat format) {
  const auto rows = decode_rows<PerformanceMetric>(body, format);
  if (rows) return "no error";
  EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
  return rows.error().message;
}

}  // namespace optiinfra::rows
