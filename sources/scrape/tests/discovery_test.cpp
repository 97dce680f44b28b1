#include "discovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::scrape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Discovery, ReadsJsonAndYaml) {
  const auto json = parse_target_json(
      "[\n\t{\"targets\": [\"a:1\", \"b:2\"], \"labels\": {\"customer\": \"acme\"}}, {\"targets\": []}]");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_THAT(json->at(0).targets, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(json->at(0).labels.at("customer"), "acme");
  const auto yaml = parse_target_yaml("- targets: ['a:1']\n  labels:\n    customer: acme\n");
  ASSERT_TRUE(yaml) << yaml.error().message;
  EXPECT_THAT(yaml->at(0).targets, ElementsAre("a:1"));
  EXPECT_EQ(yaml->at(0).labels.at("customer"), "acme");
  EXPECT_TRUE(parse_target_yaml("")->empty());
}

TEST(Discovery, RefusesWhatIsNoList) {
  for (const char* const text : {"", "{}", "[1]", "[{\"targets\": [1]}]", "[{\"labels\": {\"a\": 1}}]",
                                 "[{\"target\": []}]", "[{", "[[[["})
    EXPECT_FALSE(parse_target_json(text)) << text;
  EXPECT_THAT(parse_target_yaml("- targets: [a]\n  label: {}\n").error().message,
              HasSubstr("line 2: unknown key 'label'"));
  EXPECT_FALSE(parse_target_yaml("{}"));
  EXPECT_FALSE(parse_target_json(std::string(1'000'000, '[')));
}

TEST(Discovery, IsBounded) {
  std::string many = "[{\"targets\": [\"a:1\"";
  for (std::size_t i = 0; i < kTargetsMax; ++i) many += ",\"a:1\"";
  EXPECT_EQ(parse_target_json(many + "]}]").error().kind, ErrorKind::kTooLarge);
}

TEST(Discovery, ReadsTheFilesThatMatchAndNamesThoseItCannotRead) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "a.json") << "[{\"targets\": [\"a:1\"]}]";
  std::ofstream(folder.path() / "b.json") << "[{\"targets\": [\"b:1\"]";
  std::ofstream(folder.path() / "c.yml") << "- targets: ['c:1']\n";
  std::vector<std::string> errors;
  const auto groups = discover_files(
      {.files = {folder.path() / "*.json", folder.path() / "c.yml", folder.path() / "d.yml"}}, errors);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(groups[0].targets, ElementsAre("a:1"));
  EXPECT_THAT(groups[1].targets, ElementsAre("c:1"));
  EXPECT_THAT(errors, ElementsAre(HasSubstr("b.json: "), HasSubstr("d.yml cannot be read")));
}

}  // namespace
}  // namespace optiinfra::scrape
