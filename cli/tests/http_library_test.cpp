// libcurl is loaded only for stores behind http://: when it is missing or broken, everything else works.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;

/// A home whose programs find `library()` where they look for libcurl.
class HttpLibrary : public ::testing::Test {
 protected:
  std::filesystem::path library() const { return home_ / "libcurl.so.4"; }

  testing::ProgramResult run(const std::vector<std::string>& arguments) const {
    auto options = home_.options();
    options.environment.push_back("LD_LIBRARY_PATH=" + library().parent_path().string());
    return testing::run_program(Home::command(arguments), options);
  }

  void expect_the_package_is_named() const {
    for (const char* url : {"http://127.0.0.1:1/", "https://127.0.0.1:1/"}) {
      const auto result = run({"--url", url, "ping", "--output", "json"});
      EXPECT_EQ(result.exit_code, 1);
      const auto error = nlohmann::json::parse(result.error_output)["error"];
      EXPECT_EQ(error["kind"], "unavailable");
      EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("package libcurl4"));
    }
  }

  void expect_the_rest_works() const {
    EXPECT_EQ(run({"--version"}).exit_code, 0);
    const auto native = run({"--url", "clickhouse://127.0.0.1:1/", "ping"});
    EXPECT_THAT(native.error_output, HasSubstr("127.0.0.1:1"));
  }

 private:
  const Home home_;
};

TEST_F(HttpLibrary, ThatIsDamagedIsNamedWithItsPackageAndAllElseWorks) {
  std::ofstream(library()) << "no library";
  expect_the_package_is_named();
  expect_the_rest_works();
}

TEST_F(HttpLibrary, WithoutAFunctionThatIsNeededIsNamedWithItsPackage) {
  Dl_info other{};
  ASSERT_NE(dladdr(dlsym(RTLD_DEFAULT, "SSL_new"), &other), 0);
  std::filesystem::create_symlink(std::filesystem::canonical(other.dli_fname), library());
  expect_the_package_is_named();
  expect_the_rest_works();
}

TEST_F(HttpLibrary, IsNotLoadedByCommandsThatDoNotNeedIt) {
  auto options = Home().options();
  options.environment.push_back("LD_DEBUG=files");
  const auto version = testing::run_program(Home::command({"--version"}), options);
  EXPECT_THAT(version.error_output, HasSubstr("libssl.so"));
  EXPECT_THAT(version.error_output, ::testing::Not(HasSubstr("libcurl")));
}

}  // namespace
}  // namespace optiinfra::cli
