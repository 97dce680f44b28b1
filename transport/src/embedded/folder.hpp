/// The folder of an embedded store: created, recognised, held by one process at a time.
///
/// OPTIINFRA      what this folder is, and the version of its layout
/// lock           held (flock) while a process has the store open; names its holder, and below that
///                the URL where it serves the store
/// unclean        present from open to orderly close: found at open, the process before was killed
/// *.new          a file about to be replaced; left behind by a kill, it means nothing
/// engine/        the engine's own files
/// definitions    a copy of the definitions of tables and views: see definitions.hpp
/// set-aside      files and parts that damage has put out of use; never removed
/// engine.xml     the engine's configuration, written at each open
/// server.xml     the same of a server, while one boots; may hold a password
/// users.xml      who may log in to the server, while one boots
#pragma once

#include <filesystem>
#include <string>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::embedded {

/// A held store folder. Destroying it lets go without claiming an orderly close.
class Folder {
 public:
  /// Opens `path`, waiting a moment for a holder that is about to finish.
  static Result<Folder> open(const std::filesystem::path& path, IfAbsent if_absent);

  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&&) = delete;
  ~Folder();

  std::filesystem::path engine_path() const { return path_ / "engine"; }
  std::filesystem::path configuration_path() const { return path_ / "engine.xml"; }
  std::filesystem::path server_configuration_path() const { return path_ / "server.xml"; }
  std::filesystem::path users_configuration_path() const { return path_ / "users.xml"; }

  /// Whether the process that held the folder before ended without closing it.
  bool was_unclean() const noexcept { return was_unclean_; }

  /// Tells those who want the folder that it can be had at `url`, without password.
  void announce(const std::string& url);

  /// Records that the engine has stopped in order. Call after the engine has closed its files.
  void mark_clean();

 private:
  Folder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  Result<void> prepare();

  std::filesystem::path path_;
  int lock_ = -1;
  bool was_unclean_ = false;
};

}  // namespace optiinfra::embedded
