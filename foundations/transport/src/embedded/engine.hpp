/// The engine of this process: the first session starts it, and it stops with the last.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "embedded/folder.hpp"
#include "embedded/library.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::embedded {

/// One connection to the running engine. Closing the last one stops the engine in order.
class Connection {
 public:
  /// Boots the engine on `folder` (empty: a temporary folder) unless it runs already.
  /// Errors: kUnavailable when it runs on another folder, and those of Folder::open.
  static Result<Connection> open(const std::filesystem::path& folder, IfAbsent if_absent,
                                 UseReserve use_reserve);

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  const Library& library() const noexcept { return *library_; }
  chdb_connection handle() const noexcept { return *connection_; }

  /// Errors: kStorage, which says why, when the store was opened for reading.
  Result<void> expect_writable() const;

  /// Syncs data of returned inserts that the engine left unsynced: see LogSync.
  Result<void> sync_inserts() const;

  /// Brings the copy of the definitions up to date: see keep_definitions_copy().
  Result<void> keep_definitions() const;

 private:
  Connection(const Library* library, chdb_connection* connection, std::string why_only_reading)
      : library_(library), connection_(connection), why_only_reading_(std::move(why_only_reading)) {}

  const Library* library_;
  chdb_connection* connection_;
  std::string why_only_reading_;  ///< Of the folder.
};

/// The engine of this process and a folder, for one user that boots the engine itself. It can boot once
/// in that way, so from here on no Connection opens.
class ExclusiveEngine {
 public:
  /// Errors: kUnavailable when the engine was taken before or a Connection is open, and those of
  /// Folder::open.
  static Result<ExclusiveEngine> take(const std::filesystem::path& folder, IfAbsent if_absent);

  const Library& library() const noexcept { return *library_; }
  Folder& folder() noexcept { return folder_; }

 private:
  ExclusiveEngine(const Library& library, Folder folder) : library_(&library), folder_(std::move(folder)) {}

  const Library* library_;
  Folder folder_;
};

}  // namespace optiinfra::embedded
