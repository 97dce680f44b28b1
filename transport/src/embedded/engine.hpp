/// The engine of this process: booted by the first session, stopped with the last.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "embedded/library.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::embedded {

/// One connection to the running engine. Closing the last one stops the engine in order.
class Connection {
 public:
  /// Boots the engine on `folder` (empty: a temporary folder) unless it runs already.
  /// Errors: kUnavailable when it runs on another folder, and those of Folder::open.
  static Result<Connection> open(const std::filesystem::path& folder, IfAbsent if_absent);

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  const Library& library() const noexcept { return *library_; }
  chdb_connection handle() const noexcept { return *connection_; }

 private:
  Connection(const Library* library, chdb_connection* connection)
      : library_(library), connection_(connection) {}

  const Library* library_;
  chdb_connection* connection_;
};

}  // namespace optiinfra::embedded
