/// Files of rows through the HTTP API: no engine reads them here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/api/insert.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::cli {

/// Most bytes of rows that one request sends; a longer row is refused.
inline constexpr std::size_t kPieceBytesMax = api::kApiRequestBytesMax;
/// Refused rows that are described for each file; all are counted.
inline constexpr std::size_t kRefusedDescribedMax = 20;

/// A refused row: its number in the file, from 1, and why.
struct RefusedRowOfFile {
  std::uint64_t row = 0;
  std::string reason;
};

struct ApiFile {
  std::filesystem::path path;
  std::uint64_t rows_stored = 0, rows_already_stored = 0, rows_refused = 0;
  std::vector<RefusedRowOfFile> refused = {};  ///< At most kRefusedDescribedMax.
  std::chrono::duration<double> elapsed{};

  std::uint64_t rows_read() const { return rows_stored + rows_already_stored + rows_refused; }
};

/// Cuts a file into requests: whole rows, at most kPieceBytesMax, with the header of a CSV in front of each.
/// The same file gives the same pieces and keys, so that a repeated import counts once.
class FilePieces {
 public:
  /// Errors: kInvalidArgument for a file that is neither CSV nor JSON lines, kStorage.
  static Result<FilePieces> open(const std::filesystem::path& path, Family family);

  /// The next piece; empty at the end. Errors: kTooLarge for a row that is over kPieceBytesMax, kStorage.
  Result<std::string> next();

  /// The Idempotency-Key of the piece that next() returned. It depends on the family, on all bytes of the
  /// file and on the piece's number: the same rows in a file of other content are other rows, as in every
  /// import.
  Uuid key() const { return Uuid::of_name(content_, std::to_string(number_)); }
  const char* content_type() const noexcept { return is_csv_ ? "text/csv" : "application/x-ndjson"; }
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  FilePieces() = default;
  Result<void> fill();
  std::size_t end_of_rows() const;

  std::filesystem::path path_;
  std::shared_ptr<std::ifstream> file_;
  bool is_csv_ = false, at_end_ = false;
  std::string header_, rest_;
  Uuid content_;              ///< The family and the whole file.
  std::uint64_t number_ = 0;  ///< Of the piece.
  std::uint64_t bytes_read_ = 0;
};

/// Sends the rows of a file. `on_piece` is called after each request and may throw to stop.
Result<ApiFile> import_file(api::ApiStore& store, const std::filesystem::path& path, Family family,
                            const std::function<void(std::uint64_t bytes)>& on_piece);

}  // namespace optiinfra::cli
