/// A file to be imported: opened once, identified by its content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/uuid.hpp"

namespace optiinfra {

/// Hash (XXH3, 128 bits) of a text.
Uuid hash_of(std::string_view text);

/// Holds the file open, so that what is hashed is what the engine reads, even when the name changes hands.
class SourceFile {
 public:
  /// Errors: kInvalidArgument for a file that is absent, empty or no regular file; kStorage for one that
  /// may not be read.
  static Result<SourceFile> open(const std::filesystem::path& path);

  ~SourceFile();
  SourceFile(SourceFile&& other) noexcept;
  SourceFile& operator=(SourceFile&& other) noexcept;

  /// An empty file without a name, for a copy of this one that is read in its place under its name.
  Result<SourceFile> make_copy() const;

  /// Writes to the end of a copy. Errors: kStorage.
  Result<void> append(std::string_view bytes);

  /// Takes the size that the file has now, for a copy that has been written.
  void take_size();

  /// The same open file again.
  Result<SourceFile> again() const;

  /// Hashes (XXH3, 128 bits) of the file, all made in one pass.
  struct Hashes {
    Uuid identity;                          ///< Of the content followed by `rest`.
    std::map<std::uint64_t, Uuid> content;  ///< Of the first N bytes, for each of `lengths`, and of all.
  };
  Result<Hashes> hashes(std::string_view rest, const std::set<std::uint64_t>& lengths) const;

  /// Fills `into` with the bytes from `offset` on, and returns how many there were.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<unsigned char> into) const;

  /// Errors: kConflict when the file has another size than at its opening; kStorage.
  Result<void> expect_unchanged() const;

  /// A path under which the engine reads exactly this file: free of letters that it would take for a pattern.
  std::string engine_path() const;

  const std::filesystem::path& path() const noexcept { return path_; }
  int descriptor() const noexcept { return descriptor_; }
  std::uint64_t size_bytes() const noexcept { return size_bytes_; }

 private:
  SourceFile(std::filesystem::path path, int descriptor, std::uint64_t size_bytes)
      : path_(std::move(path)), descriptor_(descriptor), size_bytes_(size_bytes) {}

  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t size_bytes_;
};

}  // namespace optiinfra
