#include "optiinfra/transport/connector.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

TEST(Connector, DescribesTheStoreWithoutOpeningIt) {
  const auto connector = make_connector("embedded:///a/b/", IfAbsent::kFail);
  ASSERT_TRUE(connector);
  EXPECT_EQ((*connector)->description(), "embedded:/a/b");
}

TEST(Connector, DescribesAServerWithoutThePassword) {
  const auto connector = make_connector("https://ada:secret@db/metrics", IfAbsent::kFail);
  ASSERT_TRUE(connector) << connector.error().message;
  EXPECT_EQ((*connector)->description(), "https://ada@db:8443/metrics");
}

TEST(Connector, RefusesCredentialsThatNoHeaderCanHold) {
  const auto connector = make_connector("http://ada:secret%0D%0AX-Evil: 1@db", IfAbsent::kFail);
  ASSERT_FALSE(connector);
  EXPECT_EQ(connector.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(connector.error().message.find("secret"), std::string::npos) << connector.error().message;
}

TEST(Connector, IsNotMadeForAUrlThatIsNotUnderstood) {
  EXPECT_FALSE(make_connector("postgres://host/db", IfAbsent::kFail));
}

}  // namespace
}  // namespace optiinfra
