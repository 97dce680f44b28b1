#include "optiinfra/transport/connector.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

TEST(Connector, DescribesTheStoreWithoutOpeningIt) {
  const auto connector = make_connector("embedded:///a/b/", IfAbsent::kFail);
  ASSERT_TRUE(connector);
  EXPECT_EQ((*connector)->description(), "embedded:/a/b");
}

TEST(Connector, IsNotMadeForAUrlThatIsNotUnderstood) {
  EXPECT_FALSE(make_connector("postgres://host/db", IfAbsent::kFail));
}

}  // namespace
}  // namespace optiinfra
