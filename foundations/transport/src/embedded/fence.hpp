/// Limits the files and connections that the engine can use while it serves.
#pragma once

#include <filesystem>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// What a fenced thread may still reach, in the file system and by TCP.
struct Fence {
  std::vector<std::filesystem::path> readable = {};  ///< Files, and folders with all below them.
  std::vector<std::filesystem::path> writable = {};  ///< Read as well.
  std::vector<std::filesystem::path> write_only =
      {};                    ///< Folders whose files are made and renamed, not read.
  bool may_connect = false;  ///< To other servers.
};

/// Puts this thread, and every thread that it makes from now on, behind `fence` permanently; other threads
/// of the process go on as before. Nothing can be executed from behind it. What is missing is left out.
///
/// The function file('/path') of the engine's SQL reads any file that the process may read, and no grant
/// forbids it; so the process may read next to nothing.
///
/// Returns false on a kernel without Landlock (before 5.13, or turned off): files have no fence then,
/// connections have.
Result<bool> raise_fence(const Fence& fence);

/// What the engine itself reads: time zones, name resolution, what /proc says of the machine.
std::vector<std::filesystem::path> files_of_the_system();

}  // namespace optiinfra::embedded
