/// @file optiinfra/testing/temporary_folder.hpp
/// A folder for one test.
#pragma once

#include <filesystem>

namespace optiinfra::testing {

/// An empty folder below the system's temporary folder (TMPDIR), removed with all it holds when the
/// object is destroyed. Ends the process when it cannot be made: no test can go on without it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  /// The same below another folder.
  explicit TemporaryFolder(const std::filesystem::path& below);
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const noexcept { return path_; }

  /// The path of `name` below the folder.
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A folder whose files live in memory, for tests that create and remove very many files; the system's
/// temporary folder when there is no such place with a few gigabytes of room.
std::filesystem::path memory_folder();

}  // namespace optiinfra::testing
