#include "http/guard.hpp"

#include <gtest/gtest.h>

namespace optiinfra::service {
namespace {

int status_of(const std::vector<NamedText>& headers, bool is_encrypted = false) {
  Request request;
  request.headers = headers;
  request.is_encrypted = is_encrypted;
  const auto refusal = refuse_foreign(request, {"metrics.example"});
  return refusal ? refusal->status : 0;
}

TEST(Guard, LetsPassWhatNamesThisServer) {
  for (const char* const host : {"127.0.0.1", "127.0.0.1:7070", "[::1]:7070", "localhost:1", "LOCALHOST",
                                 "metrics.example:443", "10.1.2.3"})
    EXPECT_EQ(status_of({{"host", host}}), 0) << host;
}

TEST(Guard, RefusesANameThatWasPointedHere) {
  for (const char* const host : {"evil.example", "evil.example:7070", "", ":7070", "localhost.evil.example",
                                 "127.0.0.1.evil.example", "[::1"})
    EXPECT_EQ(status_of({{"host", host}}), 421) << host;
}

TEST(Guard, LetsAFollowedLinkPassWhereItMay) {
  Request request;
  request.headers = {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}};
  EXPECT_FALSE(refuse_foreign(request, {}, true));
  request.headers.emplace_back("origin", "https://evil.example");
  EXPECT_TRUE(refuse_foreign(request, {}, true));
}

TEST(Guard, RefusesPagesOfAnotherOrigin) {
  EXPECT_EQ(status_of({{"host", "localhost:7070"}, {"origin", "http://localhost:7070"}}), 0);
  EXPECT_EQ(status_of({{"host", "localhost:7070"}, {"origin", "http://localhost:7071"}}), 403);
  EXPECT_EQ(status_of({{"host", "localhost:7070"}, {"origin", "https://localhost:7070"}}), 403);
  EXPECT_EQ(status_of({{"host", "localhost:7070"}, {"origin", "https://localhost:7070"}}, true), 0);
  EXPECT_EQ(status_of({{"host", "localhost"}, {"origin", "null"}}), 403);
  EXPECT_EQ(status_of({{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(status_of({{"host", "localhost"}, {"sec-fetch-site", "same-origin"}}), 0);
}

}  // namespace
}  // namespace optiinfra::service
