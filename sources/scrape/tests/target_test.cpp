#include "target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/core/identity.hpp"

namespace optiinfra::scrape {
namespace {

using ::testing::HasSubstr;

const std::string kUuid = "550e8400-e29b-41d4-a716-446655440000";

ScrapeJob job() {
  ScrapeJob made;
  made.name = "chat";
  return made;
}

Target made(const ScrapeJob& of, const Labels& labels, const Labels& external = {}) {
  auto target = make_target(of, "10.0.0.1:8000", labels, external);
  EXPECT_TRUE(target) << (target ? "" : target.error().message);
  return target && *target ? **target : Target{};
}

TEST(Target, IsItsAddressAndBelongsToItsLabels) {
  const Target target = made(
      job(),
      {{"customer", kUuid}, {"service", "search"}, {"instance_type", "p5.48xlarge"}, {"model", "llama"}});
  EXPECT_EQ(target.url, "http://10.0.0.1:8000/metrics");
  EXPECT_EQ(target.owner.customer_id.to_string(), kUuid);
  EXPECT_EQ(target.owner.service_id, identity_of("service", "search"));
  EXPECT_EQ(target.owner.instance_id, "10.0.0.1:8000");
  EXPECT_FALSE(target.owner.is_instance_chosen);
  EXPECT_EQ(target.owner.instance_type, "p5.48xlarge");
  EXPECT_EQ(target.owner.model_name, "llama");
}

TEST(Target, TakesTheJobForItsServiceAndTheDefaultCustomer) {
  const Target target = made(job(), {}, {{"customer", "acme"}});
  EXPECT_EQ(target.owner.customer_id, identity_of("customer", "acme"));
  EXPECT_EQ(target.owner.service_id, identity_of("service", "chat"));
  EXPECT_EQ(made(job(), {{"customer", "other"}}, {{"customer", "acme"}}).owner.customer_id,
            identity_of("customer", "other"));
}

TEST(Target, IsWhatRulesMakeOfIt) {
  ScrapeJob of = job();
  of.parameters = {{"module", "a&b"}, {"module", "c"}};
  of.relabel_rules = {
      {RelabelAction::kReplace, {"__meta_port"}, ";", "__address__", "other:$1", *compile_regex("(.+)")},
      {RelabelAction::kReplace, {"__meta_node"}, ";", "instance", "$1", *compile_regex("(.+)")},
      {RelabelAction::kReplace, {}, ";", "__scheme__", "https", *compile_regex("(.*)")},
      {RelabelAction::kReplace, {}, ";", "__metrics_path__", "/m", *compile_regex("(.*)")},
      {RelabelAction::kReplace, {}, ";", "__scrape_interval__", "30s", *compile_regex("(.*)")}};
  const Target target = made(of, {{"customer", "acme"}, {"__meta_port", "9"}, {"__meta_node", "gpu-1"}});
  EXPECT_EQ(target.url, "https://other:9/m?module=a%26b&module=c");
  EXPECT_EQ(target.owner.instance_id, "gpu-1");
  EXPECT_TRUE(target.owner.is_instance_chosen);
  EXPECT_EQ(target.interval, std::chrono::seconds(30));
  of.relabel_rules = {{RelabelAction::kDrop, {"customer"}, ";", "", "", *compile_regex("acme")}};
  EXPECT_FALSE(*make_target(of, "a:1", {{"customer", "acme"}}, {}));
}

TEST(Target, SaysWhatItLacks) {
  EXPECT_THAT(make_target(job(), "a:1", {}, {}).error().message, HasSubstr("no label 'customer'"));
  EXPECT_THAT(make_target(job(), "http://a:1/", {{"customer", "x"}}, {}).error().message,
              HasSubstr("is not HOST:PORT"));
  EXPECT_THAT(make_target(job(), "", {{"customer", "x"}}, {}).error().message, HasSubstr("is not HOST:PORT"));
  EXPECT_FALSE(make_target(job(), "a:1", {{"customer", "00000000-0000-0000-0000-000000000000"}}, {}));
}

TEST(Target, IsTheSameForTheSameLabels) {
  EXPECT_EQ(made(job(), {{"customer", "a"}}).key(),
            made(job(), {{"customer", "a"}, {"unrelated", "x"}}).key());
  EXPECT_NE(made(job(), {{"customer", "a"}}).key(), made(job(), {{"customer", "b"}}).key());
}

}  // namespace
}  // namespace optiinfra::scrape
