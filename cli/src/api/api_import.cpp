#include "api/api_import.hpp"

#include <cerrno>
#include <cstring>

#include "interrupt.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

Error cannot_send(const std::filesystem::path& path) {
  return invalid_argument(
      path.string() +
      ": only .csv, .jsonl and .ndjson files can be sent to an API as they are. For other formats, "
      "compressed files "
      "and maps import into the store itself (--url clickhouse://...), where the engine reads them");
}

Error unreadable(const std::filesystem::path& path) {
  return {ErrorKind::kStorage, path.string() + " cannot be read: " + std::strerror(errno)};
}

/// Names the file by all of its bytes.
Result<Uuid> content_of(const std::filesystem::path& path, Family family) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) return unreadable(path);
  Uuid id = identity_of("import", table_of(family).name);
  std::string block(kReadBytes, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    id = Uuid::of_name(id, std::string_view(block).substr(0, static_cast<std::size_t>(file.gcount())));
  if (file.bad()) return unreadable(path);
  return id;
}

/// Repeats until a signal asks to stop.
api::Patience interruptible() {
  return {.pause = [](std::chrono::milliseconds pause) {
    InterruptGuard::sleep_until(Clock::now() + pause);
    return !InterruptGuard::is_requested();
  }};
}

}  // namespace

Result<FilePieces> FilePieces::open(const std::filesystem::path& path, Family family) {
  FilePieces pieces;
  const std::string ending = path.extension().string();
  pieces.is_csv_ = ending == ".csv";
  if (!pieces.is_csv_ && ending != ".jsonl" && ending != ".ndjson") return cannot_send(path);
  pieces.path_ = path;
  OPTIINFRA_TRY(pieces.content_, content_of(path, family));
  pieces.file_ = std::make_shared<std::ifstream>(path, std::ios::binary);
  if (!*pieces.file_) return unreadable(path);
  if (!pieces.is_csv_) return pieces;
  OPTIINFRA_CHECK(pieces.fill());
  const std::size_t end = pieces.rest_.find('\n');
  if (end == std::string::npos) return invalid_argument(path.string() + " has no line after its header");
  pieces.header_ = pieces.rest_.substr(0, end + 1);
  pieces.rest_.erase(0, end + 1);
  return pieces;
}

Result<void> FilePieces::fill() {
  while (!at_end_ && rest_.size() < kPieceBytesMax) {
    const std::size_t size = rest_.size();
    rest_.resize(size + kReadBytes);
    file_->read(rest_.data() + size, static_cast<std::streamsize>(kReadBytes));
    rest_.resize(size + static_cast<std::size_t>(file_->gcount()));
    bytes_read_ += rest_.size() - size;
    at_end_ = !*file_;
    if (file_->bad()) return unreadable(path_);
  }
  return {};
}

/// Behind the last row that is whole within kPieceBytesMax. A line break inside of quotes ends no row of a
/// CSV.
std::size_t FilePieces::end_of_rows() const {
  if (at_end_ && rest_.size() <= kPieceBytesMax) return rest_.size();
  std::size_t end = 0;
  bool is_quoted = false;
  for (std::size_t at = 0; at < std::min(rest_.size(), kPieceBytesMax); ++at) {
    if (is_csv_ && rest_[at] == '"') is_quoted = !is_quoted;
    if (rest_[at] == '\n' && !is_quoted) end = at + 1;
  }
  return end;
}

Result<std::string> FilePieces::next() {
  OPTIINFRA_CHECK(fill());
  if (rest_.empty()) return std::string();
  const std::size_t end = end_of_rows();
  if (end == 0) return Error{ErrorKind::kTooLarge, path_.string() + " has a row of more than 16 MiB"};
  std::string piece = header_ + rest_.substr(0, end);
  rest_.erase(0, end);
  ++number_;
  return piece;
}

Result<ApiFile> import_file(api::ApiStore& store, const std::filesystem::path& path, Family family,
                            const std::function<void(std::uint64_t)>& on_piece) {
  const auto begin = Clock::now();
  ApiFile file{.path = path};
  OPTIINFRA_TRY(FilePieces pieces, FilePieces::open(path, family));
  while (true) {
    OPTIINFRA_TRY(const std::string piece, pieces.next());
    if (piece.empty()) break;
    auto inserted =
        api::insert_rows(store, family, pieces.content_type(), pieces.key(), piece, interruptible());
    if (!inserted) {
      Error error = with_context(std::move(inserted).error(), path.string());
      error.message += "; " + std::to_string(file.rows_stored + file.rows_already_stored) +
                       " rows of it are stored, and the same import again stores the rest, each row once";
      return error;
    }
    for (const api::RefusedRow& each : inserted->refused)
      if (file.refused.size() < kRefusedDescribedMax)
        file.refused.push_back({file.rows_read() + each.row + 1, each.to_string()});
    file.rows_stored += inserted->accepted;
    file.rows_already_stored += inserted->duplicates;
    file.rows_refused += inserted->rejected;
    on_piece(pieces.bytes_read());
  }
  file.elapsed = Clock::now() - begin;
  return file;
}

}  // namespace optiinfra::cli
