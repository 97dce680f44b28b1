#include "embedded/insert_stream.hpp"

namespace optiinfra::embedded {

Result<InsertStream> InsertStream::open(const Connection& connection, const std::string& sql) {
  const Library& library = connection.library();
  InsertStream stream(library,
                      library.stream_insert_n(connection.handle(), sql.data(), sql.size(), "Native", 6));
  if (const char* message = library.stream_insert_error(stream.stream_))
    return engine_error(message, Applied::kNo);
  return stream;
}

InsertStream::InsertStream(InsertStream&& other) noexcept
    : library_(other.library_), stream_(std::exchange(other.stream_, nullptr)), finished_(other.finished_) {}

InsertStream::~InsertStream() {
  if (stream_ == nullptr) return;
  if (!finished_) library_->stream_cancel_insert(stream_);
  library_->destroy_insert_stream(stream_);
}

Result<void> InsertStream::append(std::span<const std::byte> bytes) {
  if (library_->stream_append(stream_, bytes.data(), bytes.size()) == 0) return {};
  const char* message = library_->stream_insert_error(stream_);
  return engine_error(message != nullptr ? message : "the engine took no more data", Applied::kUnknown);
}

Result<std::uint64_t> InsertStream::finish() {
  finished_ = true;
  const EngineResult result(*library_, library_->stream_done(stream_));
  OPTIINFRA_CHECK(result.check(Applied::kUnknown));
  return library_->result_rows_written(result.get());
}

}  // namespace optiinfra::embedded
