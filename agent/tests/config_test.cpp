#include "optiinfra/agent/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string why_not(const std::string& toml) {
  const auto config = parse_agent_config(toml, "agent.toml", "/etc/optiinfra");
  return config ? "it is right" : config.error().message;
}

TEST(AgentConfigFile, NamesSourcesAndWhoseTheyAre) {
  const auto config = parse_agent_config(
      "customer = 'acme'\nfolder = '/var/lib/optiinfra-agent'\noutbox_mib_max = 128\n"
      "[service]\nurl = 'apis://metrics:7070'\ntoken_file = 'token'\n"
      "[host]\ninstance = 'gpu-1'\ninterval = '5s'\n"
      "[scrape]\nconfig = 'scrape.yml'\n"
      "[[tail]]\nform = 'sglang'\nfiles = ['/var/log/sglang/*.log']\nservice = 'chat'\n"
      "[[tail]]\nname = 'batch'\nform = 'sglang'\nfiles = ['a', '/b']\nservice = 's'\ncustomer = 'other'\n",
      "agent.toml", "/etc/optiinfra");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->token_file, "/etc/optiinfra/token");
  EXPECT_EQ(config->outbox_bytes_max, std::uint64_t{128} << 20);
  EXPECT_EQ(config->host->customer, "acme");
  EXPECT_EQ(config->host->interval, std::chrono::seconds{5});
  EXPECT_EQ(config->scrape->config_file, "/etc/optiinfra/scrape.yml");
  ASSERT_EQ(config->tails.size(), 2u);
  EXPECT_EQ(config->tails[0].name, "sglang");
  EXPECT_EQ(config->tails[0].defaults.customer, "acme");
  EXPECT_EQ(config->tails[1].defaults.customer, "other");
  EXPECT_THAT(config->tails[1].files, ElementsAre("/etc/optiinfra/a", "/b"));
}

TEST(AgentConfigFile, IsRefusedWithTheLineAndWhatToDo) {
  const std::string head = "folder = '/x'\n";
  EXPECT_THAT(why_not(head), HasSubstr("agent.toml: there is nothing to do"));
  EXPECT_THAT(why_not("[host]\ninstance = 'a'\ncustomer = 'b'"), HasSubstr("'folder' is missing"));
  EXPECT_THAT(why_not(head + "[hots]\n"),
              HasSubstr("agent.toml: line 2: unknown key 'hots'; did you mean 'host'?"));
  EXPECT_THAT(why_not(head + "[host]\ninstance = 'a'"),
              HasSubstr("line 2: [host] needs 'instance', and 'customer'"));
  EXPECT_THAT(why_not(head + "[scrape]\n"), HasSubstr("[scrape] needs 'config'"));
  EXPECT_THAT(why_not(head + "outbox_mib_max = 1"),
              HasSubstr("line 2: a whole number of MiB is expected, 64 to"));
  EXPECT_THAT(why_not(head + "[[tail]]\nform = 'sglnag'\nfiles = ['a']"), HasSubstr("did you mean 'sglang'"));
  EXPECT_THAT(why_not(head + "[[tail]]\nform = 'sglang'\nfiles = ['a']"),
              HasSubstr("line 2: [[tail]] needs 'customer'"));
  const std::string tail = "[[tail]]\nform = 'sglang'\nfiles = ['a']\ncustomer = 'c'\nservice = 's'\n";
  EXPECT_EQ(why_not(head + tail), "it is right");
  EXPECT_THAT(why_not(head + tail + tail), HasSubstr("two [[tail]] are called 'sglang'"));
  EXPECT_THAT(why_not(head + tail + "name = '../x'"), HasSubstr("is a folder's, too"));
}

}  // namespace
}  // namespace optiinfra::agent
