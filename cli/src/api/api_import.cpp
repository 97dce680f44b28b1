#include "api/api_import.hpp"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "interrupt.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kPauseMin{200}, kPauseMax{5'000};

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

Result<Inserted> parse_inserted(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("accepted"))
    return Error{ErrorKind::kCorrupt, "the answer to an insert is none of an optiinfra service"};
  Inserted inserted{.accepted = json.value("accepted", std::uint64_t{0}),
                    .duplicates = json.value("duplicates", std::uint64_t{0})};
  const Json& rejected = json.value("rejected", Json::array());
  inserted.rejected = json.value("rejected_count", std::uint64_t{rejected.size()});
  for (const Json& each : rejected) {
    const std::string column = each.value("column", std::string());
    inserted.described.push_back(
        {each.value("index", std::uint64_t{0}),
         (column.empty() ? "" : column + ": ") + each.value("reason", std::string())});
  }
  return inserted;
}

}  // namespace

Result<Inserted> insert_rows(ApiStore& store, Family family, const std::string& content_type, const Uuid& key,
                             const std::string& body, const Patience& patience) {
  const HttpCall call{.method = "POST",
                      .path = std::string("/api/v1/insert/") + table_of(family).name,
                      .parameters = {{"wait", "stored"}},
                      .headers = {"Content-Type: " + content_type, "Idempotency-Key: " + key.to_string()},
                      .body = body,
                      .timeout = patience.call};
  const auto give_up = Clock::now() + patience.all;
  for (std::chrono::milliseconds pause = kPauseMin;; pause = std::min(pause * 2, kPauseMax)) {
    auto answer = store.send(call);
    if (answer) return parse_inserted(*answer);
    if (!is_retryable(answer.error()) || Clock::now() + pause > give_up || InterruptGuard::is_requested())
      return std::move(answer).error();
    InterruptGuard::sleep_until(Clock::now() + pause);
  }
}

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

Result<ApiFile> import_file(ApiStore& store, const std::filesystem::path& path, Family family,
                            const std::function<void(std::uint64_t)>& on_piece) {
  const auto begin = Clock::now();
  ApiFile file{.path = path};
  OPTIINFRA_TRY(FilePieces pieces, FilePieces::open(path, family));
  while (true) {
    OPTIINFRA_TRY(const std::string piece, pieces.next());
    if (piece.empty()) break;
    auto inserted = insert_rows(store, family, pieces.content_type(), pieces.key(), piece);
    if (!inserted) {
      Error error = with_context(std::move(inserted).error(), path.string());
      error.message += "; " + std::to_string(file.rows_stored + file.rows_already_stored) +
                       " rows of it are stored, and the same import again stores the rest, each row once";
      return error;
    }
    for (const RefusedRow& each : inserted->described)
      if (file.refused.size() < kRefusedDescribedMax)
        file.refused.push_back({file.rows_read() + each.row + 1, each.reason});
    file.rows_stored += inserted->accepted;
    file.rows_already_stored += inserted->duplicates;
    file.rows_refused += inserted->rejected;
    on_piece(pieces.bytes_read());
  }
  file.elapsed = Clock::now() - begin;
  return file;
}

}  // namespace optiinfra::cli
