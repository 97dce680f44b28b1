/// The answer of a ClickHouse server: data, or the engine's error, and never one taken for the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exception_scanner.hpp"
#include "http/exchange.hpp"
#include "optiinfra/codec/compression.hpp"

namespace optiinfra::http {

/// The most of the text of a refusal that is kept.
inline constexpr std::size_t kRefusalBytesMax = 64 << 10;

struct AnswerOptions {
  std::string query_id;     ///< The server repeats it when it has taken the statement.
  bool compressed = false;  ///< Whether frames were asked for.
  bool held_back = false;   ///< Whether the server was told to answer only when the statement has ended.
};

/// Threads: one at a time. Errors: those of the exchange; kCorrupt for an answer that is not ClickHouse's;
/// the engine's own, whether they come before the first byte of data or after some of it.
class Answer {
 public:
  Answer(Connection& connection, Request request, Clock::time_point deadline, AnswerOptions options);
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  /// Sends a piece of a streamed body. When it fails, begin() knows why.
  Result<void> send(std::span<const std::byte> piece) { return exchange_.send(piece); }

  /// Waits for the head and for what it means. What follows is data unless this fails.
  Result<void> begin();

  /// The data, without frames and without an exception after it; 0 at its end.
  Result<std::size_t> read(std::span<std::byte> into);

  /// Reads to the end and keeps nothing.
  Result<void> drain();

  const AnswerHead& head() const noexcept { return exchange_.head(); }
  const std::string& query_id() const noexcept { return options_.query_id; }

  /// Whether the server may still be at work on it.
  bool is_running() {
    return !(scanner_ && scanner_->found()) && (exchange_.was_stopped() || exchange_.is_running());
  }

 private:
  Result<std::size_t> read_raw(std::span<std::byte> into);
  Error late_error();
  Error refusal();
  std::string refusal_text();

  std::string place_;
  AnswerOptions options_;
  Exchange exchange_;
  std::optional<FrameReader> frames_;
  std::optional<ExceptionScanner> scanner_;
  std::vector<std::byte> buffer_;
  std::string_view data_;  ///< Scanned and not yet read; lies in buffer_ or in the scanner.
  bool ended_ = false;
};

}  // namespace optiinfra::http
