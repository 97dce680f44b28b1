// A shorter retention removes rows at once: what it would remove is shown, and a person or --yes says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RetentionSet : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(home.run({"generate", "--rows", "3000", "--days", "5", "--quiet"}).exit_code, 0);
  }

  std::string rows() const {
    return home.run({"sql", "SELECT count() FROM optiinfra.cost_metrics_ts", "--output", "csv"}).output;
  }

  /// `retention set cost raw 2d` at a terminal at which `typed` is typed.
  testing::ProgramResult at_a_terminal(const std::string& typed) const {
    const std::string command = std::string(OPTIINFRA_PROGRAM) + " retention set cost raw 2d";
    return testing::run_program(
        {"bash", "-c", "(sleep 4; echo " + typed + ") | script -qec '" + command + "' /dev/null"},
        home.options());
  }

  const Home home;
};

TEST_F(RetentionSet, ThatWouldRemoveRowsIsRefusedWhereNobodyCanBeAsked) {
  const std::string before = rows();
  const auto refused = home.run({"retention", "set", "cost", "raw", "2d"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, AllOf(HasSubstr("rows of cost_metrics_ts: "), HasSubstr(" days from "),
                                          HasSubstr("--yes"), HasSubstr("Nothing was changed")));
  EXPECT_EQ(rows(), before);
  EXPECT_THAT(home.run({"retention", "show", "--output", "csv"}).output,
              HasSubstr("cost,raw,cost_metrics_ts,90,90,true"));
}

TEST_F(RetentionSet, RemovesWithYesWhatItsDryRunShows) {
  for (const char* tier : {"raw", "rollup"}) {
    const std::vector<std::string> set = {"retention", "set", "cost", tier, "2d"};
    const auto with = [&](const char* flag) {
      auto command = set;
      command.emplace_back(flag);
      return home.json(command)["data"];
    };
    const auto shown = with("--dry-run");
    EXPECT_FALSE(shown.empty()) << tier;
    EXPECT_EQ(with("--dry-run"), shown) << "a dry run changes nothing";
    const auto removed = with("--yes")["removed"];
    if (set[3] == "raw") {
      EXPECT_EQ(removed, shown);
    }
    EXPECT_EQ(with("--dry-run"), nlohmann::ordered_json::array()) << tier;
  }
}

TEST_F(RetentionSet, AsksAtATerminal) {
  const std::string before = rows();
  const auto no = at_a_terminal("n");
  EXPECT_EQ(no.exit_code, 2) << no.output;
  EXPECT_THAT(no.output, AllOf(HasSubstr("Go on? [y/N]"), HasSubstr("nothing was changed")));
  EXPECT_EQ(rows(), before);
  const auto yes = at_a_terminal("y");
  EXPECT_EQ(yes.exit_code, 0) << yes.output;
  EXPECT_THAT(yes.output, HasSubstr("Removed"));
  EXPECT_NE(rows(), before);
}

TEST_F(RetentionSet, IsNotAskedAboutWhereNothingGoes) {
  EXPECT_EQ(home.run({"retention", "set", "cost", "raw", "60d"}).exit_code, 0);
}

}  // namespace
}  // namespace optiinfra::cli
