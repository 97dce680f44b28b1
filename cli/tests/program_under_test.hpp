/// The program itself, run as a user would, away from the user's own store.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::cli {

/// A home of its own. The default store lies in store_folder().
class Home {
 public:
  std::filesystem::path store_folder() const { return folder_ / "data/optiinfra/store"; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return folder_ / name; }

  static std::vector<std::string> command(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{OPTIINFRA_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }

  /// Of a run in this home, with `more` set in addition: "NAME=value".
  testing::ProgramOptions options(const std::string& more = "OPTIINFRA_URL=",
                                  const std::string& locale = "LC_ALL=C.UTF-8") const {
    return {.environment = {"HOME=" + folder_.path().string(), "XDG_DATA_HOME=" + (folder_ / "data").string(),
                            "COLUMNS=80", locale, more}};
  }

  /// Runs `optiinfra` with `arguments` to its end.
  testing::ProgramResult run(const std::vector<std::string>& arguments) const {
    return testing::run_program(command(arguments), options());
  }

  /// The same with --output json. A parse failure gives a discarded value.
  nlohmann::ordered_json json(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--output", "json"});
    const auto result = run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    return nlohmann::ordered_json::parse(result.output, nullptr, false);
  }

  /// Whether the store was let go of in order, as foundations/transport/src/embedded/folder.hpp describes.
  bool store_is_clean() const { return !std::filesystem::exists(store_folder() / "unclean"); }

 private:
  testing::TemporaryFolder folder_;
};

inline constexpr const char* kSomeUuid = "550e8400-e29b-41d4-a716-446655440000";

}  // namespace optiinfra::cli
