// What is JSON and what is not, as another parser has it.
#include <nlohmann/json.hpp>
#include <random>

#include "decoding.hpp"

namespace optiinfra::rows {
namespace {

/// Whether a body is JSON that may hold rows: rows themselves may be rejected.
bool is_taken(const std::string& body) {
  return decode_rows<PerformanceMetric>(body, RowFormat::kJson).has_value();
}

bool is_taken_by_another(const std::string& body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string::npos && (body[first] == '[' || body[first] == '{') &&
         nlohmann::json::accept(body);
}

TEST(JsonSyntax, IsJudgedAsAnotherParserDoes) {
  for (const char* body : {"[]",
                           "{}",
                           "[{}]",
                           "[{},{}]",
                           "[1]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "[01]",
                           "[-]",
                           "[-0]",
                           "[1.]",
                           "[.5]",
                           "[1e]",
                           "[1e+]",
                           "[1E+2]",
                           "[1e5.5]",
                           "[+1]",
                           "[0x1]",
                           "[tru]",
                           "[true]",
                           "[nul]",
                           "[null]",
                           "[falsey]",
                           "[\"\\x\"]",
                           "[\"\\u12\"]",
                           "[\"\\u12G4\"]",
                           "[\"\\ud800\"]",
                           "[\"\\ud800\\udc00\"]",
                           "[\"\\ud800\\ud800\"]",
                           "[\"\\\"]",
                           "[\"\t\"]",
                           "['a']",
                           "[\"a\":1]",
                           "{1:2}",
                           "[}",
                           "{]",
                           "[[]",
                           "[]]",
                           "[{\"a\":[}]}]",
                           "[{\"a\":{\"b\":]}}]",
                           "[{\"a\":[1}}]",
                           "[]x",
                           "[] []",
                           "[\f]",
                           "[/**/]",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":1,\"a\":2}",
                           "[\"\x7f\"]",
                           "\f[]"})
    EXPECT_EQ(is_taken(body), is_taken_by_another(body)) << body;
}

TEST(JsonSyntax, IsJudgedAsAnotherParserDoesWhenBytesChange) {
  const std::string good =
      "[" + performance_row(R"(,"colour":[{"a":[1,-2.5e-3,{}],"b":"\u00e9\n"},true,null,[]],"queue_ms":1)") +
      ",{\"x\":{\"y\":{}}},[[1],[]],false]";
  ASSERT_TRUE(is_taken(good));
  constexpr std::string_view kBytes = "{}[]:,\"\\0123456789.eE+-tfnu \n\x01/xa";
  std::mt19937_64 random(20'260'301);
  std::size_t taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string body = good;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % body.size();
      const char byte = kBytes[random() % kBytes.size()];
      if (random() % 3 == 0) {
        body.erase(at, 1);
      } else if (random() % 2 == 0) {
        body.insert(at, 1, byte);
      } else {
        body[at] = byte;
      }
    }
    const bool expected = is_taken_by_another(body);
    taken += expected ? 1 : 0;
    ASSERT_EQ(is_taken(body), expected) << body;
  }
  EXPECT_GT(taken, 1'000u);
}

TEST(JsonSyntax, RefusesEveryProperPrefix) {
  const std::string good = "[" + performance_row(R"(,"colour":[{"a":[1,{}]}],"model_name":"\u00e9\n")") + "]";
  for (std::size_t length = 0; length < good.size(); ++length) {
    // At the exact end of the memory, so that sanitizers see a read past it.
    const std::vector<char> prefix(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
    ASSERT_FALSE(decode_rows<PerformanceMetric>({prefix.data(), prefix.size()}, RowFormat::kJson)) << length;
  }
}

}  // namespace
}  // namespace optiinfra::rows
