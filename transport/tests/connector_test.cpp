#include "optiinfra/transport/connector.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace optiinfra {
namespace {

std::string refusal(std::string_view url) {
  const auto connector = make_connector(url, IfAbsent::kFail);
  return connector ? "" : connector.error().message;
}

TEST(EmbeddedUrl, NamesItsFolderInEveryForm) {
  EXPECT_EQ(embedded_folder("embedded:/a/b"), "/a/b");
  EXPECT_EQ(embedded_folder("embedded:/a/b/"), "/a/b");
  EXPECT_EQ(embedded_folder("embedded:///a/b"), "/a/b");
  EXPECT_EQ(embedded_folder("embedded:/a/x/../b"), "/a/b");
  EXPECT_EQ(embedded_folder("embedded:relative/b"), std::filesystem::current_path() / "relative/b");
  EXPECT_EQ(embedded_folder("embedded:/"), "/");
}

TEST(EmbeddedUrl, HasNoFolderForATemporaryStoreOrAnotherKind) {
  EXPECT_TRUE(embedded_folder("embedded:").empty());
  EXPECT_TRUE(embedded_folder("http://host/path").empty());
  EXPECT_TRUE(embedded_folder("").empty());
}

TEST(EmbeddedUrl, IsTheDescriptionOfItsConnector) {
  const auto connector = make_connector("embedded:///a/b/", IfAbsent::kFail);
  ASSERT_TRUE(connector);
  EXPECT_EQ((*connector)->description(), "embedded:/a/b");
}

TEST(EmbeddedUrl, WithAHostIsRefused) {
  EXPECT_NE(refusal("embedded://host/a").find("no host"), std::string::npos);
}

TEST(UnknownUrl, IsRefusedByItsSchemeWithoutRepeatingSecrets) {
  EXPECT_NE(refusal("postgres://user:secret@host/db").find("'postgres:'"), std::string::npos);
  for (const char* url : {"postgres://user:secret@host/db", "user:secret@host", "//user:secret@host",
                          "secret", "@secret:x", "user secret:x", ""}) {
    const std::string message = refusal(url);
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
    EXPECT_NE(message.find("embedded:/path/to/folder"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace optiinfra
