/// An insert whose bytes are pushed piece by piece.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "embedded/engine.hpp"
#include "embedded/engine_result.hpp"

namespace optiinfra::embedded {

/// An insert in Native format; the connection must live longer. Unless finished it is abandoned: then
/// nothing of it is stored, as long as it fits in one block of the engine.
class InsertStream {
 public:
  /// `sql` is the INSERT up to its FORMAT.
  /// Errors: the engine's refusals; nothing is stored then.
  static Result<InsertStream> open(const Connection& connection, const std::string& sql);

  InsertStream(InsertStream&& other) noexcept;
  InsertStream& operator=(InsertStream&&) = delete;
  ~InsertStream();

  /// Hands over a copy of `bytes`; waits while the engine is behind.
  Result<void> append(std::span<const std::byte> bytes);

  /// Stores what was appended. Returns the rows written, those of the views included.
  Result<std::uint64_t> finish();

 private:
  InsertStream(const Library& library, chdb_insert_stream stream) : library_(&library), stream_(stream) {}

  const Library* library_;
  chdb_insert_stream stream_;
  bool finished_ = false;
};

}  // namespace optiinfra::embedded
