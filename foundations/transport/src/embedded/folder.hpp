/// The folder of an embedded store: created, recognised, held by one process at a time.
///
/// OPTIINFRA      what this folder is, and the version of its layout
/// lock           held (flock) while a process has the store open; names its holder, and below that
///                the URL where it serves the store
/// unclean        present from open to orderly close: found at open, the process before was killed
/// reserve        bytes that are given up so that a full disk can be freed (room.hpp)
/// *.new          a new file that is about to replace another; after a kill it is ignored
/// engine/        the engine's own files
/// definitions    a copy of the definitions of tables and views: see definitions.hpp
/// set-aside      files and parts that damage has put out of use; never removed
/// engine.xml     the engine's configuration, written at each open
/// server.xml     the same of a server, while one boots; may hold a password
/// users.xml      the users of the server, while it starts
///
/// A store that cannot be written to, because its disk is full or read-only or because this account may not,
/// is opened for reading: then nothing of it changes, and the engine works in a ReadingFolder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "embedded/reading_folder.hpp"
#include "embedded/room.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::embedded {

/// A held store folder. Destroying it releases the folder without recording an orderly close.
class Folder {
 public:
  /// Opens `path`, waiting a moment for a holder that is about to finish. A store that is there and cannot be
  /// written to is opened for reading.
  static Result<Folder> open(const std::filesystem::path& path, IfAbsent if_absent,
                             UseReserve use_reserve = UseReserve::kNo);

  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&&) = delete;
  ~Folder();

  /// Where the engine works: in the store, or in a folder next to it while it only reads.
  std::filesystem::path engine_path() const { return files_path() / "engine"; }
  std::filesystem::path configuration_path() const { return files_path() / "engine.xml"; }
  std::filesystem::path server_configuration_path() const { return files_path() / "server.xml"; }
  std::filesystem::path users_configuration_path() const { return files_path() / "users.xml"; }

  /// The engine's files in the store, wherever the engine works.
  std::filesystem::path stored_path() const { return path_ / "engine"; }

  /// Why the store was opened for reading, as a sentence; empty when it may be written to.
  const std::string& why_only_reading() const noexcept { return why_only_reading_; }
  bool is_only_read() const noexcept { return !why_only_reading_.empty(); }

  /// Whether a store that was opened for reading because its disk was full could be opened for writing now.
  bool has_room_again() const;

  /// Of the store's disk when the folder was opened.
  const Room& room() const noexcept { return room_; }

  /// Whether the process that held the folder before ended without closing it.
  bool was_unclean() const noexcept { return was_unclean_; }

  /// Records, for processes that try to open the folder, that the store is served at `url`, without password.
  void announce(const std::string& url);

  /// Records that the engine has stopped in order. Call after the engine has closed its files.
  void mark_clean();

 private:
  Folder(std::filesystem::path path, int lock, Room room)
      : path_(std::move(path)), lock_(lock), room_(room) {}
  static Result<Folder> open_for_reading(const std::filesystem::path& path, Room room, std::string why);
  Result<void> prepare();
  const std::filesystem::path& files_path() const { return reading_ ? reading_->path() : path_; }

  std::filesystem::path path_;
  int lock_ = -1;  ///< -1 also without a lock: a copy of a store that is only read.
  Room room_;
  std::string why_only_reading_;
  std::optional<ReadingFolder> reading_;
  bool was_unclean_ = false;
};

}  // namespace optiinfra::embedded
