// What the program says before it opens a store: OPTIINFRA_LIBCHDB names no library here, so that a
// command that loads the engine fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

testing::ProgramResult run(const std::vector<std::string>& arguments) {
  const Home home;
  auto options = home.options();
  options.environment.push_back("OPTIINFRA_LIBCHDB=/nowhere/libchdb.so");
  return testing::run_program(Home::command(arguments), options);
}

std::string text_of(const std::string& file) {
  std::ifstream stream(std::string(OPTIINFRA_SOURCE_DIR) + "/cli/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

const std::vector<std::vector<std::string>> kCommands = {{"init"},
                                                         {"verify"},
                                                         {"ping"},
                                                         {"import"},
                                                         {"generate"},
                                                         {"collect"},
                                                         {"collect", "host"},
                                                         {"query"},
                                                         {"query", "cost-hourly"},
                                                         {"query", "performance-p95"},
                                                         {"query", "resource-utilization"},
                                                         {"query", "quality-trends"},
                                                         {"query", "models"},
                                                         {"query", "cost"},
                                                         {"query", "metrics"},
                                                         {"customers"},
                                                         {"services"},
                                                         {"instances"},
                                                         {"models"},
                                                         {"retention"},
                                                         {"retention", "show"},
                                                         {"retention", "set"},
                                                         {"retention", "apply"},
                                                         {"grafana"},
                                                         {"bench"},
                                                         {"sql"},
                                                         {"version"}};

TEST(Help, AnswersForEveryCommandWithoutTheEngine) {
  for (auto command : kCommands) {
    command.push_back("--help");
    const auto result = run(command);
    EXPECT_EQ(result.exit_code, 0) << command[0] << ": " << result.error_output;
    EXPECT_THAT(result.output, HasSubstr("Usage: optiinfra " + command[0]));
  }
}

TEST(Help, ShowsAnExampleOfEveryCommandThatDoesSomething) {
  for (auto command : kCommands) {
    if (command.size() == 1 &&
        (command[0] == "collect" || command[0] == "query" || command[0] == "retention"))
      continue;
    command.push_back("--help");
    EXPECT_THAT(run(command).output, HasSubstr("\nExamples:\n  optiinfra " + command[0])) << command[0];
  }
}

TEST(Help, NamesTheExitCodesAndTheEnvironment) {
  const auto result = run({"--help"});
  EXPECT_THAT(result.output, HasSubstr("Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some rows refused, 4 "
                                       "verify or\ndoctor found a fault,\n5 "));
  EXPECT_THAT(result.output, HasSubstr("OPTIINFRA_URL"));
}

TEST(Version, IsPrintedWithoutTheEngine) {
  EXPECT_THAT(run({"--version"}).output, StartsWith("optiinfra "));
  EXPECT_EQ(run({"version"}).exit_code, 0);
}

TEST(Help, IsACommandToo) {
  EXPECT_EQ(run({"help"}).output, run({"--help"}).output);
  EXPECT_EQ(run({"help", "query", "cost-hourly"}).output, run({"query", "cost-hourly", "--help"}).output);
  const auto unknown = run({"help", "custmers"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.error_output, HasSubstr("unknown command 'custmers'; did you mean customers?"));
}

TEST(Help, HasNoLineWiderThanTheTerminalButCommandsToType) {
  for (auto command : kCommands) {
    command.push_back("--help");
    std::istringstream lines(run(command).output);
    for (std::string line; std::getline(lines, line);) {
      const bool is_typed =
          line.find("  optiinfra ") == 0 || line.find("      --") == 0 || line.find("  \"") == 0;
      EXPECT_TRUE(line.size() <= 80 || is_typed) << command[0] << ": " << line;
    }
  }
}

struct Wrong {
  std::vector<std::string> arguments;
  std::string named;  ///< What the message must name.
};

TEST(WrongUsage, ExitsWith2AndNamesWhatIsWrong) {
  const std::string id = kSomeUuid;
  const Wrong cases[] = {
      {{}, "subcommand"},
      {{"frob"}, "unknown command 'frob'"},
      {{"query", "frob"}, "unknown command 'frob'"},
      {{"verfy"}, "unknown command 'verfy'; did you mean verify?"},
      {{"cost-hourly"}, "unknown command 'cost-hourly'; did you mean query cost-hourly?"},
      {{"query", "cost-hurly", "--customer", id}, "did you mean cost-hourly"},
      {{"ping", "--qiet"}, "unknown flag '--qiet'; did you mean --quiet?"},
      {{"query", "cost-hourly", "--custmer", id}, "unknown flag '--custmer'; did you mean --customer?"},
      {{"ping", "pong"}, "unexpected word 'pong'"},
      {{"ping", "--frob"}, "--frob"},
      {{"ping", "--output", "xml"}, "--output"},
      {{"query", "cost-hourly", "--customer", "", "--from", "now-1h", "--to", "now"},
       "--customer: is empty; give a UUID or a name"},
      {{"query", "cost-hourly", "--customer", id, "--from", "yesterday", "--to", "now"}, "--from"},
      {{"query", "cost-hourly", "--customer", id, "--from", "now-1h"}, "--from requires --to"},
      {{"query", "cost-hourly", "--customer", id, "--from", "2026-03-02", "--to", "2026-03-01"},
       "--to: 2026-03-01T00:00:00Z is not after"},
      {{"query", "performance-p95", "--customer", id, "--service", id, "--hours", "0"}, "--hours"},
      {{"query", "performance-p95", "--customer", id, "--service", id, "--hours", "2", "--from", "now-1h",
        "--to", "now"},
       "--hours"},
      {{"query", "performance-p95", "--customer", id, "--service", id, "--from", "now", "--to", "now-1h"},
       "--to"},
      {{"query", "quality-trends", "--customer", id, "--service", id, "--from", "now-1h"}, "--to"},
      {{"query", "resource-utilization", "--customer", id}, "--instance is required"},
      {{"query", "cost", "--customer", id, "--from", "now-1d", "--to", "now", "--by", "colour"}, "--by"},
      {{"collect", "host", "--customer", id, "--instance", "x", "--interval", "1"}, "10s"},
      {{"collect", "host", "--customer", id, "--instance", "x", "--interval", "100ms"},
       "a whole number and its unit"},
      {{"collect", "host", "--customer", id, "--instance", "x", "--interval", "10s", "--for", "1s"}, "--for"},
      {{"collect", "host", "--instance", "x"}, "--customer is required"},
      {{"generate", "--days", "0"}, "--days"},
      {{"generate", "--rows", "many"}, "10k"},
      {{"generate", "--rows", "0k"}, "--rows"},
      {{"generate", "--end", "never"}, "--end"},
      {{"import", "cost"}, "files"},
      {{"import", "costs", "x.csv"},
       "there is no family 'costs'; the families are cost, performance, resource, quality, serving; did you "
       "mean 'cost'?"},
      {{"retention", "set", "cost", "raw", "5h"}, "whole days"},
      {{"retention", "set", "cost", "cooked", "5d"}, "'cooked'"},
      {{"retention", "set", "cost"}, "tier is required"},
      {{"bench", "--rounds", "0"}, "--rounds"},
      {{"bench", "--only", "everything"}, "--only"},
      {{"sql"}, "statement is required"},
      {{"sql", "SELECT 1 INTO OUTFILE '/nowhere/x'"}, "--write"},
      {{"ping", "--url", "mysql://secret@host"}, "embedded:/path"},
  };
  for (const Wrong& wrong : cases) {
    const auto result = run(wrong.arguments);
    std::string words;
    for (const std::string& each : wrong.arguments) words += each + " ";
    EXPECT_EQ(result.exit_code, 2) << words;
    EXPECT_THAT(result.error_output, HasSubstr(wrong.named)) << words;
    EXPECT_EQ(result.output, "") << words;
  }
}

TEST(WrongUsage, SaysHowToGetHelp) {
  EXPECT_THAT(run({"query", "cost-hourly"}).error_output,
              HasSubstr("See 'optiinfra query cost-hourly --help'."));
}

TEST(WrongUsage, IsJsonForWhoeverAskedForJson) {
  const auto result = run({"ping", "--frob", "--output", "json"});
  EXPECT_EQ(result.exit_code, 2);
  const auto parsed = nlohmann::json::parse(result.error_output);
  EXPECT_EQ(parsed["error"]["kind"], "wrong_usage");
  EXPECT_THAT(parsed["error"]["message"].get<std::string>(), HasSubstr("--frob"));
}

TEST(Engine, IsNamedWithAWayOutWhenItCannotBeLoaded) {
  const auto result = run({"init"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("./setup"));
}

// To renew the following: build/dev/bin/optiinfra completion bash > cli/completions/optiinfra.bash, and so
// on.
TEST(Completion, IsCommittedAsTheProgramMakesIt) {
  EXPECT_EQ(run({"completion", "bash"}).output, text_of("completions/optiinfra.bash"));
  EXPECT_EQ(run({"completion", "zsh"}).output, text_of("completions/_optiinfra"));
  EXPECT_EQ(run({"completion", "fish"}).output, text_of("completions/optiinfra.fish"));
}

TEST(ManualPage, IsCommittedAsTheProgramMakesIt) {
  EXPECT_EQ(run({"man"}).output, text_of("man/optiinfra.1"));
}

std::string completed(const std::string& words) {
  const std::string script = "source " + std::string(OPTIINFRA_SOURCE_DIR) +
                             "/cli/completions/optiinfra.bash\n"
                             "compopt() { :; }\n"
                             "COMP_WORDS=(" +
                             words +
                             ") COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                             "_optiinfra; echo \"${COMPREPLY[*]}\"";
  return testing::run_program({"bash", "-c", script}).output;
}

TEST(Grafana, RefusesADatabaseThatSqlWouldNotTakeAsAName) {
  const auto refused = run({"grafana", "cost", "--database", "a`b"});
  EXPECT_EQ(refused.exit_code, 2) << refused.output;
  EXPECT_THAT(refused.error_output, HasSubstr("is not a name of letters, digits and _"));
  EXPECT_EQ(run({"grafana", "cots"}).exit_code, 2);
  EXPECT_THAT(run({"grafana", "cost", "--database", "fleet"}).output,
              HasSubstr("FROM fleet.cost_metrics_hourly"));
}

TEST(Completion, OffersWhatCanStandThere) {
  EXPECT_THAT(
      completed("optiinfra ''"),
      HasSubstr(
          "init verify doctor ping import imports copy generate collect tail agent explain-metrics attribute "
          "price "
          "rate budget objective "
          "query report customers services "
          "instances models names backup restore retention forget server grafana token bench sql version "
          "help"));
  EXPECT_EQ(completed("optiinfra query co"), "cost-hourly cost\n");
  EXPECT_EQ(completed("optiinfra --output ''"), "table json csv\n");
  EXPECT_EQ(completed("optiinfra query cost --bucket d"), "day\n");
  EXPECT_THAT(completed("optiinfra retention set ''"), HasSubstr("performance"));
  EXPECT_EQ(completed("optiinfra query cost --customer ''"), "\n");
}

}  // namespace
}  // namespace optiinfra::cli
