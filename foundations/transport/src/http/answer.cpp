#include "http/answer.hpp"

#include <algorithm>
#include <cstring>

#include "engine_error.hpp"

namespace optiinfra::http {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kQuotedBytesMax = 200;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The start of a text of unknown origin, fit for a message.
std::string quoted(std::string_view text) {
  std::string quoted;
  for (const char c : text.substr(0, kQuotedBytesMax)) {
    quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return quoted;
}

/// What `frames` hold, or nothing when they are none.
std::string unframed(std::string_view frames) {
  FrameReader reader([&frames](std::span<std::byte> into) -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), frames.size());
    if (size > 0) std::memcpy(into.data(), frames.data(), size);
    frames.remove_prefix(size);
    return size;
  });
  std::vector<std::byte> text(kRefusalBytesMax);
  std::size_t end = 0;
  while (end < text.size()) {
    const auto size = reader.read(std::span(text).subspan(end));
    if (!size || *size == 0) break;
    end += *size;
  }
  return std::string(text_of(std::span(text).first(end)));
}

/// Whether a server or proxy that answers with `status` cannot have handed the request on.
bool is_before_forwarding(int status) {
  return (status >= 300 && status < 400) || status == 400 || status == 401 || status == 403 ||
         status == 404 || status == 405 || status == 407 || status == 411 || status == 413 || status == 414 ||
         status == 431;
}

bool is_worth_a_retry(int status) { return status == 429 || (status >= 502 && status <= 504); }

/// Of something that is not ClickHouse, or is and does not say so.
Error foreign_refusal(const std::string& place, int status, std::string_view text) {
  std::string message = place + ": HTTP status " + std::to_string(status);
  if (!text.empty()) message += ", \"" + quoted(text) + "\"";
  if (status >= 300 && status < 400) {
    message += "; redirects are not followed: put the address that they lead to into the store's URL";
  } else {
    message += "; check that this is ClickHouse's HTTP port and which proxies are in front of it";
  }
  return {is_worth_a_retry(status) ? ErrorKind::kUnavailable : ErrorKind::kRejected, std::move(message),
          is_before_forwarding(status) ? Applied::kNo : Applied::kUnknown};
}

}  // namespace

Answer::Answer(Connection& connection, Request request, Clock::time_point deadline, AnswerOptions options)
    : place_(connection.place()),
      options_(std::move(options)),
      exchange_(connection, std::move(request), deadline),
      buffer_(kReadBytes) {
  if (options_.compressed)
    frames_.emplace([this](std::span<std::byte> into) { return exchange_.read(into); });
}

Result<void> Answer::begin() {
  OPTIINFRA_CHECK(exchange_.wait_for_head());
  const auto wrong = [this](ErrorKind kind, const std::string& what) -> Result<void> {
    return Error{kind, place_ + ": " + what, Applied::kUnknown, false};
  };
  if (head().status() != 200 || head().exception_code() != 0) return refusal();
  if (head().query_id() != options_.query_id)
    return wrong(
        ErrorKind::kCorrupt,
        "the answer is not ClickHouse's to this request; check the host and that this is its HTTP port");
  if (head().encoded())
    return wrong(ErrorKind::kCorrupt, "the answer has a Content-Encoding that nobody asked for");
  if (head().exception_tag().empty() && !options_.held_back)
    return wrong(ErrorKind::kIncompatible,
                 "this answer marks errors in another way than earlier answers; are there servers of "
                 "different versions behind one address? Connect again, or use the native protocol");
  scanner_.emplace(head().exception_tag());
  return {};
}

Result<std::size_t> Answer::read(std::span<std::byte> into) {
  while (data_.empty()) {
    if (ended_) return std::size_t{0};
    if (scanner_->found()) return late_error();
    OPTIINFRA_TRY(const std::size_t size, read_raw(buffer_));
    ended_ = size == 0;
    data_ = ended_ ? scanner_->finish() : scanner_->take(text_of(std::span(buffer_).first(size)));
  }
  const std::size_t size = std::min(into.size(), data_.size());
  std::memcpy(into.data(), data_.data(), size);
  data_.remove_prefix(size);
  return size;
}

Result<void> Answer::drain() {
  std::vector<std::byte> nowhere(kReadBytes);
  while (true) {
    OPTIINFRA_TRY(const std::size_t size, read(nowhere));
    if (size == 0) return {};
  }
}

Result<std::size_t> Answer::read_raw(std::span<std::byte> into) {
  return frames_ ? frames_->read(into) : exchange_.read(into);
}

/// The server closes the connection after an exception, so its end is expected here.
Error Answer::late_error() {
  std::size_t total = 0;
  while (total < kExceptionBytesMax) {
    const auto size = read_raw(buffer_);
    if (!size || *size == 0) break;
    total += *size;
    (void)scanner_->take(text_of(std::span(buffer_).first(*size)));
  }
  return with_context(engine_error(scanner_->text(), Applied::kUnknown), place_);
}

Error Answer::refusal() {
  std::string text = refusal_text();
  if (head().exception_code() == 0) return foreign_refusal(place_, head().status(), text);
  if (text.find("Code: ") == std::string::npos)
    text = "Code: " + std::to_string(head().exception_code()) + ". " + text;
  return with_context(engine_error(text, Applied::kUnknown), place_);
}

std::string Answer::refusal_text() {
  std::string text;
  while (text.size() < kRefusalBytesMax) {
    const auto size = exchange_.read(buffer_);
    if (!size || *size == 0) break;
    text += text_of(std::span(buffer_).first(std::min(*size, kRefusalBytesMax - text.size())));
  }
  if (options_.compressed) {
    if (std::string inside = unframed(text); !inside.empty()) return inside;
  }
  return text;
}

}  // namespace optiinfra::http
