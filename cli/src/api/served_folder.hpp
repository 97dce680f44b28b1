/// Where the API of a server is that holds an embedded store: a file in the store's folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "optiinfra/api/api_store.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra::cli {

/// The file while the object lives: other programs of this account that want the store go through the API.
class ServedFolder {
 public:
  /// `address`: "127.0.0.1:7070". Without the file the server serves all the same.
  ServedFolder(std::filesystem::path store, const std::string& address, bool is_encrypted);
  ~ServedFolder();
  ServedFolder(const ServedFolder&) = delete;
  ServedFolder& operator=(const ServedFolder&) = delete;

 private:
  std::filesystem::path file_;
};

/// The API of the running server that holds the store in this folder. Nothing when no server does, or when
/// the file is not this account's: who can write it could have the token sent to another program.
std::optional<api::ApiUrl> find_served(const std::filesystem::path& store);

}  // namespace optiinfra::cli
