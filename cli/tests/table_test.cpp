#include "output/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>

#include "output/result_table.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Terminal kPlain{.interactive = false, .unicode = false, .colour = false, .width = 80};

Records two_rows() {
  return {.fields = {{"model", "model"},
                     {"requests", "requests", Look::kCount},
                     {"ms", "mean, ms", Look::kDecimal, 1},
                     {"bytes", "size", Look::kBytes},
                     {"at", "at", Look::kTime}},
          .rows = {{std::string("llama"), std::uint64_t{1'234'567}, 12.34, std::uint64_t{2048},
                    sys_seconds{std::chrono::seconds{86'400}}},
                   {std::string("Zürich"), std::uint64_t{5}, std::numeric_limits<double>::quiet_NaN(),
                    std::monostate{}, sys_seconds{std::chrono::seconds{0}}}}};
}

TEST(Table, AlignsTextLeftAndNumbersRight) {
  EXPECT_EQ(render_table(two_rows(), kPlain),
            "model    requests  mean, ms      size  at\n"
            "------  ---------  --------  --------  -------------------\n"
            "llama   1,234,567      12.3  2.00 KiB  1970-01-02 00:00:00\n"
            "Zürich          5         -         -  1970-01-01 00:00:00\n");
}

TEST(Table, SaysWhenThereAreNoRows) {
  Records records = two_rows();
  records.rows.clear();
  EXPECT_EQ(render_table(records, kPlain), "(none)\n");
}

TEST(Table, DrawsARuleOnlyWhereTheTerminalHasTheLetters) {
  Terminal unicode = kPlain;
  unicode.unicode = true;
  EXPECT_THAT(render_table(two_rows(), unicode), HasSubstr("──"));
  EXPECT_THAT(render_table(two_rows(), kPlain), Not(HasSubstr("─")));
}

TEST(Table, ColoursOnlyWhereThatIsWanted) {
  Terminal colour = kPlain;
  colour.colour = true;
  EXPECT_THAT(render_table(two_rows(), colour), HasSubstr("\x1b["));
  EXPECT_THAT(render_table(two_rows(), kPlain), Not(HasSubstr("\x1b")));
}

TEST(Table, DoesNotLetStoredTextDriveTheTerminal) {
  const Records records{.fields = {{"name", "name"}}, .rows = {{std::string("a\x1b[2Jb\nc")}}};
  EXPECT_THAT(render_table(records, kPlain), HasSubstr("a?[2Jb?c\n"));
}

TEST(Object, ShowsOneValueALine) {
  const Section section = object_section("x", {{"a", "requests", Look::kCount}, {"b", "name"}, {"c", "ok"}},
                                         {std::uint64_t{1000}, std::string("n"), true});
  EXPECT_EQ(render_object(section.records, kPlain),
            "requests  1,000\n"
            "name      n\n"
            "ok        yes\n");
}

TEST(Report, EndsWithTheWindowAndTheTimeTaken) {
  Report report{.command = "query x"};
  report.window = TimeRange{sys_seconds{std::chrono::seconds{0}}, sys_seconds{std::chrono::seconds{3600}}};
  report.elapsed = std::chrono::milliseconds{12};
  report.sections.push_back({.key = "rows", .title = "Rows", .records = two_rows()});
  report.notes.push_back("A note.");
  const std::string text = render_report(report, kPlain);
  EXPECT_TRUE(text.starts_with("Rows\nmodel"));
  EXPECT_TRUE(text.ends_with("\nA note.\nwindow 1970-01-01T00:00:00Z to 1970-01-01T01:00:00Z, 12.0 ms\n"))
      << text;
}

TEST(Table, ThatIsWiderThanAPersonsTerminalHasAValueALine) {
  const Records records{
      .fields = {{"a", "first heading"}, {"b", "second heading"}},
      .rows = {{std::string("one"), std::string("two")}, {std::string("three"), std::string("four")}}};
  const Terminal wide{.interactive = true, .width = 40}, narrow{.interactive = true, .width = 20};
  EXPECT_EQ(render_table(records, narrow),
            "first heading   one\nsecond heading  two\n\nfirst heading   three\nsecond heading  four\n");
  EXPECT_EQ(render_table(records, wide), render_table(records, {.width = 20})) << "no person reads the other";
}

TEST(Table, IsMadeOfTheRowsOfAnSqlAnswer) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Screen screen(ends[1]);
  const auto writer = make_table_writer(screen, Terminal{});
  ASSERT_TRUE(writer->begin({"a", "b"}, {"UInt8", "String"}));
  ASSERT_TRUE(writer->row("[1,\"x,\\\"y\"]"));
  ASSERT_TRUE(writer->row("[null,\"\"]"));
  ASSERT_TRUE(writer->end(1.5));
  ::close(ends[1]);
  std::string text(4096, '\0');
  const auto size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  EXPECT_EQ(text, "a  b\n-  ----\n1  x,\"y\n-  \n1.5 ms\n");
}

}  // namespace
}  // namespace optiinfra::cli
