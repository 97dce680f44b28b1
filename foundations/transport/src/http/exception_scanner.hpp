/// Tells the bytes of an answer from an exception that the server appends to them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace optiinfra::http {

/// The most of an exception's text that is kept. The server cuts its own at 16 KiB.
inline constexpr std::size_t kExceptionBytesMax = 64 << 10;

/// After the head of an answer was sent, ClickHouse (from 25.11) reports an error as
///
///     \r\n__exception__\r\n<tag>\r\n<text>\n<length of the text> <tag>\r\n__exception__\r\n
///
/// with the random tag that the head announced, and breaks the connection. Everything before it is data, and
/// what may be the beginning of it is held back until more has come.
/// Threads: one at a time.
class ExceptionScanner {
 public:
  /// An empty `tag` lets everything through.
  explicit ExceptionScanner(std::string_view tag);

  /// The part of what has come that is data for certain. Valid until the next call and as long as `bytes`.
  std::string_view take(std::string_view bytes);

  /// What was held back and is data after all, at the end of the answer. Valid until the next call.
  std::string_view finish();

  bool found() const noexcept { return found_; }

  /// The exception's text, whole or as far as it has come; empty unless found.
  std::string_view text() const;

 private:
  void take_exception(std::string_view bytes);

  std::string marker_, end_;
  std::string held_, joined_, exception_;
  bool found_ = false;
};

}  // namespace optiinfra::http
