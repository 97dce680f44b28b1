#include "optiinfra/exposition/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace optiinfra::exposition {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A sample that outlives its reader.
struct Kept {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value;
  std::optional<std::int64_t> timestamp_ms;
  MetricType type;
  std::string unit;
  bool has_exemplar;
  std::optional<std::int64_t> start_ms;
};

Result<std::vector<Kept>> read_all(std::string_view text, TextFormat format = TextFormat::kPrometheus,
                                   TextLimits limits = {}) {
  TextReader reader(text, format, limits);
  std::vector<Kept> all;
  while (true) {
    OPTIINFRA_TRY(const TextSample* const sample, reader.next());
    if (sample == nullptr) return all;
    Kept& kept = all.emplace_back(Kept{std::string(sample->name),
                                       {},
                                       sample->value,
                                       sample->timestamp_ms,
                                       sample->type,
                                       std::string(sample->unit),
                                       sample->has_exemplar,
                                       sample->start_timestamp_ms});
    for (const MetricLabel& each : sample->labels) kept.labels.emplace_back(each.name, each.value);
  }
}

Kept only(std::string_view line, TextFormat format = TextFormat::kPrometheus) {
  auto all = read_all(line, format);
  EXPECT_TRUE(all) << (all ? "" : all.error().message) << " in " << line;
  if (!all || all->size() != 1) return {};
  return all->front();
}

std::string refusal(std::string_view text, TextFormat format = TextFormat::kPrometheus,
                    TextLimits limits = {}) {
  const auto all = read_all(text, format, limits);
  return all ? "was read" : all.error().message;
}

TEST(MetricsText, ReadsNamesLabelsValuesAndTimes) {
  const Kept bare = only("up 1");
  EXPECT_EQ(bare.name, "up");
  EXPECT_EQ(bare.value, 1);
  EXPECT_FALSE(bare.timestamp_ms);
  const Kept full = only("a:b_c{x=\"1\",y=\"two words\",}\t-1.5e3 1395066363000\n");
  EXPECT_EQ(full.name, "a:b_c");
  EXPECT_THAT(full.labels, ElementsAre(std::pair("x", "1"), std::pair("y", "two words")));
  EXPECT_EQ(full.value, -1500);
  EXPECT_EQ(full.timestamp_ms, 1395066363000);
  EXPECT_THAT(only("  a { x = \"1\" }  2  -3").timestamp_ms, -3);
  EXPECT_TRUE(only("a{} 1").labels.empty());
}

TEST(MetricsText, ResolvesEscapes) {
  const Kept sample = only(R"(m{path="C:\\DIR\\",text="line\nand \"quote\"",none=""} 1)");
  EXPECT_THAT(sample.labels, ElementsAre(std::pair("path", "C:\\DIR\\"),
                                         std::pair("text", "line\nand \"quote\""), std::pair("none", "")));
}

TEST(MetricsText, ReadsUtf8NamesInsideTheBraces) {
  const Kept quoted = only(R"({"gen_ai.client.usage","gen_ai.system"="x",b="y"} 5)");
  EXPECT_EQ(quoted.name, "gen_ai.client.usage");
  EXPECT_THAT(quoted.labels, ElementsAre(std::pair("gen_ai.system", "x"), std::pair("b", "y")));
  EXPECT_EQ(only("{\"h\xC3\xA9\"} 1").name, "h\xC3\xA9");
  EXPECT_THAT(only(R"(m{"a.b"="1"} 1)").labels, ElementsAre(std::pair("a.b", "1")));
  const auto typed = read_all("# TYPE \"a.b\" counter\n{\"a.b\"} 1\n");
  ASSERT_TRUE(typed);
  EXPECT_EQ(typed->front().type, MetricType::kCounter);
  EXPECT_THAT(refusal(R"(m{"other"} 1)"), HasSubstr("two names"));
  EXPECT_THAT(refusal(R"({a="1"} 1)"), HasSubstr("no name"));
}

TEST(MetricsText, ReadsEveryFormOfANumber) {
  EXPECT_EQ(only("a 9223372036854775807").value, 9223372036854775807.0);
  EXPECT_EQ(only("a +5").value, 5);
  EXPECT_EQ(only("a .5").value, 0.5);
  EXPECT_EQ(only("a 1e400").value, HUGE_VAL);
  EXPECT_EQ(only("a 1e-400").value, 0);
  EXPECT_EQ(only("a +Inf").value, HUGE_VAL);
  EXPECT_EQ(only("a -inf").value, -HUGE_VAL);
  EXPECT_TRUE(std::isnan(only("a NaN").value));
  EXPECT_TRUE(std::isnan(only("a [N/A]").value));
  for (const char* const text : {"0x10", "1_000", "1,5", "", "-", "+NaN", "1 2 3", "--1", "e5", "1e", "- 1"})
    EXPECT_THAT(refusal("a " + std::string(text)), HasSubstr("line 1: ")) << text;
}

TEST(MetricsText, GivesEachSampleTheTypeOfItsMetric) {
  const auto all = read_all(
      "# HELP h Some help with \\n and \"quotes\"\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum "
      "2\nh_count 3\n"
      "hx 1\n# TYPE c counter\nc 4\n# a remark\n# TYPE u untyped\nu 1\n");
  ASSERT_TRUE(all);
  std::vector<MetricType> types;
  for (const Kept& each : *all) types.push_back(each.type);
  EXPECT_THAT(types, ElementsAre(MetricType::kHistogram, MetricType::kHistogram, MetricType::kHistogram,
                                 MetricType::kUnknown, MetricType::kCounter, MetricType::kUnknown));
}

TEST(MetricsText, TakesCarriageReturnsAndAMissingLastLineEnd) {
  const auto all = read_all("# TYPE a gauge\r\na 1\r\n\r\nb 2");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 2u);
  EXPECT_TRUE(read_all(""));
  EXPECT_TRUE(read_all("\n\n"));
}

TEST(MetricsText, NamesTheLineThatIsBroken) {
  EXPECT_THAT(refusal("a 1\nb{x=\"1\" 2\n"), HasSubstr("line 2: "));
  EXPECT_THAT(refusal("a 1\n\nb{x=\"1} 2\n"), HasSubstr("line 3: a text in quotes is not closed"));
  EXPECT_THAT(refusal("a 1\nb \xFF\n"), HasSubstr("line 2: the text is not UTF-8"));
  EXPECT_THAT(refusal("a{x=\"\\t\"} 1"), HasSubstr("are escapes"));
  EXPECT_THAT(refusal("a{x=\"1\",x=\"2\"} 1"), HasSubstr("stands twice"));
  EXPECT_THAT(refusal("a{x='1'} 1"), HasSubstr("in quotes"));
  EXPECT_THAT(refusal("a{1x=\"1\"} 1"), HasSubstr("no name of a label"));
  EXPECT_THAT(refusal("1a 1"), HasSubstr("begin with a metric's name"));
  EXPECT_THAT(refusal("a-b 1"), HasSubstr("may not stand"));
  EXPECT_THAT(refusal("# TYPE a meter"), HasSubstr("no type"));
  EXPECT_THAT(refusal("<html>"), HasSubstr("line 1: "));
  EXPECT_THAT(refusal("a 1 x"), HasSubstr("no timestamp"));
}

TEST(MetricsText, RepeatsItsError) {
  TextReader reader("a x\nb 1\n", TextFormat::kPrometheus);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(MetricsText, KeepsToItsLimits) {
  EXPECT_THAT(refusal("a 1\nb 1\nc 1\n", TextFormat::kPrometheus, {.samples_max = 2}),
              HasSubstr("line 3: there are too many samples, at most 2"));
  EXPECT_THAT(refusal("a{x=\"1\",y=\"2\"} 1\n", TextFormat::kPrometheus, {.labels_max = 1}),
              HasSubstr("too many labels"));
  EXPECT_THAT(refusal("a{xy=\"1\"} 1\n", TextFormat::kPrometheus, {.label_name_bytes_max = 1}),
              HasSubstr("name is too long"));
  EXPECT_THAT(refusal("a{x=\"12\"} 1\n", TextFormat::kPrometheus, {.label_value_bytes_max = 1}),
              HasSubstr("value is too long"));
  EXPECT_THAT(refusal("a" + std::string(kTextLineBytesMax, 'a') + " 1\n"), HasSubstr("line is too long"));
}

constexpr auto kOpen = TextFormat::kOpenMetrics;

TEST(OpenMetricsText, ReadsExemplarsTimesAndUnits) {
  const auto all = read_all(
      "# TYPE foo_seconds counter\n# UNIT foo_seconds seconds\n# HELP foo_seconds Time.\n"
      "foo_seconds_total{a=\"b\"} 17.0 1520879607.789 # {trace_id=\"KOO5S4vxi0o\"} 0.67 1520879607.5\n"
      "foo_seconds_created{a=\"b\"} 1520872607.123\n# EOF\n",
      kOpen);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->at(0).timestamp_ms, 1520879607789);
  EXPECT_TRUE(all->at(0).has_exemplar);
  EXPECT_EQ(all->at(0).type, MetricType::kCounter);
  EXPECT_EQ(all->at(0).unit, "seconds");
  EXPECT_EQ(all->at(1).value, 1520872607.123);
  EXPECT_EQ(only("a_bucket{le=\"1\"} 1 # {} 0.5\n# EOF", kOpen).has_exemplar, true);
}

TEST(OpenMetricsText, EndsWithEof) {
  EXPECT_THAT(refusal("a 1\n", kOpen), HasSubstr("does not end with # EOF"));
  EXPECT_THAT(refusal("a 1\n# EOF\nb 1\n", kOpen), HasSubstr("line 3: there is a line after # EOF"));
  EXPECT_THAT(refusal("a 1\n# EOF\n\n", kOpen), HasSubstr("after # EOF"));
  EXPECT_TRUE(read_all("# EOF", kOpen));
}

TEST(OpenMetricsText, IsStricterThanTheOlderFormat) {
  for (const char* const line :
       {"a  1", " a 1", "a 1 ", "a {x=\"1\"} 1", "", "# remark", "a 1 2 3", "a 1 # {x=\"1\"}",
        "a 1 # {x=\"1\"} 1 2 3", "a 1 #{x=\"1\"} 1", "# TYPE a untypedx"})
    EXPECT_THAT(refusal(std::string(line) + "\n# EOF\n", kOpen), HasSubstr("line 1: ")) << line;
}

TEST(OpenMetricsText, PassesOverWhatVersion2Adds) {
  const Kept started = only("a_total 5 1520879607.789 st@1520430000.123\n# EOF\n", kOpen);
  EXPECT_EQ(started.start_ms, 1520430000123);
  EXPECT_EQ(started.timestamp_ms, 1520879607789);
  EXPECT_TRUE(std::isnan(only("h {count:3,sum:1.5,bucket:[1:1,+Inf:3]}\n# EOF\n", kOpen).value));
}

TEST(MetricsText, IsToldByItsContentType) {
  EXPECT_EQ(text_format_of("application/openmetrics-text; version=1.0.0; charset=utf-8"), kOpen);
  EXPECT_EQ(text_format_of("Application/OpenMetrics-Text"), kOpen);
  EXPECT_EQ(text_format_of("text/plain; version=0.0.4"), TextFormat::kPrometheus);
  EXPECT_EQ(text_format_of(""), TextFormat::kPrometheus);
  EXPECT_EQ(text_format_of("application/json"), TextFormat::kPrometheus);
  EXPECT_EQ(guess_text_format("a 1\n# EOF\n"), kOpen);
  EXPECT_EQ(guess_text_format("a 1\n"), TextFormat::kPrometheus);
}

// Cut anywhere, a line is read or refused, and never a sample with another name or label value.
TEST(MetricsText, ReadsNothingWrongOfEveryPrefix) {
  const std::string line = R"(abc{x="1\"2",y="z"} 123.5 1395066363000)";
  for (std::size_t size = 0; size < line.size(); ++size) {
    const auto all = read_all(std::string_view(line).substr(0, size));
    if (!all || all->empty()) continue;
    EXPECT_EQ(all->front().name, "abc") << size;
    EXPECT_EQ(all->front().labels.size(), 2u) << size;
  }
}

}  // namespace
}  // namespace optiinfra::exposition
