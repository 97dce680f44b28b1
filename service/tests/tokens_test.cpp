#include "optiinfra/service/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "access.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TokensTest : public ::testing::Test {
 protected:
  std::string create(const std::string& name, Scope scope = Scope::kRead, std::vector<Uuid> customers = {}) {
    auto text = tokens_.create(name, scope, std::move(customers));
    EXPECT_TRUE(text) << text.error().message;
    return text ? *text : "";
  }

  std::string file() const {
    std::stringstream text;
    text << std::ifstream(folder_.path() / "tokens.json").rdbuf();
    return text.str();
  }

  /// The caller, or the status of the refusal as its name.
  Caller caller(const std::string& authorization, bool needs_token = true) {
    Access access(folder_.path(), needs_token);
    Request request;
    if (!authorization.empty()) request.headers.emplace_back("authorization", authorization);
    const auto found = access.identify(request);
    if (const auto* refusal = std::get_if<Response>(&found)) return {.name = std::to_string(refusal->status)};
    return std::get<Caller>(found);
  }

  const testing::TemporaryFolder folder_;
  Tokens tokens_{folder_.path()};
};

TEST_F(TokensTest, AreListedWithoutTheirSecrets) {
  EXPECT_TRUE(tokens_.list()->empty());
  const std::string text = create("ingest", Scope::kWrite, {{1, 2}});
  const auto list = tokens_.list();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ((*list)[0].name, "ingest");
  EXPECT_EQ((*list)[0].scope, Scope::kWrite);
  EXPECT_EQ((*list)[0].customers, std::vector<Uuid>({{1, 2}}));
  EXPECT_THAT(file(), Not(HasSubstr(text.substr(text.rfind('_') + 1))));
  struct ::stat status{};
  ASSERT_EQ(::stat((folder_.path() / "tokens.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(TokensTest, TellWhoAsks) {
  const std::string read = create("dashboard"), admin = create("root", Scope::kAdmin);
  EXPECT_EQ(caller("Bearer " + read).scope, Scope::kRead);
  EXPECT_TRUE(caller("Bearer " + admin).may(Scope::kWrite));
  EXPECT_FALSE(caller("Bearer " + read).may(Scope::kWrite));
  EXPECT_EQ(caller("").name, "401");
  EXPECT_EQ(caller("", false).name, "local");
  EXPECT_EQ(caller(read, false).name, "401") << "no scheme";
  EXPECT_EQ(caller("Bearer ", false).name, "401") << "a wrong token is refused where none is needed, too";
  std::string other = read;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_EQ(caller("Bearer " + other).name, "401");
  EXPECT_EQ(caller("Bearer " + read + "0").name, "401");
}

TEST_F(TokensTest, AreOverWhenTheyAreRevoked) {
  const std::string text = create("a");
  create("b");
  ASSERT_TRUE(tokens_.revoke("a"));
  EXPECT_EQ(caller("Bearer " + text).name, "401");
  EXPECT_EQ(tokens_.list()->size(), 1u);
  EXPECT_FALSE(tokens_.revoke("a"));
}

TEST_F(TokensTest, HaveNamesOfTheirOwn) {
  create("a");
  EXPECT_FALSE(tokens_.create("a", Scope::kRead, {}));
  EXPECT_FALSE(tokens_.create("", Scope::kRead, {}));
}

TEST_F(TokensTest, MadeAtTheSameTimeAreAllThere) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back(
        [&, i] { EXPECT_TRUE(Tokens(folder_.path()).create("t" + std::to_string(i), Scope::kRead, {})); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tokens_.list()->size(), 8u);
}

TEST_F(TokensTest, ThatCannotBeReadLetNobodyIn) {
  const std::string text = create("a");
  std::ofstream(folder_.path() / "tokens.json") << "{\"tokens\": [";
  EXPECT_FALSE(tokens_.list());
  EXPECT_EQ(caller("Bearer " + text).name, "401");
  EXPECT_FALSE(tokens_.create("b", Scope::kRead, {})) << "the list is not replaced";
}

TEST_F(TokensTest, OfAForgottenCustomerAreRevokedAndOthersLoseIt) {
  const Uuid ada{1, 2}, bob{3, 4};
  const std::string own = create("own", Scope::kRead, {ada}),
                    shared = create("shared", Scope::kRead, {ada, bob}), all = create("all");
  EXPECT_EQ(*tokens_.forget(ada), 2u);
  EXPECT_EQ(caller("Bearer " + own).name, "401");
  EXPECT_EQ(caller("Bearer " + shared).customers, std::vector<Uuid>({bob}));
  EXPECT_TRUE(caller("Bearer " + all).sees_all());
  EXPECT_THAT(file(), Not(HasSubstr(ada.to_string())));
  EXPECT_EQ(*tokens_.forget(ada), 0u);
}

TEST_F(TokensTest, AreNotMadeToForgetACustomer) {
  EXPECT_EQ(*tokens_.forget({1, 2}), 0u);
  EXPECT_EQ(file(), "");
}

}  // namespace
}  // namespace optiinfra::service
