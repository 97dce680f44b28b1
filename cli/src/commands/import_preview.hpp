/// What an import would store, found by importing into a store of its own that is thrown away.
#pragma once

#include <filesystem>

#include "optiinfra/client/client.hpp"
#include "optiinfra/import/import.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {

/// Rows, and refused rows, that a preview shows.
inline constexpr std::size_t kPreviewRows = 10;

/// An empty temporary store, and a folder for the rows that it refuses. Both go with the object.
/// Threads: one at a time. The process can have no other embedded store open meanwhile.
class ImportPreview {
 public:
  /// Errors: those of Client::open; kStorage.
  static Result<ImportPreview> open();
  ImportPreview(ImportPreview&& other) noexcept;
  ImportPreview& operator=(ImportPreview&&) = delete;
  ~ImportPreview();

  Client& client() { return client_; }
  const std::filesystem::path& rejected_folder() const { return rejected_folder_; }

  /// Adds the first rows as they were stored, column by column, and why the first refused rows were refused.
  Result<void> describe(Family family, const ImportReport& imported, Report& report);

 private:
  ImportPreview(Client client, std::filesystem::path rejected_folder);

  Client client_;
  std::filesystem::path rejected_folder_;
};

}  // namespace optiinfra::cli
