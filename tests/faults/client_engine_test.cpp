// A program sees nothing of a connection that breaks when the client can repeat the call on another one.
#include "exchange.hpp"
#include "optiinfra/client/client.hpp"

namespace optiinfra {
namespace {

using testing::Fault;
using testing::FaultKind;
using testing::kWays;
using testing::Tally;
using testing::Trial;
using testing::Way;

class CutInsert : public testing::ExchangeTest {
 protected:
  static std::vector<CostMetric> rows_of(std::uint64_t trial_number) {
    CostMetric row;
    row.timestamp = now();
    row.customer_id = testing::customer(trial_number);
    row.cloud_provider = "aws";
    row.cost_per_hour = 1.25;
    return {kRows, row};
  }
};
INSTANTIATE_TEST_SUITE_P(Over, CutInsert,
                         ::testing::ValuesIn(testing::endpoints_named({"native", "native_lz4", "http",
                                                                       "http_lz4"})),
                         testing::name_of);

TEST_P(CutInsert, CutAnywhereIsRepeatedByTheClientAndStoredOnce) {
  constexpr std::uint64_t kSamples = 8;
  auto client = Client::open(proxied_url());
  ASSERT_TRUE(client) << client.error().message;
  Tally tally;
  std::uint64_t trials = 1;  // SetUp's own.
  const auto insert = [&](const Fault& fault) {
    proxy_->arm(fault, testing::OpenConnections::kKeep);
    const auto inserted = client->insert_cost_metrics(rows_of(trials++));
    EXPECT_TRUE(inserted) << "cut at byte " << fault.at_byte << ": " << inserted.error().message;
    return Trial{.fired = proxy_->report().fired, .succeeded = inserted.has_value()};
  };
  for (const Way way : kWays) {
    ASSERT_TRUE(insert({}).succeeded);
    for (const std::uint64_t at : testing::sample_offsets(bytes(way), kSamples))
      tally.count(insert({.kind = FaultKind::kReset, .way = way, .at_byte = at}));
  }
  tally.print(std::string(GetParam().name) + ", insert of a client cut");
  expect_stored_once(trials);
}

}  // namespace
}  // namespace optiinfra
