#include "exchange.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

#include "optiinfra/schema/column.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "to_lines.hpp"

namespace optiinfra::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What a call may take beyond its budget: the server's answer to a cancel, and a busy machine.
constexpr milliseconds kGrace{3'000};
constexpr milliseconds kDirectTimeout{30'000};

Block rows_of(std::uint64_t trial_number) {
  const auto rows = static_cast<std::size_t>(3);
  const auto labels = [](const char* text) {
    Dictionary dictionary;
    for (std::size_t i = 0; i < 3; ++i) dictionary.append(text);
    return dictionary;
  };
  const auto hour = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now());
  const auto seconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(hour.time_since_epoch()).count());
  Block block;
  block.add({"timestamp", "DateTime('UTC')", std::vector<std::uint32_t>(rows, seconds)});
  block.add({"customer_id", "UUID", std::vector<Uuid>(rows, customer(trial_number))});
  block.add({"cloud_provider", "LowCardinality(String)", labels("aws")});
  block.add({"cost_per_hour", "Float64", std::vector<double>{1.25, 2.5, 4}});
  return block;
}

unsigned long seed() {
  static const unsigned long chosen = [] {
    const char* given = std::getenv("OPTIINFRA_TEST_SEED");
    const unsigned long value = given != nullptr ? std::stoul(given) : std::random_device{}();
    std::printf("OPTIINFRA_TEST_SEED=%lu\n", value);
    return value;
  }();
  return chosen;
}

std::vector<std::uint64_t> every_step(std::uint64_t bytes, std::uint64_t step) {
  step = std::max<std::uint64_t>(step, 1);
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t at = seed() % step; at < bytes; at += step) offsets.push_back(at);
  return offsets;
}

Result<std::unique_ptr<Session>> open(const StoreUrl& url) {
  OPTIINFRA_TRY(const auto connector, make_connector(url, IfAbsent::kCreate));
  return connector->connect();
}

InsertStatement insert_statement(const std::string& database, std::uint64_t trial_number,
                                 milliseconds timeout) {
  return {.table = database + ".cost_metrics_ts",
          .deduplication_token = "trial " + std::to_string(1'000'000 + trial_number),
          .settings = {{"deduplicate_insert", "enable"},
                       {"deduplicate_blocks_in_dependent_materialized_views", "1"}},
          .timeout = timeout};
}

}  // namespace

Uuid customer(std::uint64_t trial_number) { return {0xFA017, trial_number}; }

bool every_fault_is_wanted() {
  const char* wanted = std::getenv("OPTIINFRA_FAULTS");
  return wanted != nullptr && std::string_view(wanted) == "all";
}

std::vector<std::uint64_t> sample_offsets(std::uint64_t bytes, std::uint64_t samples) {
  return every_step(bytes, every_fault_is_wanted() ? 1 : bytes / samples);
}

std::vector<std::uint64_t> sample_slow_offsets(std::uint64_t bytes, std::uint64_t samples) {
  return every_step(bytes, bytes / (every_fault_is_wanted() ? 10 * samples : samples));
}

std::string Trial::description() const {
  const char* const kinds[] = {"none", "reset", "finish", "truncate", "stall", "delay", "trickle", "flip"};
  return std::string(kinds[static_cast<int>(fault.kind)]) + " at byte " + std::to_string(fault.at_byte) +
         (fault.way == Way::kToServer ? " to the server" : " to the client") +
         "; the call said: " + (succeeded ? "success" : error.message);
}

void Tally::count(const Trial& trial) {
  ++tried;
  EXPECT_TRUE(trial.fired || trial.succeeded) << trial.description();
  fired += trial.fired ? 1 : 0;
  succeeded += trial.succeeded ? 1 : 0;
  unknown += !trial.succeeded && trial.error.applied == Applied::kUnknown ? 1 : 0;
  longest = std::max(longest, trial.took);
}

void Tally::print(const std::string& what) const {
  std::printf(
      "%s: %d faults tried, %d fired; %d calls succeeded, %d failed (%d of unknown outcome); longest %d ms\n",
      what.c_str(), tried, fired, succeeded, tried - succeeded, unknown, static_cast<int>(longest.count()));
  EXPECT_GT(tried, 0);
  EXPECT_GE(fired, tried * 9 / 10);
}

void ExchangeTest::SetUp() {
  url_ = new_store(GetParam());
  auto opened = open(url_);
  ASSERT_TRUE(opened) << opened.error().message;
  direct_ = std::move(opened).value();
  const auto migrated = store::migrate(*direct_);
  ASSERT_TRUE(migrated) << migrated.error().message;
  proxy_ = std::make_unique<FaultProxy>(url_.hosts[0].port);
  Trial stored = insert_with({}, 0, kDirectTimeout);
  ASSERT_TRUE(stored.succeeded) << stored.error.message;
  Trial asked = query_with({}, kDirectTimeout);
  ASSERT_TRUE(asked.succeeded) << asked.error.message;
  expected_answer_ = last_answer_;
  ASSERT_FALSE(expected_answer_.empty());
}

void ExchangeTest::TearDown() {
  proxy_.reset();
  if (!direct_) return;
  EXPECT_TRUE(direct_->execute({.sql = "DROP DATABASE " + url_.database}));
}

StoreUrl ExchangeTest::proxied_url() const {
  StoreUrl url = url_;
  url.hosts = {{"127.0.0.1", proxy_->port()}};
  return url;
}

std::uint64_t ExchangeTest::bytes(Way way) const {
  const FaultReport report = proxy_->report();
  return way == Way::kToServer ? report.server_bytes : report.client_bytes;
}

template <typename Call>
Trial ExchangeTest::attempt(const Fault& fault, From from, milliseconds budget, Call call) {
  proxy_->arm(from == From::kGreeting ? fault : Fault{});
  auto begin = steady_clock::now();
  Trial trial{.fault = fault};
  auto session = open(proxied_url());
  if (from == From::kStatement) {
    proxy_->arm(fault, OpenConnections::kKeep);
    begin = steady_clock::now();
  }
  Result<void> result = session ? call(**session) : Result<void>(session.error());
  trial.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
  trial.fired = proxy_->report().fired;
  trial.succeeded = result.has_value();
  if (!result) {
    trial.error = std::move(result).error();
    EXPECT_FALSE(trial.error.message.empty());
  }
  EXPECT_LT(trial.took, budget + kGrace) << trial.description();
  return trial;
}

Trial ExchangeTest::insert_with(const Fault& fault, std::uint64_t trial_number, milliseconds budget,
                                From from) {
  return attempt(fault, from, budget, [&](Session& session) {
    return done(session.insert(insert_statement(url_.database, trial_number, budget), rows_of(trial_number)));
  });
}

Trial ExchangeTest::query_with(const Fault& fault, milliseconds budget, From from) {
  const Statement statement{
      .sql = "SELECT timestamp, customer_id, cloud_provider, cost_per_hour FROM " + url_.database +
             ".cost_metrics_ts WHERE customer_id = {customer:UUID} ORDER BY cost_per_hour",
      .parameters = {{"customer", customer(0).to_string()}},
      .timeout = budget};
  last_answer_.clear();
  return attempt(fault, from, budget, [&](Session& session) {
    return done(session.query(statement, [this](const Block& block) {
      last_answer_ += to_lines(block);
      return true;
    }));
  });
}

void ExchangeTest::expect_kept_promise(const Trial& trial, std::uint64_t trial_number) {
  const auto expect_stored = [&](const char* when) {
    EXPECT_EQ(stored_rows(trial_number), kRows) << when << "; " << trial.description();
  };
  if (trial.succeeded) return expect_stored("acknowledged");
  if (trial.error.applied == Applied::kNo) {
    EXPECT_EQ(stored_rows(trial_number), 0u) << "said to be not applied: " << trial.description();
  }
  const auto repeated =
      direct_->insert(insert_statement(url_.database, trial_number, kDirectTimeout), rows_of(trial_number));
  EXPECT_TRUE(repeated) << repeated.error().message;
  expect_stored("repeated");
}

std::uint64_t ExchangeTest::count(const std::string& sql) {
  const auto number = query_number(*direct_, {.sql = sql});
  EXPECT_TRUE(number) << number.error().message;
  return number ? *number : ~std::uint64_t{0};
}

std::uint64_t ExchangeTest::stored_rows(std::uint64_t trial_number) {
  return count("SELECT count() FROM " + url_.database + ".cost_metrics_ts WHERE customer_id = '" +
               customer(trial_number).to_string() + "'");
}

void ExchangeTest::expect_stored_once(std::uint64_t trials) {
  const std::string rows = std::to_string(kRows);
  const auto expect_all = [&](const std::string& what, const std::string& sum, const std::string& table) {
    const std::string counted = "(SELECT customer_id, " + sum + " AS stored FROM " + url_.database + "." +
                                table + " GROUP BY customer_id)";
    EXPECT_EQ(count("SELECT count() FROM " + counted), trials) << what << ": inserts that left rows";
    EXPECT_EQ(count("SELECT countIf(stored != " + rows + ") FROM " + counted), 0u)
        << what << ": inserts stored twice or in part";
  };
  expect_all("raw", "count()", "cost_metrics_ts");
  expect_all("rollup", "sum(sample_count)", "cost_metrics_hourly");
}

}  // namespace optiinfra::testing
