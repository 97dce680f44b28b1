// Clients of other people against `optiinfra server`; see README.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

using testing::ProgramOptions;
using testing::ProgramResult;
using testing::run_program;
using testing::ServerProcess;
using testing::TemporaryFolder;

/// What a script ends with whose client is not installed.
constexpr int kNotInstalled = 77;

class ForeignClient : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server.is_ready()) << server.failure(); }

  std::string port() const { return std::to_string(server.tcp_port()); }

  const TemporaryFolder folder;
  ServerProcess server{OPTIINFRA_PROGRAM, folder / "store"};
};

TEST_F(ForeignClient, PythonInsertsByColumnNameAndReadsTheViews) {
  const ProgramResult result =
      run_program({"/usr/bin/python3", OPTIINFRA_CLIENTS "/insert_and_read.py", "127.0.0.1", port()});
  if (result.exit_code == kNotInstalled || result.exit_code == 127) GTEST_SKIP() << result.error_output;
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
}

TEST_F(ForeignClient, JavaScriptInsertsByColumnNameAndReadsAnHour) {
  const ProgramResult result = run_program({"node", OPTIINFRA_CLIENTS "/insert_and_read.js",
                                            "http://127.0.0.1:" + std::to_string(server.http_port())},
                                           {.environment = {"NODE_PATH=" OPTIINFRA_NODE_PATH}});
  if (result.exit_code == kNotInstalled || result.exit_code == 127) GTEST_SKIP() << result.error_output;
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
}

TEST_F(ForeignClient, OpenTelemetryExportersSendSpansAndEvaluations) {
  const ProgramResult result = run_program({"node", OPTIINFRA_CLIENTS "/otel_exporters.js",
                                            "http://127.0.0.1:" + std::to_string(server.api_port())},
                                           {.environment = {"NODE_PATH=" OPTIINFRA_NODE_PATH}});
  if (result.exit_code == kNotInstalled || result.exit_code == 127) GTEST_SKIP() << result.error_output;
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
}

TEST_F(ForeignClient, ClickHouseClientReadsATable) {
  const ProgramResult result =
      run_program({"clickhouse-client", "--host", "127.0.0.1", "--port", port(), "--database", "optiinfra",
                   "--query", "SELECT count(), max(cost_per_hour) FROM cost_metrics_ts"});
  if (result.exit_code == 127) GTEST_SKIP() << result.error_output << "; install clickhouse-client";
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output, "0\t0\n");
}

}  // namespace
}  // namespace optiinfra
