/// A result of the engine, owned.
#pragma once

#include <string_view>
#include <utility>

#include "embedded/library.hpp"
#include "engine_error.hpp"

namespace optiinfra::embedded {

/// Given back to the engine when it goes.
class EngineResult {
 public:
  EngineResult(const Library& library, chdb_result* result) : library_(&library), result_(result) {}
  EngineResult(EngineResult&& other) noexcept
      : library_(other.library_), result_(std::exchange(other.result_, nullptr)) {}
  EngineResult& operator=(EngineResult&&) = delete;
  ~EngineResult() {
    if (result_ != nullptr) library_->destroy_query_result(result_);
  }

  chdb_result* get() const noexcept { return result_; }
  std::string_view text() const {
    const char* buffer = library_->result_buffer(result_);
    return buffer == nullptr ? std::string_view{}
                             : std::string_view(buffer, library_->result_length(result_));
  }

  /// The engine's error, when there is one.
  Result<void> check(Applied applied) const {
    if (result_ == nullptr) return engine_error("the engine gave no result", applied);
    if (const char* message = library_->result_error(result_)) return engine_error(message, applied);
    return {};
  }

 private:
  const Library* library_;
  chdb_result* result_;
};

}  // namespace optiinfra::embedded
