// Rows through the HTTP API: which are taken, which are not, and that a repeated request counts once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "customers.hpp"
#include "optiinfra/codec/native.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::service {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpCall;

/// One request's row, this long ago.
json request_row(const Uuid& customer, double latency_ms, int seconds_ago = 100) {
  return {{"timestamp", format_time(now() - std::chrono::seconds{seconds_ago})},
          {"customer_id", customer.to_string()},
          {"service_id", kService.to_string()},
          {"model_name", "llama"},
          {"latency_ms", latency_ms}};
}

/// The same as a block of the engine's format.
std::string native_row(const Uuid& customer, float latency_ms) {
  PerformanceBatch batch;
  batch.append(PerformanceMetric{
      .timestamp = now(), .customer_id = customer, .service_id = kService, .latency_ms = latency_ms});
  std::string bytes;
  EXPECT_TRUE(write_native(block_of<PerformanceMetric>(batch), [&](auto more) -> Result<void> {
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return {};
  }));
  return bytes;
}

class Inserts : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.is_ready()) << server_.failure(); }

  HttpAnswer post(const std::string& body, const std::string& type = "application/json",
                  std::vector<std::pair<std::string, std::string>> headers = {},
                  const std::string& family = "performance?wait=stored") {
    headers.emplace_back("Content-Type", type);
    return testing::http_call(
        server_.api_port(),
        {.method = "POST", .target = "/api/v1/insert/" + family, .headers = headers, .body = body});
  }
  static json body_of(const HttpAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body, nullptr, false);
  }

  /// A number from the store.
  double number(const std::string& sql) {
    const HttpAnswer answer = testing::http_call(
        server_.api_port(),
        {.method = "POST", .target = "/api/v1/sql?format=csv", .headers = {}, .body = sql});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::atof(answer.body.substr(answer.body.find('\n') + 1).c_str());
  }
  double rows() { return number("SELECT count() AS n FROM optiinfra.performance_metrics_ts"); }

  int verify() {
    testing::Program program({OPTIINFRA_PROGRAM, "--url", server_.native_url(), "verify"}, {});
    return program.wait().exit_code;
  }

  const testing::TemporaryFolder folder_;
  testing::ServerProcess server_{OPTIINFRA_PROGRAM, folder_.path() / "store"};
};

TEST_F(Inserts, AreTakenInEveryForm) {
  const json row = request_row(kAda, 1);
  EXPECT_EQ(body_of(post(json::array({row, request_row(kAda, 2)}).dump()))["accepted"], 2);
  EXPECT_EQ(body_of(post(request_row(kAda, 3).dump()))["accepted"], 1);
  EXPECT_EQ(body_of(post(request_row(kAda, 4).dump() + "\n" + request_row(kAda, 5).dump() + "\n",
                         "application/x-ndjson"))["accepted"],
            2);
  EXPECT_EQ(
      body_of(post("timestamp,customer_id,service_id,latency_ms\n" + row["timestamp"].get<std::string>() +
                       "," + kAda.to_string() + "," + kService.to_string() + ",6\n",
                   "text/csv; charset=utf-8"))["accepted"],
      1);
  EXPECT_EQ(body_of(post(native_row(kAda, 7), "application/vnd.clickhouse.native"))["accepted"], 1);
  EXPECT_EQ(number("SELECT sum(latency_ms) AS n FROM optiinfra.performance_metrics_ts"), 28);
  EXPECT_EQ(post("x", "application/xml").status, 415);
  EXPECT_EQ(post("[{", "application/json").status, 400);
  EXPECT_EQ(post("[]").body, "{\"accepted\":0,\"duplicates\":0,\"rejected\":[]}\n");
  EXPECT_EQ(post("{}", "application/json", {}, "nothing").status, 404);
  EXPECT_EQ(verify(), 0);
}

TEST_F(Inserts, MayBeCompressed) {
  const std::string text = json::array({request_row(kAda, 1)}).dump();
  std::string bytes(1000, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = 1000;
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  EXPECT_EQ(body_of(post(bytes, "application/json", {{"Content-Encoding", "gzip"}}))["accepted"], 1);
  EXPECT_EQ(post(bytes.substr(0, 20), "application/json", {{"Content-Encoding", "gzip"}}).status, 400);
  EXPECT_EQ(post(text, "application/json", {{"Content-Encoding", "br"}}).status, 400);
}

TEST_F(Inserts, RejectABadRowByItself) {
  json negative = request_row(kAda, -1), unknown = request_row(kAda, 1),
       future = request_row(kAda, 1, -100'000), two = request_row(kAda, -1);
  unknown["latncy"] = 1;
  two["gpu_utilization"] = 150;
  const json answer = body_of(post(
      json::array({request_row(kAda, 1), negative, unknown, "x", future, two, request_row(kAda, 2)}).dump()));
  EXPECT_EQ(answer["accepted"], 2);
  ASSERT_EQ(answer["rejected"].size(), 5u) << answer;
  std::map<int, std::string> columns;
  for (const json& each : answer["rejected"]) columns[each["index"]] = each["column"];
  EXPECT_EQ(columns, (std::map<int, std::string>{
                         {1, "latency_ms"}, {2, "latncy"}, {3, ""}, {4, "timestamp"}, {5, columns[5]}}));
  EXPECT_EQ(rows(), 2);
}

TEST_F(Inserts, DescribeAHundredOfManyBadRows) {
  json all = json::array();
  for (int i = 0; i < 5'000; ++i) all.push_back(request_row(kAda, -1));
  const json answer = body_of(post(all.dump()));
  EXPECT_EQ(answer["rejected"].size(), 100u);
  EXPECT_EQ(answer["rejected_count"], 5'000);
}

TEST_F(Inserts, CountOnceForOneKey) {
  const std::string body = json::array({request_row(kAda, 1), request_row(kAda, -1)}).dump();
  const std::vector<std::pair<std::string, std::string>> key = {{"Idempotency-Key", "k1"}};
  EXPECT_EQ(body_of(post(body, "application/json", key))["accepted"], 1);
  const json again = body_of(post(body, "application/json", key));
  EXPECT_EQ(again["accepted"], 0);
  EXPECT_EQ(again["duplicates"], 1);
  EXPECT_EQ(again["rejected"].size(), 1u);
  const auto other = post(json::array({request_row(kAda, 2)}).dump(), "application/json", key);
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(json::parse(other.body)["kind"], "conflict") << "by which a sender tells it from a proxy's";
  EXPECT_EQ(body_of(post(body, "application/json", {{"Idempotency-Key", "k2"}}))["accepted"], 1)
      << "another key";
  EXPECT_EQ(body_of(post(body, "application/json"))["accepted"], 1) << "no key";
  EXPECT_EQ(body_of(post(body, "application/json"))["duplicates"], 1) << "the content is the key";
  EXPECT_EQ(rows(), 3);
  EXPECT_EQ(post(body, "application/json", {{"Idempotency-Key", std::string(257, 'k')}}).status, 400);
  EXPECT_EQ(verify(), 0);
}

TEST_F(Inserts, OfATokenAreItsCustomersAlone) {
  Tokens tokens(folder_.path() / "store" / "service");
  const std::string token = *tokens.create("ada", Scope::kWrite, {kAda});
  const json answer =
      body_of(post(json::array({request_row(kBob, 1), request_row(kAda, 2), request_row(kBob, 3)}).dump(),
                   "application/json", {{"Authorization", "Bearer " + token}}));
  EXPECT_EQ(answer["accepted"], 1);
  ASSERT_EQ(answer["rejected"].size(), 2u);
  EXPECT_EQ(answer["rejected"][1]["index"], 2);
  EXPECT_EQ(answer["rejected"][1]["column"], "customer_id");
  EXPECT_EQ(number("SELECT sum(latency_ms) AS n FROM optiinfra.performance_metrics_ts"), 2);
}

/// Clients that repeat each request until it is answered, while the service is killed at random.
TEST_F(Inserts, ThatAreRepeatedThroughKillsCountOnce) {
  const char* const wanted = std::getenv("OPTIINFRA_API_KILL_SECONDS");
  const std::chrono::seconds time{wanted == nullptr ? 6 : std::atoi(wanted)};
  constexpr int kClients = 8, kRows = 10;
  std::atomic<bool> is_over = false;
  std::atomic<std::uint64_t> requests = 0, repeats = 0;
  std::atomic<std::uint16_t> port = server_.api_port();
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client)
    clients.emplace_back([&, client] {
      for (std::uint64_t number = 0; !is_over; ++number) {
        json all = json::array();
        for (int i = 0; i < kRows; ++i) all.push_back(request_row(kAda, 1 + i));
        const HttpCall call{
            .method = "POST",
            .target = "/api/v1/insert/performance",
            .headers = {{"Content-Type", "application/json"},
                        {"Idempotency-Key", std::to_string(client) + ":" + std::to_string(number)}},
            .body = all.dump()};
        // Its rows carry the time at which they were made, so the content of a repeat is the same.
        while (testing::http_call(port, call).status != 200) {
          ++repeats;
          std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        ++requests;
      }
    });
  std::mt19937_64 random(7);
  int kills = 0;
  for (const auto begin = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - begin < time;
       ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1'500));
    server_.kill();
    ASSERT_TRUE(server_.start()) << server_.failure();
    port = server_.api_port();
  }
  is_over = true;
  for (std::thread& client : clients) client.join();
  ASSERT_GT(kills, 1);
  EXPECT_EQ(server_.stop().exit_code, 0);
  ASSERT_TRUE(server_.start()) << server_.failure();
  for (int i = 0; i < 200 && rows() < static_cast<double>(requests * kRows); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  std::this_thread::sleep_for(std::chrono::seconds{2});  // So that rows that were doubled are there, too.
  std::cout << kills << " kills, " << requests << " requests answered, " << repeats << " repeats\n";
  EXPECT_EQ(rows(), static_cast<double>(requests * kRows));
  EXPECT_EQ(verify(), 0);
}

}  // namespace
}  // namespace optiinfra::service
