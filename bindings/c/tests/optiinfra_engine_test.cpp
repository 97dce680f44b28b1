#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>

#include "optiinfra.h"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "record_batch.hpp"

namespace optiinfra::c_interface {
namespace {

constexpr const char* kId = "550e8400-e29b-41d4-a716-446655440000";

class CInterface : public ::testing::Test {
 protected:
  void SetUp() override {
    optiinfra_open_options options{};
    options.size = sizeof options;
    options.create = 1;
    ASSERT_EQ(optiinfra_open("embedded:", &options, &client, &error), OPTIINFRA_OK) << error.message;
  }
  void TearDown() override {
    optiinfra_close(client);
    optiinfra_error_release(&error);
  }

  static RecordBatch requests(std::size_t rows, float latency) {
    RecordBatch batch(rows);
    batch.add("timestamp", "tss:UTC", std::vector<std::int64_t>(rows, now().time_since_epoch().count() - 10))
        .add_texts("customer_id", std::vector<std::string>(rows, kId))
        .add_texts("service_id", std::vector<std::string>(rows, kId))
        .add("latency_ms", "f", std::vector<float>(rows, latency));
    return batch;
  }

  /// The first number of the answer to a question of that name for kId.
  std::uint64_t count(const char* name) {
    const optiinfra_filter parameters[] = {{"customer", kId}, {"service", kId}};
    optiinfra_named_question question{};
    question.size = sizeof question;
    question.name = name;
    question.parameters = parameters;
    question.parameter_count = 2;
    question.hours = 1;
    ArrowArrayStream stream{};
    if (optiinfra_query_named(client, &question, &stream, &error) != OPTIINFRA_OK) return ~0ULL;
    ArrowArray answer{};
    EXPECT_EQ(stream.get_next(&stream, &answer), 0);
    const std::uint64_t first = static_cast<const std::uint64_t*>(answer.children[0]->buffers[1])[0];
    answer.release(&answer);
    stream.release(&stream);
    return first;
  }

  optiinfra_client* client = nullptr;
  optiinfra_error error = OPTIINFRA_ERROR_INIT;
};

TEST_F(CInterface, ATokenStoresOnce) {
  RecordBatch batch = requests(5, 10);
  const optiinfra_insert_options options{sizeof options, "once"};
  std::int64_t rows = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(
        optiinfra_insert(client, "performance", &batch.schema(), &batch.array(), &options, &rows, &error),
        OPTIINFRA_OK)
        << error.message;
    EXPECT_EQ(rows, 5);
  }
  EXPECT_EQ(count("performance-p95"), 5u) << error.message;
}

TEST_F(CInterface, ABrokenRuleIsNamedAndNothingStored) {
  RecordBatch batch = requests(3, -1);
  EXPECT_EQ(
      optiinfra_insert(client, "performance", &batch.schema(), &batch.array(), nullptr, nullptr, &error),
      OPTIINFRA_INVALID_ARGUMENT);
  EXPECT_EQ(error.row, 0);
  EXPECT_STREQ(error.column, "latency_ms");
  EXPECT_STREQ(error.value, "-1");
  EXPECT_NE(std::string(error.rule), "");
  EXPECT_EQ(error.may_be_applied, 0);
  EXPECT_EQ(error.retryable, 0);
  optiinfra_error_release(&error);
  EXPECT_EQ(count("performance-p95"), 0u) << error.message;
}

TEST_F(CInterface, WrongCallsAreErrors) {
  RecordBatch batch = requests(1, 1);
  const auto refused = [&](optiinfra_status status, const char* words) {
    EXPECT_EQ(status, OPTIINFRA_INVALID_ARGUMENT);
    EXPECT_NE(std::string(error.message).find(words), std::string::npos) << error.message;
    optiinfra_error_release(&error);
  };
  refused(optiinfra_insert(client, "traffic", &batch.schema(), &batch.array(), nullptr, nullptr, &error),
          "there is no family 'traffic'");
  refused(optiinfra_insert(nullptr, "cost", &batch.schema(), &batch.array(), nullptr, nullptr, &error),
          "NULL");
  ArrowArrayStream stream{};
  optiinfra_named_question question{};
  question.size = sizeof question;
  question.name = "performance-p59";
  question.hours = 1;
  refused(optiinfra_query_named(client, &question, &stream, &error), "did you mean performance-p95?");
  EXPECT_EQ(stream.release, nullptr);
  question.name = "performance-p95";
  refused(optiinfra_query_named(client, &question, &stream, &error), "needs the parameter customer");
  optiinfra_client* other = nullptr;
  refused(optiinfra_open("mysql://host", nullptr, &other, &error), "mysql");
  EXPECT_EQ(other, nullptr);
}

TEST(CInterfaceWriter, StoresWhatItAcknowledgesAndLeavesItToTheNextUser) {
  const testing::TemporaryFolder folder;
  const std::string url = "embedded:" + (folder / "store").string(), spool = (folder / "spool").string();
  optiinfra_error error = OPTIINFRA_ERROR_INIT;
  optiinfra_client* client = nullptr;
  optiinfra_open_options create{};
  create.size = offsetof(optiinfra_open_options, log);  // As a caller that was built before it had a log.
  create.create = 1;
  ASSERT_EQ(optiinfra_open(url.c_str(), &create, &client, &error), OPTIINFRA_OK) << error.message;
  optiinfra_writer_options options{};
  options.size = sizeof options;
  options.spool_folder = spool.c_str();
  optiinfra_writer* writer = nullptr;
  ASSERT_EQ(optiinfra_writer_open(url.c_str(), &options, &writer, &error), OPTIINFRA_OK) << error.message;
  RecordBatch batch(4);
  batch.add("timestamp", "tss:UTC", std::vector<std::int64_t>(4, now().time_since_epoch().count() - 10))
      .add_texts("customer_id", std::vector<std::string>(4, kId))
      .add_texts("cloud_provider", std::vector<std::string>(4, "aws"))
      .add("cost_per_hour", "g", std::vector<double>(4, 2.5));
  EXPECT_EQ(optiinfra_write(writer, "cost", &batch.schema(), &batch.array(), nullptr, OPTIINFRA_SPOOLED,
                            10'000, &error),
            OPTIINFRA_OK)
      << error.message;
  EXPECT_EQ(optiinfra_writer_flush(writer, 10'000, &error), OPTIINFRA_OK) << error.message;
  EXPECT_EQ(optiinfra_writer_close(writer, 10'000, &error), OPTIINFRA_OK) << error.message;

  const char* measures[] = {"total_cost"};
  optiinfra_question question{};
  question.size = sizeof question;
  question.measures = measures;
  question.measure_count = 1;
  question.hours = 1;
  ArrowArrayStream stream{};
  ASSERT_EQ(optiinfra_query(client, &question, &stream, &error), OPTIINFRA_OK) << error.message;
  ArrowArray answer{};
  ASSERT_EQ(stream.get_next(&stream, &answer), 0);
  EXPECT_EQ(static_cast<const double*>(answer.children[0]->buffers[1])[0], 10.0);
  answer.release(&answer);
  stream.release(&stream);
  optiinfra_close(client);
}

TEST(CInterfaceWriter, TellsOfAStoreThatIsAwayAndRefusesAnApi) {
  const testing::TemporaryFolder folder;
  const std::string spool = (folder / "spool").string();
  optiinfra_error error = OPTIINFRA_ERROR_INIT;
  struct Told {
    std::mutex mutex;
    std::vector<std::pair<optiinfra_log_level, std::string>> messages;
  } told;
  optiinfra_writer_options options{};
  options.size = sizeof options;
  options.spool_folder = spool.c_str();
  options.insert_age_ms = 1;
  options.log = [](void* context, optiinfra_log_level level, const char* message) {
    auto& into = *static_cast<Told*>(context);
    const std::lock_guard lock(into.mutex);
    into.messages.emplace_back(level, message);
  };
  options.log_context = &told;
  optiinfra_writer* writer = nullptr;
  ASSERT_EQ(optiinfra_writer_open("clickhouse://default@127.0.0.1:1/optiinfra", &options, &writer, &error),
            OPTIINFRA_OK)
      << error.message;
  RecordBatch batch(1);
  batch.add("timestamp", "tss:UTC", std::vector<std::int64_t>(1, now().time_since_epoch().count() - 10))
      .add_texts("customer_id", {kId})
      .add_texts("cloud_provider", {"aws"})
      .add("cost_per_hour", "g", std::vector<double>{2.5});
  EXPECT_EQ(optiinfra_write(writer, "cost", &batch.schema(), &batch.array(), nullptr, OPTIINFRA_SPOOLED,
                            10'000, &error),
            OPTIINFRA_OK)
      << error.message;
  EXPECT_EQ(optiinfra_writer_flush(writer, 200, &error), OPTIINFRA_TIMEOUT);
  optiinfra_error_release(&error);
  optiinfra_writer_abandon(writer);
  ASSERT_FALSE(told.messages.empty());
  EXPECT_EQ(told.messages.front().first, OPTIINFRA_LOG_WARNING);
  EXPECT_THAT(told.messages.front().second, ::testing::HasSubstr("127.0.0.1"));

  EXPECT_EQ(optiinfra_writer_open("api://127.0.0.1:1", &options, &writer, &error),
            OPTIINFRA_INVALID_ARGUMENT);
  EXPECT_EQ(writer, nullptr);
  EXPECT_THAT(error.message, ::testing::HasSubstr("a writer of its own"));
  optiinfra_error_release(&error);
}

TEST(CInterfaceApi, ThatIsAwayIsUnavailable) {
  optiinfra_error error = OPTIINFRA_ERROR_INIT;
  optiinfra_client* client = nullptr;
  EXPECT_EQ(optiinfra_open("api://127.0.0.1:1", nullptr, &client, &error), OPTIINFRA_UNAVAILABLE);
  EXPECT_EQ(client, nullptr);
  EXPECT_EQ(error.retryable, 1);
  EXPECT_THAT(error.message, ::testing::HasSubstr("optiinfra server"));
  optiinfra_error_release(&error);
  EXPECT_EQ(optiinfra_open("api://token@127.0.0.1", nullptr, &client, &error), OPTIINFRA_INVALID_ARGUMENT);
  optiinfra_error_release(&error);
}

}  // namespace
}  // namespace optiinfra::c_interface
