#include "commands/server_flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "optiinfra/testing/temporary_folder.hpp"
#include "password_file.hpp"

namespace optiinfra::cli {
namespace fs = std::filesystem;
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Bytes, MayHaveAUnit) {
  EXPECT_EQ(parse_bytes("4G").value(), std::uint64_t{4} << 30);
  EXPECT_EQ(parse_bytes("512M").value(), std::uint64_t{512} << 20);
  EXPECT_EQ(parse_bytes("1500000000").value(), 1'500'000'000u);
  for (const char* wrong : {"", "G", "4g", "-1", "1.5G", "4GB", "99999999999999G"})
    EXPECT_FALSE(parse_bytes(wrong)) << wrong;
}

TEST(Cluster, HasShardsApartByCommasAndReplicasByBars) {
  const auto cluster = parse_cluster("fleet=a:9001|b,[::1]:9003");
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_EQ(cluster->name, "fleet");
  EXPECT_THAT(cluster->shards, ElementsAre(ElementsAre(Endpoint{"a", 9001}, Endpoint{"b", 9000}),
                                           ElementsAre(Endpoint{"::1", 9003})));
}

TEST(Cluster, IsRefusedWhereItNamesNoServers) {
  for (const char* wrong :
       {"", "fleet", "=a:1", "fleet=", "fleet=a:1,", "fleet=a:x", "fleet=a/b", "fleet=u:p@a:1"}) {
    const auto cluster = parse_cluster(wrong);
    ASSERT_FALSE(cluster) << wrong;
    EXPECT_EQ(cluster.error().kind, ErrorKind::kInvalidArgument);
  }
  EXPECT_THAT(parse_cluster("fleet=ada:secret@a:1").error().message, Not(HasSubstr("secret")));
}

TEST(User, IsAnAdminUnlessTheRoleSaysOtherwise) {
  EXPECT_EQ(parse_user("ada")->role, ServedRole::kAdmin);
  EXPECT_EQ(parse_user("ada:admin")->role, ServedRole::kAdmin);
  EXPECT_EQ(parse_user("agent:write")->role, ServedRole::kWrite);
  const auto reader = parse_user("grafana:read");
  EXPECT_EQ(reader->name, "grafana");
  EXPECT_EQ(reader->role, ServedRole::kRead);
  for (const char* wrong : {"ada:", "ada:root", "ada:read:write"}) EXPECT_FALSE(parse_user(wrong)) << wrong;
}

class PasswordFile : public ::testing::Test {
 protected:
  std::string file_with(const std::string& text) {
    const std::string path = (folder / "password").string();
    std::ofstream(path) << text;
    return path;
  }

  const testing::TemporaryFolder folder;
};

TEST_F(PasswordFile, IsItsFirstLine) {
  EXPECT_EQ(read_password_file(file_with("correct horse")).value(), "correct horse");
  EXPECT_EQ(read_password_file(file_with("with & <all> 'kinds'\n")).value(), "with & <all> 'kinds'");
  EXPECT_EQ(read_password_file(file_with("one\r\ntwo\n")).value(), "one");
}

TEST_F(PasswordFile, SaysWhatIsWrongWithItAndNotWhatItHolds) {
  EXPECT_THAT(read_password_file((folder / "absent").string()).error().message, HasSubstr("No such file"));
  EXPECT_THAT(read_password_file(folder.path().string()).error().message, HasSubstr("directory"));
  EXPECT_THAT(read_password_file(file_with("")).error().message, HasSubstr("empty"));
  EXPECT_THAT(read_password_file(file_with("\nsecret")).error().message, HasSubstr("empty"));
  const auto large = read_password_file(file_with(std::string(5000, 'x')));
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message, HasSubstr("4096"));
  EXPECT_THAT(large.error().message, Not(HasSubstr("xxx")));
}

TEST_F(PasswordFile, ThatOthersCanReadIsRemarkedOn) {
  const std::string path = file_with("secret");
  const auto remarks = [&](fs::perms mode) {
    fs::permissions(path, mode);
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(read_password_file(path).value(), "secret");
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(remarks(fs::perms{0644}), HasSubstr("can read the password in " + path));
  EXPECT_EQ(remarks(fs::perms{0600}), "");
  EXPECT_EQ(remarks(fs::perms{0640}), "");
}

}  // namespace
}  // namespace optiinfra::cli
