/// A file to be imported: opened once, identified by its content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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

  /// Reads a pipe to its end, to a temporary file that no other process sees. It is called `name` and has at
  /// most `bytes_max` bytes. `on_wait` is called several times a second. Errors: those of open(); kTooLarge.
  static Result<SourceFile> read_pipe(int pipe, const std::filesystem::path& name, std::uint64_t bytes_max,
                                      const std::function<void()>& on_wait);

  ~SourceFile();
  SourceFile(SourceFile&& other) noexcept;
  SourceFile& operator=(SourceFile&& other) noexcept;

  /// An empty file without a name, for a copy of this one that is read in its place under its name.
  Result<SourceFile> make_copy() const;

  /// Writes to the end of a copy. Errors: kStorage.
  Result<void> append(std::string_view bytes);

  /// Takes the size that the file has now, for a copy that has been written.
  void take_size();

  /// The same open file again. Of one that was let go: kConflict when another file has its name now, or it
  /// was written to.
  Result<SourceFile> again() const;

  /// Closes the file, so that thousands of them can wait to be read; only again() may be called then.
  void let_go();
  bool is_let_go() const noexcept { return descriptor_ < 0; }

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
  /// What tells a file from others, and from itself after somebody wrote to it.
  struct Mark {
    std::uint64_t device = 0, inode = 0;
    std::int64_t written_s = 0, written_ns = 0;
    bool operator==(const Mark&) const = default;
  };

  SourceFile(std::filesystem::path path, int descriptor, std::uint64_t size_bytes)
      : path_(std::move(path)), descriptor_(descriptor), size_bytes_(size_bytes) {}
  static Result<SourceFile> make_temporary(std::filesystem::path path);

  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t size_bytes_;
  Mark mark_;  ///< Of a file that open() found.
};

}  // namespace optiinfra
