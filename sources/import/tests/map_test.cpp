#include "map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optiinfra/import/import.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

constexpr const char* kCostColumns =
    "[columns]\ntimestamp = \"t\"\ncustomer_id = \"c\"\ncloud_provider = \"'aws'\"\ncost_per_hour = "
    "\"cost\"\n";

std::string refusal_of(const std::string& toml, Family family = Family::kCost) {
  auto map = parse_map(toml, "m.toml");
  if (!map) return map.error().message;
  auto fit = expect_fit(*map, family);
  return fit ? "" : fit.error().message;
}

TEST(ParseMap, ReadsEveryKey) {
  const auto map = parse_map(
      std::string(
          "description = 'd'\nfamily = 'cost'\nformat = 'CSVWithNames'\nwhere = 'a > 1'\nrepeat = '24'\n"
          "rows = 'list'\nknown_by = 'b'\ndelivery = 'd'\n"
          "[source]\n't' = 'DateTime'\n") +
          kCostColumns,
      "m.toml");
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(map->description, "d");
  EXPECT_EQ(map->family, Family::kCost);
  EXPECT_EQ(map->format, "CSVWithNames");
  EXPECT_EQ(map->where, "a > 1");
  EXPECT_EQ(map->repeat, "24");
  EXPECT_EQ(map->rows, "list");
  EXPECT_EQ(map->known_by, "b");
  EXPECT_EQ(map->delivery, "d");
  EXPECT_EQ(map->source, (std::vector<MapEntry>{{"t", "DateTime"}}));
  EXPECT_EQ(expression_of(*map, "cloud_provider"), "'aws'");
  EXPECT_EQ(expression_of(*map, "region"), "");
  EXPECT_TRUE(expect_fit(*map, Family::kCost));
}

TEST(ParseMap, NamesTheMistakeAndTheNearestRightWord) {
  EXPECT_THAT(refusal_of("a = "), HasSubstr("m.toml: line 1"));
  EXPECT_THAT(refusal_of("formt = 'CSV'\n"), HasSubstr("unknown key 'formt'; did you mean 'format'?"));
  EXPECT_THAT(refusal_of("format = 'CSVWithName'\n"), HasSubstr("did you mean 'CSVWithNames'?"));
  EXPECT_THAT(refusal_of("format = 1\n"), HasSubstr("line 1: 'format' must be a text in quotes"));
  EXPECT_THAT(refusal_of("family = 'costs'\n"),
              HasSubstr("the families are cost, performance, resource, quality, serving"));
  EXPECT_THAT(refusal_of("columns = 'x'\n"), HasSubstr("must be a table"));
  EXPECT_THAT(refusal_of("[columns]\ntimestamp = 5\n"), HasSubstr("'columns.timestamp' must be a text"));
  EXPECT_THAT(refusal_of("[source]\nt = 'Datetime'\n"), HasSubstr("did you mean 'DateTime'?"));
  EXPECT_THAT(refusal_of(""), HasSubstr("[columns] is missing"));
}

TEST(MapIdentity, IsOfWhatMakesRowsAndNotOfTheNameOfTheirDelivery) {
  const auto identity = [](const std::string& delivery, const std::string& source) {
    const auto map = parse_map("where = 'used'\n" + delivery + "[source]\n't' = 'DateTime'\n" + source +
                                   "[keys]\naccount = 'payer'\n" + kCostColumns,
                               "m.toml");
    EXPECT_TRUE(map);
    return map ? map->identity() : "";
  };
  const std::string plain = identity("", "");
  const std::string period = "period = { type = 'String', optional = true, aliases = ['month'] }\n";
  EXPECT_EQ(identity("delivery = 'period'\n", period), plain);
  EXPECT_NE(identity("", period), plain);
  const auto with = [](const char* name) {
    return std::string(name) + " = { type = 'String', optional = true }\n";
  };
  EXPECT_EQ(identity("delivery = 'payer || used'\n", with("payer") + with("used")),
            identity("", with("payer") + with("used")));
  EXPECT_NE(identity("delivery = 'used'\n", with("used")), plain) << "rows are chosen by it";
}

TEST(ExpectFit, SaysWhyOfAFormNoRowsCanBeMade) {
  EXPECT_EQ(refusal_of("lacks = 'it has no latencies'\n"), "map m.toml: it has no latencies");
}

TEST(ExpectFit, TakesAmountsOfBillsAlone) {
  const std::string columns = kCostColumns;
  EXPECT_EQ(refusal_of("amount = 'cost'\ncategory = 'kind'\n" + columns), "");
  EXPECT_THAT(refusal_of("category = 'kind'\n" + columns), HasSubstr("`category` needs `amount`"));
  EXPECT_THAT(refusal_of("amount = 'cost'\n" + columns, Family::kResource), HasSubstr("lines of a bill"));
}

TEST(ParseMap, KnowsWhichColumnsAFileMayLack) {
  const auto map = parse_map("[source]\nb = {type = 'Float64', optional = true}\na = {type = 'String'}\n" +
                                 std::string(kCostColumns),
                             "m.toml");
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(map->source, (std::vector<MapEntry>{{"a", "String"}, {"b", "Float64"}}));
  EXPECT_EQ(map->optional, std::vector<std::string>{"b"});
}

TEST(ExpectFit, NamesTheColumnThatIsMissingOrUnknown) {
  const std::string columns = kCostColumns;
  EXPECT_EQ(refusal_of(columns), "");
  EXPECT_THAT(refusal_of(columns + "cost_per_huor = '1'\n"),
              HasSubstr("no column 'cost_per_huor'; did you mean 'cost_per_hour'?"));
  EXPECT_THAT(refusal_of(columns.substr(0, columns.find("cost_per_hour"))),
              HasSubstr("the required column 'cost_per_hour' (currency units per hour) is missing"));
  EXPECT_THAT(refusal_of("family = 'cost'\n" + columns, Family::kQuality),
              HasSubstr("it is for cost metrics, not for quality"));
}

TEST(ImportMap, IsTheSameImportWhateverItsNameAndComments) {
  const std::string columns = kCostColumns;
  const auto identity = [](const std::string& toml, const char* name) {
    return parse_map(toml, name)->identity();
  };
  EXPECT_EQ(identity(columns, "a"), identity("# a comment\ndescription = 'd'\n" + columns, "b"));
  EXPECT_NE(identity(columns, "a"), identity("where = '1'\n" + columns, "a"));
  EXPECT_NE(identity(columns, "a"), identity("rows = 'list'\n" + columns, "a"));
  EXPECT_NE(identity(columns, "a"), identity(columns + "region = '1'\n", "a"));
  EXPECT_NE(identity(columns, "a"), contract_map().identity());
}

TEST(BuiltinMaps, AllFitTheFamilyThatTheyAreFor) {
  const auto maps = builtin_maps();
  ASSERT_GE(maps.size(), 7u);
  EXPECT_EQ(maps[0].name, kContractMap);
  for (const BuiltinMap& builtin : maps) {
    const auto map = load_map(builtin.name);
    ASSERT_TRUE(map) << map.error().message;
    EXPECT_FALSE(builtin.description.empty()) << builtin.name;
    if (builtin.name == kContractMap) continue;
    ASSERT_TRUE(builtin.family) << builtin.name;
    const auto fit = expect_fit(*map, *builtin.family);
    EXPECT_TRUE(fit) << fit.error().message;
  }
}

TEST(BuiltinMaps, EveryFileInTheFolderIsOneOfThem) {
  std::size_t files = 0, without_rows = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(OPTIINFRA_SOURCE_DIR) /
                                                               "sources/import/maps")) {
    const std::string name = entry.path().stem().string();
    const auto map = load_map(name);
    ASSERT_TRUE(map) << name << ": " << map.error().message;
    without_rows += map->lacks.empty() ? 0 : 1;
    ++files;
  }
  EXPECT_EQ(files + 1, builtin_maps().size() + without_rows);
}

TEST(LoadMap, SuggestsTheReadyMadeMapThatWasMeant) {
  const auto map = load_map("vllm-request");
  ASSERT_FALSE(map);
  EXPECT_THAT(map.error().message, HasSubstr("did you mean 'vllm-requests'?"));
  EXPECT_THAT(load_map("./absent.toml").error().message, HasSubstr("cannot read the map ./absent.toml"));
}

}  // namespace
}  // namespace optiinfra
