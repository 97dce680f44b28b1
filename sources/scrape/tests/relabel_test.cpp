#include "relabel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra::scrape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RelabelRule rule(RelabelAction action, std::vector<std::string> source, const char* regex,
                 const char* target = "", const char* replacement = "$1") {
  return {action, std::move(source), ";", target, replacement, *compile_regex(regex)};
}

EditedLabels labels(std::initializer_list<exposition::MetricLabel> list) { return {list, {}}; }

std::string replaced(const char* value, const char* regex, const char* replacement) {
  EditedLabels edited = labels({{"a", value}});
  relabel({rule(RelabelAction::kReplace, {"a"}, regex, "b", replacement)}, edited);
  return std::string(edited.get("b"));
}

TEST(Relabel, ReplacesWhatMatchesAsAWhole) {
  EXPECT_EQ(replaced("10.0.0.1:9400", "(.*):\\d+", "$1"), "10.0.0.1");
  EXPECT_EQ(replaced("x10.0.0.1", "10.*", "y"), "");
  EXPECT_EQ(replaced("a\nb", "(.*)", "$1"), "a\nb");
  EXPECT_EQ(replaced("ab", "(a)(b)", "${2}_${1}"), "b_a");
  EXPECT_EQ(replaced("ab", "(?P<first>a)(b)", "$first-$2"), "a-b");
  EXPECT_EQ(replaced("ab", "(a)b", "$1x"), "") << "the group is called 1x, as in Go";
  EXPECT_EQ(replaced("ab", "(a)b", "$$1"), "$1");
  EXPECT_EQ(replaced("ab", "(a)b", "100$"), "100$");
  EXPECT_EQ(replaced("ab", "(a)b", "$9"), "");
}

TEST(Relabel, JoinsSourcesAndErasesALabelThatBecomesEmpty) {
  EditedLabels edited = labels({{"a", "1"}, {"c", "3"}, {"gone", "x"}});
  EXPECT_TRUE(relabel({rule(RelabelAction::kReplace, {"a", "b", "c"}, "(.*)", "joined"),
                       rule(RelabelAction::kReplace, {}, "(.*)", "gone", "")},
                      edited));
  EXPECT_EQ(edited.get("joined"), "1;;3");
  EXPECT_EQ(edited.labels.size(), 3u);
}

TEST(Relabel, KeepsAndDrops) {
  EditedLabels edited = labels({{"job", "vllm"}, {"other", "vllm"}});
  EXPECT_TRUE(relabel({rule(RelabelAction::kKeep, {"job"}, "vllm|sglang")}, edited));
  EXPECT_FALSE(relabel({rule(RelabelAction::kKeep, {"job"}, "vl")}, edited));
  EXPECT_FALSE(relabel({rule(RelabelAction::kDrop, {"job"}, "v.*")}, edited));
  EXPECT_TRUE(relabel({rule(RelabelAction::kDrop, {"missing"}, ".+")}, edited));
  EXPECT_TRUE(relabel({rule(RelabelAction::kKeepEqual, {"job"}, "(.*)", "other")}, edited));
  EXPECT_FALSE(relabel({rule(RelabelAction::kDropEqual, {"job"}, "(.*)", "other")}, edited));
}

TEST(Relabel, MapsNamesOfLabels) {
  EditedLabels edited = labels({{"__meta_kubernetes_pod_label_customer", "acme"}, {"x", "1"}});
  EXPECT_TRUE(relabel({rule(RelabelAction::kLabelMap, {}, "__meta_kubernetes_pod_label_(.+)")}, edited));
  EXPECT_EQ(edited.get("customer"), "acme");
  EXPECT_TRUE(relabel({rule(RelabelAction::kLabelDrop, {}, "__.*")}, edited));
  EXPECT_EQ(edited.labels.size(), 2u);
  EXPECT_TRUE(relabel({rule(RelabelAction::kLabelKeep, {}, "x")}, edited));
  EXPECT_EQ(edited.labels.size(), 1u);
}

TEST(Relabel, ChangesTheCase) {
  EditedLabels edited = labels({{"a", "GPU-Ab"}});
  EXPECT_TRUE(relabel({rule(RelabelAction::kLowercase, {"a"}, "(.*)", "l"),
                       rule(RelabelAction::kUppercase, {"a"}, "(.*)", "u")},
                      edited));
  EXPECT_EQ(edited.get("l"), "gpu-ab");
  EXPECT_EQ(edited.get("u"), "GPU-AB");
}

TEST(Relabel, SaysWhatIsWrongWithAnExpression) {
  EXPECT_THAT(compile_regex("(").error().message, HasSubstr("'(' is wrong"));
  EXPECT_FALSE(compile_regex("(?=x)"));
}

}  // namespace
}  // namespace optiinfra::scrape
