// What each type of column takes, and in which words it refuses the rest.
#include "value.hpp"

#include <gtest/gtest.h>

#include <string>

namespace optiinfra::rows {
namespace {

using Kind = Token::Kind;

Token text(std::string_view text) { return {Kind::kText, text}; }
Token number(std::string_view text) { return {Kind::kNumber, text}; }

/// The value as text, or "must be ...".
template <typename Value>
std::string read(const Token& token, Rule rule) {
  Value value{};
  const Refusal refusal = read_value(token, rule, value);
  if (refusal != nullptr) return std::string("must be ") + refusal;
  if constexpr (std::is_same_v<Value, Uuid>) {
    return value.to_string();
  } else if constexpr (std::is_same_v<Value, sys_seconds>) {
    return format_time(value);
  } else if constexpr (std::is_same_v<Value, std::string_view>) {
    return std::string(value);
  } else {
    return std::to_string(value);
  }
}

std::string read_time(const Token& token) { return read<sys_seconds>(token, Rule::kTime); }

TEST(TimeValue, TakesTheFormsThatNameAnInstant) {
  for (const char* same :
       {"2026-03-01T12:30:05Z", "2026-03-01T12:30:05", "2026-03-01 12:30:05", "2026-03-01 12:30:05Z",
        "2026-03-01T14:30:05+02:00", "2026-03-01T07:00:05-05:30", "2026-03-01T12:30:05.999999999Z",
        "2026-03-01 12:30:05.5", "2026-03-01T12:30:05.25+00:00", "1772368205"})
    EXPECT_EQ(read_time(text(same)), "2026-03-01T12:30:05Z") << same;
  EXPECT_EQ(read_time(text("2026-03-01T12:30Z")), "2026-03-01T12:30:00Z");
  for (const char* same : {"1772368205", "1772368205.999", "1.772368205e9"})
    EXPECT_EQ(read_time(number(same)), "2026-03-01T12:30:05Z") << same;
}

TEST(TimeValue, RefusesTheExponentOfASpreadsheet) {
  EXPECT_EQ(read_time(text("1.77237E+09")),
            "must be a time: RFC 3339 text, or Unix seconds without an exponent");
  for (const char* same : {"1772368205.5", "1772368205.9999999", "1772368205.999999999999"})
    EXPECT_EQ(read_time(text(same)), "2026-03-01T12:30:05Z") << same;
}

TEST(TimeValue, DoesNotGuessTheUnitOfANumber) {
  for (const char* milliseconds : {"1772368205000", "1772368205000000000", "-1772368205000", "1e400"})
    EXPECT_EQ(read_time(number(milliseconds)),
              "must be Unix seconds or RFC 3339 text; this looks like milliseconds or a smaller unit");
}

TEST(TimeValue, RefusesWhatIsNoInstantOrAnotherOneLater) {
  for (const char* bad :
       {"", "now", "now-24h", "2026-03-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:30:61Z", "2026-03-01T12:30:05X",
        "2026-03-01T12:30:05+99:00", "2026-03-01x12:30:05Z", "20-6-03-01T12:30:05",
        "2026-03-01T12:30:0:", "0001772368205000000", "yesterday at noon"})
    EXPECT_EQ(read_time(text(bad)),
              "must be a time: RFC 3339 text such as 2026-03-01T12:30:05Z, or Unix seconds")
        << bad;
  EXPECT_NE(read_time({Kind::kTrue, {}}).find("must be a time"), std::string::npos);
  EXPECT_NE(read_time({Kind::kNested, {}}).find("must be a time"), std::string::npos);
}

TEST(TimeValue, AgreesWithTheSlowParserOnEverySecondOfADayAndEveryDay) {
  for (std::int64_t time = 951'782'400 - 86'400; time < 4'294'967'295; time += 86'399) {
    const sys_seconds expected{std::chrono::seconds{time}};
    sys_seconds value{};
    ASSERT_EQ(read_value(text(format_time(expected)), Rule::kTime, value), nullptr) << time;
    ASSERT_EQ(value, expected);
  }
}

TEST(UuidValue, TakesTheHyphenatedForm) {
  constexpr const char* kId = "550e8400-e29b-41d4-a716-446655440000";
  EXPECT_EQ(read<Uuid>(text(kId), Rule::kAny), kId);
  EXPECT_EQ(read<Uuid>(text("550E8400-E29B-41D4-A716-446655440000"), Rule::kAny), kId);
  for (const Token& bad :
       {text(""), text("550e8400e29b41d4a716446655440000"), number("5"), Token{Kind::kNested, {}}})
    EXPECT_EQ(read<Uuid>(bad, Rule::kAny),
              "must be a UUID such as 550e8400-e29b-41d4-a716-446655440000, or a name");
}

TEST(WholeValue, TakesNumbersInItsRangeAlsoAsText) {
  EXPECT_EQ(read<std::uint32_t>(number("4294967295"), Rule::kAny), "4294967295");
  EXPECT_EQ(read<std::uint32_t>(text("4294967295"), Rule::kAny), "4294967295");
  EXPECT_EQ(read<std::uint32_t>(number("12.0"), Rule::kAny), "12");
  EXPECT_EQ(read<std::uint8_t>(number("255"), Rule::kAny), "255");
  for (const Token& bad :
       {number("4294967296"), number("-1"), number("1.5"), text("1.5"), text(""), text(" 1"), text("+1"),
        text("0x10"), text("01"), text("NaN"), Token{Kind::kTrue, {}}, Token{Kind::kNested, {}}})
    EXPECT_EQ(read<std::uint32_t>(bad, Rule::kAny), "must be a whole number, 0 to 4294967295") << bad.text;
  EXPECT_EQ(read<std::uint8_t>(number("256"), Rule::kAny), "must be a whole number, 0 to 255");
  EXPECT_EQ(read<std::uint8_t>({Kind::kTrue, {}}, Rule::kAny), "must be a whole number, 0 to 255");
}

TEST(FlagValue, TakesTrueFalseZeroAndOne) {
  for (const Token& on : {Token{Kind::kTrue, {}}, number("1"), text("1"), text("true"), number("1.0")})
    EXPECT_EQ(read<std::uint8_t>(on, Rule::kFlag), "1");
  for (const Token& off : {Token{Kind::kFalse, {}}, number("0"), text("0"), text("false")})
    EXPECT_EQ(read<std::uint8_t>(off, Rule::kFlag), "0");
  for (const Token& bad : {number("2"), text("yes"), text("True"), text(""), number("0.5"), number("-1")})
    EXPECT_EQ(read<std::uint8_t>(bad, Rule::kFlag), "must be true, false, 0 or 1") << bad.text;
}

TEST(FloatValue, TakesNumbersAlsoAsExactText) {
  EXPECT_EQ(read<double>(text("12.5"), Rule::kAmount), "12.500000");
  EXPECT_EQ(read<double>(number("-1.25e1"), Rule::kAmount), "-12.500000");
  EXPECT_EQ(read<float>(number("12.5"), Rule::kPercent), "12.500000");
  for (const Token& bad : {text("NaN"), text("inf"), text("Infinity"), text("nan"), text("1,5"), text("1.5 "),
                           text("$1"), text(""), text("1e"), text("0x1p3"), text(".5"), text("5."),
                           Token{Kind::kTrue, {}}, Token{Kind::kNested, {}}})
    EXPECT_EQ(read<double>(bad, Rule::kAmount), "must be a number") << bad.text;
  EXPECT_EQ(read<float>(number("1e39"), Rule::kPercent),
            "must be a number of at most 3.4e38, which is what 32 bits hold");
  EXPECT_EQ(read<double>(number("1e309"), Rule::kAmount),
            "must be a number of at most 1.8e308, which is what 64 bits hold");
}

TEST(TextValue, TakesTextInUtf8Alone) {
  EXPECT_EQ(read<std::string_view>(text("caf\xC3\xA9"), Rule::kLabel), "caf\xC3\xA9");
  EXPECT_EQ(read<std::string_view>(text("caf\xE9"), Rule::kLabel), "must be text in UTF-8");
  for (const Token& bad : {number("5"), Token{Kind::kTrue, {}}, Token{Kind::kNested, {}}})
    EXPECT_EQ(read<std::string_view>(bad, Rule::kLabel), "must be text");
}

TEST(ShownText, IsShortPrintableUtf8) {
  EXPECT_EQ(shown_text("caf\xC3\xA9\n\x7F"), "caf\xC3\xA9??");
  EXPECT_EQ(shown_text("caf\xE9"), "caf?");
  std::string long_text(79, 'a');
  for (int i = 0; i < 9; ++i) long_text += "\xE2\x82\xAC";
  EXPECT_EQ(shown_text(long_text), std::string(79, 'a') + "...");
  EXPECT_EQ(shown_text(std::string(1000, '\xBF')).size(), 76u + 3);
}

}  // namespace
}  // namespace optiinfra::rows
