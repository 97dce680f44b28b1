#include "optiinfra/schema/histogram.hpp"

#include <gtest/gtest.h>

#include "optiinfra/schema/column.hpp"

namespace optiinfra {
namespace {

TEST(Histogram, IsWrittenFromTheBoundBelowItsFirstCountToItsLast) {
  EXPECT_EQ(histogram_text({}), "");
  EXPECT_EQ(histogram_text({{1000, 0}, {5000, 0}}), R"({"1000":0})");
  EXPECT_EQ(histogram_text({{1000, 4}, {5000, 0}, {9000, 0}}), R"({"1000":4})");
  EXPECT_EQ(histogram_text({{1000, 0}, {5000, 0}, {9000, 2}, {20000, 0}, {kUnboundedUs, 1}}),
            R"({"5000":0,"9000":2,"20000":0,"+Inf":1})");
}

TEST(Histogram, IsReadAsItWasWritten) {
  const Histogram histogram{{5000, 0}, {9000, 2}, {kBoundUsMax, kBucketCountMax}, {kUnboundedUs, 1}};
  EXPECT_EQ(parse_histogram(histogram_text(histogram)), histogram);
}

TEST(Histogram, RefusesWhatIsNone) {
  for (const char* text : {"", "{}", "{", "3", R"({"5":3)", R"({"5":3,})", R"({"5":3}x)", R"({"5": 3})",
                           R"({5:3})", R"({"a":3})", R"({"5":-3})", R"({"5":3.5})", R"({"5":3,"5":4})",
                           R"({"9":3,"5":4})", R"({"+Inf":3,"5":4})", R"({"10000000000000000":3})",
                           R"({"5":1000000000000000000})", R"({"99999999999999999999999":3})"})
    EXPECT_EQ(parse_histogram(text), std::nullopt) << text;
}

TEST(Histogram, OfTheMostBucketsFitsIntoAColumn) {
  Histogram histogram;
  for (std::size_t i = kHistogramBucketsMax - 1; i > 0; --i)
    histogram.push_back({kBoundUsMax - i, kBucketCountMax});
  histogram.push_back({kUnboundedUs, kBucketCountMax});
  const std::string text = histogram_text(histogram);
  EXPECT_LE(text.size(), kTextBytesMax);
  EXPECT_EQ(parse_histogram(text), histogram);
  EXPECT_EQ(parse_histogram(R"({"1":0,)" + text.substr(1)), std::nullopt);
}

}  // namespace
}  // namespace optiinfra
