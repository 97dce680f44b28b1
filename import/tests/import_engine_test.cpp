#include "import_fixture.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

TEST_F(ImportTest, StoresAFileNamedAsTheContractAndLeavesAbsentColumnsToTheirDefaults) {
  const auto file = write(
      "requests.csv",
      std::string(kPerformanceHeader) + performance_line("2026-03-01T12:00:00Z") +
          performance_line("2026-03-01 14:00:30+02:00", kCustomer, "1e2", "0", "7.0", "\"a, \"\"b\"\"\""));
  const FileReport report = imported(Family::kPerformance, file);
  EXPECT_EQ(report.rows_read, 2u);
  EXPECT_EQ(report.rows_stored, 2u);
  EXPECT_EQ(report.rows_refused, 0u);
  EXPECT_TRUE(report.rejected_path.empty());
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".rejected.jsonl"));
  EXPECT_EQ(ask("SELECT timestamp, customer_id, latency_ms, gpu_utilization, prompt_tokens, model_name, "
                "service_type, request_id "
                "FROM optiinfra.performance_metrics_ts ORDER BY timestamp"),
            "2026-03-01 "
            "12:00:00\t11111111-1111-4111-8111-111111111111\t12.5\t50\t100\tllama\t\t00000000-0000-0000-0000-"
            "000000000000\n"
            "2026-03-01 12:00:30\t11111111-1111-4111-8111-111111111111\t100\t0\t7\ta, "
            "\"b\"\t\t00000000-0000-0000-0000-000000000000");
}

}  // namespace
}  // namespace optiinfra
