#include "optiinfra/rows/encode.hpp"

#include <gtest/gtest.h>

#include "optiinfra/rows/decode.hpp"

namespace optiinfra::rows {
namespace {

TEST(EncodedRow, IsReadBackAsItWas) {
  ResourceMetric row;
  row.timestamp = sys_seconds{std::chrono::seconds{1'790'000'000}};
  row.customer_id = Uuid{1, 2};
  row.instance_id = "a \"b\"\\\n\x01 \xC3\xA4";
  row.cpu_utilization = 0.1f;
  row.gpu_utilization = 100.0f;
  std::string text;
  append_json_line(text, row);
  append_json_line(text,
                   ResourceMetric{.timestamp = row.timestamp, .customer_id = {3, 4}, .instance_id = "i"});
  const auto rows = decode_rows<ResourceMetric>(text, RowFormat::kJsonLines);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->rejected_count, 0u) << rows->rejected.front().reason << text;
  ASSERT_EQ(rows->batch.size(), 2u);
  Batch<ResourceMetric> batch = rows->batch;
  batch.fill_left_out();
  EXPECT_EQ(batch.instance_id[0], row.instance_id);
  EXPECT_EQ(batch.cpu_utilization[0], row.cpu_utilization);
  EXPECT_EQ(batch.gpu_utilization[0], row.gpu_utilization);
  EXPECT_EQ(batch.cpu_utilization[1], std::nullopt);
}

TEST(EncodedBatch, IsItsRowsOneAfterTheOther) {
  PerformanceMetric full;
  full.timestamp = sys_seconds{std::chrono::seconds{1'790'000'000}};
  full.customer_id = Uuid{1, 2};
  full.service_id = Uuid{3, 4};
  full.request_id = Uuid{5, 6};
  full.model_name = "llama \"3\"";
  full.latency_ms = 812.5f;
  full.prompt_tokens = 0;
  PerformanceMetric least = full;
  least.model_name.clear();
  least.request_id = {};
  least.prompt_tokens.reset();
  PerformanceBatch batch;
  for (const PerformanceMetric& row : {least, full, least}) batch.append(row);
  std::string of_batch, of_rows;
  append_json_lines(of_batch, batch, 1, 2);
  for (const PerformanceMetric& row : {full, least}) append_json_line(of_rows, row);
  EXPECT_EQ(of_batch, of_rows);
  PerformanceBatch narrow;
  narrow.timestamp = batch.timestamp;
  narrow.customer_id = batch.customer_id;
  narrow.service_id = batch.service_id;
  narrow.latency_ms = batch.latency_ms;
  of_batch.clear();
  append_json_lines(of_batch, narrow, 0, 1);
  of_rows.clear();
  append_json_line(of_rows, least);
  EXPECT_EQ(of_batch, of_rows);
}

}  // namespace
}  // namespace optiinfra::rows
