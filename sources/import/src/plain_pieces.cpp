#include "plain_pieces.hpp"

#include <algorithm>
#include <cstring>

#include "optiinfra/core/utf8.hpp"
#include "plain_rows.hpp"

namespace optiinfra {

namespace {

/// Reads on to the end of `text`, which is kPieceBytes long then unless the file ends. The number of bytes
/// read.
Result<std::size_t> read_on(const SourceFile& file, std::uint64_t offset, std::string& text) {
  const std::size_t kept = text.size();
  text.resize(kPieceBytes);
  const std::span<char> rest(text.data() + kept, text.size() - kept);
  const auto size =
      file.read_at(offset, std::span(reinterpret_cast<unsigned char*>(rest.data()), rest.size()));
  text.resize(kept + (size ? *size : 0));
  return size;
}

}  // namespace

bool PlainPieces::take_header() {
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos) return false;
  header_ = buffer_.substr(0, end + 1);
  buffer_.erase(0, end + 1);
  // A header over several lines, or with quotes that hide a comma, is left to the engine.
  return header_.find('"') == std::string::npos;
}

/// No line is blank, and carriage returns stand before line feeds only.
bool PlainPieces::has_plain_lines(std::string_view text) const {
  for (std::size_t at = 0; at < text.size();) {
    const char first = text[at];
    if (first == '\n' || first == '\r' || first == ' ' || first == '\t') return false;
    const auto* end = static_cast<const char*>(std::memchr(text.data() + at, '\n', text.size() - at));
    at = end == nullptr ? text.size() : static_cast<std::size_t>(end - text.data()) + 1;
  }
  for (std::size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1))
    if (at + 1 < text.size() && text[at + 1] != '\n') return false;
  return true;
}

/// The end of the last line in buffer_ that ends a row: one with line breaks in quotes goes on.
std::size_t PlainPieces::end_of_rows() const {
  std::size_t end = buffer_.rfind('\n');
  if (end == std::string::npos) return 0;
  if (format_ == rows::RowFormat::kJsonLines) return end + 1;
  const auto quotes_in = [this](std::size_t from, std::size_t to) {
    const char* const data = buffer_.data();
    return std::count(data + from, data + to, '"');
  };
  bool is_open = quotes_in(0, end) % 2 != 0;
  while (is_open && end > 0) {
    const std::size_t before = buffer_.rfind('\n', end - 1);
    if (before == std::string::npos) return 0;
    is_open = quotes_in(before, end) % 2 == 0;
    end = before;
  }
  return is_open ? 0 : end + 1;
}

Result<bool> PlainPieces::next(std::string& piece) {
  if (!is_plain_) return false;
  OPTIINFRA_TRY(const std::size_t read, read_on(file_, offset_, buffer_));
  offset_ += read;
  if (!has_begun_) {
    has_begun_ = true;
    // Without a row nothing shows whether the header is one of ours.
    is_plain_ = (format_ != rows::RowFormat::kCsv || take_header()) && !buffer_.empty();
  }
  if (!is_plain_ || buffer_.empty()) return false;
  const bool is_last = offset_ >= file_.size_bytes();
  const std::size_t end = is_last ? buffer_.size() : end_of_rows();
  const std::string_view lines = std::string_view(buffer_).substr(0, end);
  is_plain_ = end > 0 && has_plain_lines(lines);
  if (!is_plain_) return false;
  piece.assign(header_).append(lines);
  buffer_.erase(0, end);
  return true;
}

Result<std::optional<std::uint64_t>> count_lines_without_quotes(const SourceFile& file,
                                                                const std::function<void()>& on_wait) {
  std::uint64_t lines = 0, offset = 0;
  std::string text;
  while (true) {
    OPTIINFRA_TRY(const std::size_t read, read_on(file, offset, text));
    offset += read;
    if (text.empty()) return std::optional(lines);
    const std::size_t last = text.rfind('\n');
    const std::size_t end = read == 0 || last == std::string::npos ? text.size() : last + 1;
    const std::string_view whole = std::string_view(text).substr(0, end);
    if (whole.find('"') != std::string_view::npos || !is_utf8(whole)) return std::optional<std::uint64_t>();
    lines += static_cast<std::uint64_t>(std::count(whole.begin(), whole.end(), '\n')) +
             (whole.ends_with('\n') ? 0 : 1);
    text.erase(0, end);
    on_wait();
  }
}

}  // namespace optiinfra
