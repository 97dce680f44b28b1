// Attributed cost, objectives, rates and budgets on two shards are those of a store on one machine.
#include <algorithm>
#include <cmath>

#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/attribution/questions.hpp"
#include "two_shards.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using attribution::GivenValues;

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* time = std::get_if<sys_seconds>(&cell)) return format_time(*time);
  return std::holds_alternative<std::monostate>(cell) ? "absent" : "number";
}

/// By their texts, since rows whose amounts are nearly equal may come in either order.
void sort_rows(Answer& answer) {
  const auto texts = [](const std::vector<Cell>& row) {
    std::string all;
    for (const Cell& cell : row) all += text_of(cell) + "\n";
    return all;
  };
  std::sort(answer.rows.begin(), answer.rows.end(),
            [&](const auto& a, const auto& b) { return texts(a) < texts(b); });
}

double number_of(const Cell& cell) {
  if (const auto* count = std::get_if<std::uint64_t>(&cell)) return static_cast<double>(*count);
  const auto* number = std::get_if<double>(&cell);
  return number == nullptr ? 0 : *number;
}

void expect_same(Answer left, Answer right) {
  EXPECT_EQ(left.window, right.window);
  ASSERT_EQ(left.columns.size(), right.columns.size());
  ASSERT_EQ(left.rows.size(), right.rows.size());
  sort_rows(left);
  sort_rows(right);
  for (std::size_t row = 0; row < left.rows.size(); ++row) {
    for (std::size_t i = 0; i < left.columns.size(); ++i) {
      const Cell &of_cluster = left.rows[row][i], &of_one = right.rows[row][i];
      ASSERT_EQ(text_of(of_cluster), text_of(of_one)) << left.columns[i].key << " of row " << row;
      // Sums of floats come in another order.
      const double expected = number_of(of_one);
      ASSERT_NEAR(number_of(of_cluster), expected, 1e-6 * std::abs(expected) + 1e-9)
          << left.columns[i].key << " of row " << row;
    }
  }
}

void fill(Client& client, TimeRange window) {
  insert_fleet(client, 20'000, 2);
  // A charge in another currency, of an instance of the fleet.
  const fleet::Fleet fleet = make_test_fleet(20'000, 2);
  const fleet::FleetInstance& instance = fleet.description().instances.front();
  CostMetric charge;
  charge.timestamp = window.begin + 5h;
  charge.customer_id =
      fleet.description().customers[fleet.description().services[instance.service].customer].id;
  charge.cloud_provider = "aws";
  charge.instance_id = instance.id;
  charge.service_name = "support";
  charge.cost_per_hour = 1000;
  charge.currency = "EUR";
  ASSERT_TRUE(client.insert(std::vector<CostMetric>{charge}));
  const auto day = std::chrono::floor<std::chrono::days>(window.begin);
  ASSERT_TRUE(
      attribution::set_exchange_rates(client, {{"EUR", "USD", day - std::chrono::days{1}, 1.25, "test"}}));
  ASSERT_TRUE(attribution::set_objectives(
      client,
      {{.name = "all", .latency_ms = 5'000},
       {.name = "payer", .scope = "customer", .scope_id = charge.customer_id.to_string(), .share = 0.9}}));
  ASSERT_TRUE(attribution::set_budgets(client, {{.name = "month", .amount = 100'000, .currency = "USD"}}));
  const auto made = attribution::attribute(client, window);
  ASSERT_TRUE(made) << made.error().message;
}

TEST(MoneyOnACluster, IsThatOfAStoreOnOneMachine) {
  TwoShards cluster;
  ASSERT_TRUE(cluster.is_ready()) << cluster.failure();
  const auto init = cluster.init();
  ASSERT_EQ(init.exit_code, 0) << init.error_output;
  const testing::TemporaryFolder folder;
  auto pair = Client::open(cluster.url());
  auto single = Client::open("embedded:" + (folder.path() / "store").string(), {.create = true});
  ASSERT_TRUE(pair) << pair.error().message;
  ASSERT_TRUE(single) << single.error().message;
  // Each attributed hour is some statements on either shard.
  const sys_seconds end = make_test_fleet(20'000, 2).description().range.end;
  const TimeRange window{end - 10h, end};
  ASSERT_NO_FATAL_FAILURE(fill(*pair, window));
  ASSERT_NO_FATAL_FAILURE(fill(*single, window));
  const std::vector<std::pair<const char*, GivenValues>> asked = {
      {"unit-cost", {{"by", "customer"}}},
      {"unit-cost", {{"by", "model"}, {"currency", "USD"}}},
      {"unit-cost", {{"by", "customer"}, {"currency", "USD"}, {"bucket", "day"}}},
      {"unit-cost", {{"by", "service,instance"}, {"idle", "share"}}},
      {"slo", {}},
      {"slo", {{"by", "service"}, {"latency_ms", "3000"}}},
      {"idle", {}},
      {"energy", {{"by", "service"}}},
      {"forecast", {}},
      {"self-host", {}},
      {"budgets", {}}};
  for (const auto& [name, given] : asked) {
    SCOPED_TRACE(name);
    const auto* question = attribution::find_computed_question(name);
    ASSERT_NE(question, nullptr);
    const TimeRange range = question->has_window ? window : TimeRange{window.end, window.end};
    auto of_pair = question->ask(*pair, range, given), of_single = question->ask(*single, range, given);
    ASSERT_TRUE(of_pair) << of_pair.error().message;
    ASSERT_TRUE(of_single) << of_single.error().message;
    EXPECT_FALSE(of_single->rows.empty());
    expect_same(*std::move(of_pair), *std::move(of_single));
  }
}

}  // namespace
}  // namespace optiinfra
