// Rows through the API of a service: files that are sent as they are, and samples of this host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "api/api_import.hpp"
#include "optiinfra/testing/server.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

/// A CSV of performance rows, of which some hold line breaks in quotes.
void write_csv(const std::filesystem::path& path, int rows) {
  std::ofstream file(path);
  file << "timestamp,customer_id,service_id,model_name,latency_ms\n";
  const sys_seconds begin = floor_hour(now()) - std::chrono::hours{2};
  for (int row = 0; row < rows; ++row)
    file << format_time(begin + std::chrono::seconds{row % 3600}) << "," << kSomeUuid << "," << kSomeUuid
         << ",\"m" << (row % 1000 == 0 ? "\n" : "") << row % 3 << "\"," << row % 500 + 1 << "\n";
}

std::string all_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Pieces, AreWholeRowsUnderTheHeaderAndTheSameEachTime) {
  const Home home;
  write_csv(home / "rows.csv", 600'000);
  const std::string text = all_of(home / "rows.csv"), header = text.substr(0, text.find('\n') + 1);
  std::vector<Uuid> keys[2];
  for (auto& seen : keys) {
    auto pieces = FilePieces::open(home / "rows.csv", Family::kPerformance);
    ASSERT_TRUE(pieces) << pieces.error().message;
    std::string rejoined = header;
    while (true) {
      const auto piece = pieces->next();
      ASSERT_TRUE(piece) << piece.error().message;
      if (piece->empty()) break;
      ASSERT_EQ(piece->substr(0, header.size()), header);
      EXPECT_EQ(piece->back(), '\n');
      rejoined += piece->substr(header.size());
      seen.push_back(pieces->key());
    }
    EXPECT_TRUE(rejoined == text);
  }
  EXPECT_GT(keys[0].size(), 2u);
  EXPECT_EQ(keys[0], keys[1]);
  std::ofstream(home / "rows.csv", std::ios::app) << "one more\n";
  auto other = FilePieces::open(home / "rows.csv", Family::kPerformance);
  ASSERT_TRUE(other && other->next());
  EXPECT_NE(other->key(), keys[0].front()) << "a file of other content is another import";
}

TEST(Pieces, OfARowWithoutAnEndAreRefused) {
  const Home home;
  std::ofstream(home / "rows.jsonl") << std::string(kPieceBytesMax + 1, 'x');
  auto pieces = FilePieces::open(home / "rows.jsonl", Family::kCost);
  ASSERT_TRUE(pieces) << pieces.error().message;
  const auto piece = pieces->next();
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().kind, ErrorKind::kTooLarge);
}

class ImportThroughApi : public ::testing::Test {
 protected:
  void SetUp() override {
    server = std::make_unique<testing::ServerProcess>(OPTIINFRA_PROGRAM, home.store_folder());
    ASSERT_TRUE(server->is_ready()) << server->failure();
  }

  Words command(Words words) const {
    words.insert(words.begin(), {"--url", "api://127.0.0.1:" + std::to_string(server->api_port())});
    return Home::command(words);
  }
  testing::ProgramOptions options() const {
    return home.options("OPTIINFRA_LIBCHDB=/nonexistent/libchdb.so");
  }
  testing::ProgramResult run(const Words& words) const {
    return testing::run_program(command(words), options());
  }
  Json json(Words words) const {
    words.insert(words.end(), {"--output", "json"});
    const auto result = run(words);
    return Json::parse(result.output, nullptr, false);
  }
  std::uint64_t rows() const {
    return json({"query", "metrics", "--measures", "performance.request_count", "--hours",
                 "24"})["data"][0]["total_requests"];
  }

  const Home home;
  std::unique_ptr<testing::ServerProcess> server;
};

TEST_F(ImportThroughApi, StoresTheRowsOfAFileOnce) {
  write_csv(home / "rows.csv", 5000);
  const Words import = {"import", "performance", (home / "rows.csv").string()};
  EXPECT_EQ(json(import)["data"]["summary"]["rows_stored"], 5000);
  EXPECT_EQ(rows(), 5000u);
  const Json again = json(import)["data"]["summary"];
  EXPECT_EQ(again["rows_stored"], 0);
  EXPECT_EQ(again["rows_already_stored"], 5000);
  EXPECT_EQ(rows(), 5000u);
}

TEST_F(ImportThroughApi, NamesTheRowsThatAreRefused) {
  std::ofstream(home / "rows.jsonl") << R"({"timestamp":")" << format_time(now()) << R"(","customer_id":")"
                                     << kSomeUuid << R"(","service_id":")" << kSomeUuid
                                     << R"(","latency_ms":5})" << "\n"
                                     << R"({"timestamp":")" << format_time(now())
                                     << R"(","customer_id":"nobody","service_id":")" << kSomeUuid << R"("})"
                                     << "\n";
  const auto result = run({"import", "performance", (home / "rows.jsonl").string()});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.error_output, AllOf(HasSubstr("row 2: customer_id"), HasSubstr("or a name")));
}

TEST_F(ImportThroughApi, RefusesWhatOnlyAnEngineReads) {
  std::ofstream(home / "rows.parquet") << "PAR1";
  EXPECT_THAT(run({"import", "cost", (home / "rows.parquet").string()}).error_output,
              HasSubstr("can be sent to an API as they are"));
  write_csv(home / "rows.csv", 1);
  EXPECT_THAT(run({"import", "cost", (home / "rows.csv").string(), "--map", "aws-cur"}).error_output,
              HasSubstr("--delivery and --replace work on the store itself"));
  EXPECT_THAT(run({"import", "cost", (home / "rows.csv").string(), "--delivery", "auto"}).error_output,
              HasSubstr("--delivery and --replace work on the store itself"));
}

/// The program and the service are killed while rows are on their way; the same command again stores the
/// rest.
TEST_F(ImportThroughApi, KilledInBetweenAndRepeatedCountsEachRowOnce) {
  constexpr int kRowsOfFile = 900'000;
  write_csv(home / "rows.csv", kRowsOfFile);
  const Words import = {"import", "performance", (home / "rows.csv").string()};
  int interrupted = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    testing::Program program(command(import), options());
    std::this_thread::sleep_for(std::chrono::milliseconds{700 * (attempt + 1)});
    interrupted += program.has_ended() ? 0 : 1;
    program.send_signal(SIGKILL);
    program.wait();
    server->kill();
    ASSERT_TRUE(server->start()) << server->failure();
  }
  EXPECT_GT(interrupted, 0) << "no kill fell into an import";
  const auto whole = run(import);
  ASSERT_EQ(whole.exit_code, 0) << whole.error_output;
  EXPECT_EQ(rows(), static_cast<std::uint64_t>(kRowsOfFile));
}

TEST_F(ImportThroughApi, WaitsForAServiceThatIsStartedAgain) {
  write_csv(home / "rows.csv", 2000);
  server->kill();
  testing::Program program(command({"import", "performance", (home / "rows.csv").string()}), options());
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  ASSERT_TRUE(server->start()) << server->failure();
  EXPECT_EQ(program.wait().exit_code, 0);
  EXPECT_EQ(rows(), 2000u);
}

TEST_F(ImportThroughApi, SamplesOfThisHostArriveUnderANamedCustomer) {
  ASSERT_EQ(run({"names", "set", "customer", "us", kSomeUuid}).exit_code, 0);
  const Json host = json({"collect", "host", "--customer", "us", "--instance", "box", "--for", "2s"})["data"];
  EXPECT_EQ(host["customer_id"], kSomeUuid);
  EXPECT_EQ(host["samples"], 2);
  EXPECT_GE(host["rows_stored"], 2);
  const Json instances = json({"instances", "--customer", "us"})["data"];
  ASSERT_EQ(instances.size(), 1u);
  EXPECT_EQ(instances[0]["resource_rows"], host["rows_stored"]);
  EXPECT_THAT(run({"collect", "host", "--customer", "them", "--instance", "box", "--for", "1s"}).error_output,
              HasSubstr("no customer is called 'them'"));
}

}  // namespace
}  // namespace optiinfra::cli
