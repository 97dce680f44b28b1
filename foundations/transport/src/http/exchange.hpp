/// One request and its answer, as bytes, within a deadline.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/answer_head.hpp"
#include "http/connection.hpp"
#include "http/request.hpp"

namespace optiinfra::http {

/// A call that waits looks this often whether its caller has stopped it.
inline constexpr std::chrono::milliseconds kStopPoll{50};

/// Longest time for a connection to one host, name resolution and TLS included.
inline constexpr std::chrono::milliseconds kConnectTimeout{10'000};

/// Time for one host while others are left to try.
inline constexpr std::chrono::milliseconds kHostConnectTimeout{3'000};

/// Most bytes of status lines and headers that are taken for one answer.
inline constexpr std::size_t kHeadBytesMax = 256 << 10;

/// Received bytes that wait to be read; then the network waits.
inline constexpr std::size_t kReceivedBytesMax = 512 << 10;

/// Runs only in the calls of its owner: no thread of its own, no work between calls.
///
/// libcurl repeats a request by itself when a kept connection turns out closed before the answer's first
/// byte. That would store an insert twice, so it is never given the means to send a body again: such a
/// request fails, with Applied::kUnknown.
/// Threads: one at a time. Errors: kTimeout past the deadline, kUnavailable for a connection that is not
/// made or ends early, kTooLarge for a head over kHeadBytesMax, kCorrupt for what is not HTTP;
/// Applied::kNo as long as no byte of a body was given to the network. The first error is kept.
class Exchange {
 public:
  Exchange(Connection& connection, Request request, Clock::time_point deadline);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  /// Closes the connection unless the answer came whole.
  ~Exchange();

  /// Sends a piece of the body. Fails when the answer says early that the rest is not wanted: see head().
  Result<void> send(std::span<const std::byte> piece);

  /// Ends the body and waits for the answer's head.
  Result<void> wait_for_head();
  const AnswerHead& head() const noexcept { return head_; }

  /// Bytes of the answer's body; 0 at its end. An error when the connection ends before the body does.
  Result<std::size_t> read(std::span<std::byte> into);

  /// Whether the caller stopped it before its end.
  bool was_stopped() const noexcept { return failure_ && failure_->kind == ErrorKind::kCancelled; }

  /// Whether more is to come, looked up without waiting.
  bool is_running();

 private:
  template <typename Until>
  Result<void> drive(Until until);
  void perform();
  void resume();
  Error failure();
  Error transfer_error() const;
  Error error(ErrorKind kind, const std::string& what) const;

  static std::size_t on_read(char* into, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(const char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(const char* bytes, std::size_t size, std::size_t count, void* self);

  Connection& connection_;
  const Libcurl& curl_;
  Clock::time_point deadline_;
  std::stop_token stop_;
  std::string url_;
  std::optional<std::string> body_;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> curl_message_{};

  std::span<const std::byte> piece_;  ///< Of the body, not yet sent.
  bool body_complete_ = false, body_begun_ = false;
  bool paused_ = false;

  AnswerHead head_;
  std::size_t head_bytes_ = 0;
  std::vector<std::byte> received_;
  std::size_t read_to_ = 0;  ///< What lies before it in received_ has been read.

  bool done_ = false;
  CURLcode result_ = CURLE_OK;
  std::optional<Error> failure_;
};

}  // namespace optiinfra::http
