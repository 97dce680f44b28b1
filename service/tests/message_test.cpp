#include "http/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra::service {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Target, IsSplitAndDecoded) {
  Request request;
  ASSERT_TRUE(parse_target("/a%20b/c+d?x=1&y=a%26b+c&z&x=2&&", request));
  EXPECT_EQ(request.path, "/a b/c+d");
  EXPECT_THAT(request.parameters,
              ElementsAre(Pair("x", "1"), Pair("y", "a&b c"), Pair("z", ""), Pair("x", "2")));
}

TEST(Target, ThatIsNotWellFormedIsRefused) {
  for (const char* const target : {"", "a", "http://host/a", "*", "/%", "/%2", "/%zz", "/a?b=%", "/a%00b"}) {
    Request request;
    EXPECT_FALSE(parse_target(target, request)) << target;
  }
}

TEST(Header, IsFoundByItsName) {
  const Request request{
      .method = {}, .path = {}, .parameters = {}, .headers = {{"host", "a"}, {"accept", "b"}}, .body = {}};
  EXPECT_EQ(request.header("accept"), "b");
  EXPECT_EQ(request.header("origin"), "");
}

}  // namespace
}  // namespace optiinfra::service
