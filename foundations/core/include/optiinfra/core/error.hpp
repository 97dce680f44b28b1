/// @file optiinfra/core/error.hpp
/// The one error type of the library, and the Result that carries it.
#pragma once

#include <cassert>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace optiinfra {

/// What went wrong, sorted by what a caller can do about it.
enum class ErrorKind {
  kInvalidArgument,  ///< The call was wrong; repeated unchanged, it fails again.
  kRejected,         ///< The engine understood and refused; see Error::server_code.
  kTimeout,          ///< The call's time budget ran out.
  kUnavailable,      ///< No healthy connection, or the store is held elsewhere; try later.
  kCorrupt,          ///< Bytes did not decode, a checksum differed, or stored data contradicts itself.
  kTooLarge,         ///< A documented limit was reached; nothing was sent.
  kStorage,          ///< The disk is full, read-only or unreadable; repair it, then repeat the call.
  kIncompatible,     ///< The store belongs to a newer program or to another one.
  kConflict,   ///< The name of a request was used before for another content; see WriteOptions::request.
  kCancelled,  ///< The caller asked the call to stop; see CallOptions::stop.
};

/// The name of `kind` in lower case with underscores, as JSON output shows it.
std::string_view to_string(ErrorKind kind) noexcept;

/// Whether a failed write may have taken effect. Retry logic reads this, never the message.
enum class Applied { kNo, kUnknown };

/// A value that breaks a rule of its column.
struct RefusedValue {
  std::size_t row = 0;  ///< Index in the batch, from 0.
  std::string column;
  std::string value;  ///< As text; long text is cut.
  std::string rule;   ///< "a percentage, 0 to 100".

  /// "row 17, column gpu_utilization: 150 must be a percentage, 0 to 100".
  std::string to_string() const;
};

struct Error {
  ErrorKind kind = ErrorKind::kInvalidArgument;
  std::string message;  ///< For people: what failed, where, why, and what to do about it.
  Applied applied = Applied::kNo;
  bool connection_usable = true;  ///< False: discard the client and open another.
  int server_code = 0;            ///< ClickHouse error code; 0 when the engine sent none.
  /// Of the statement that failed, as in a server's system.query_log. Empty when no statement ran, and for
  /// the embedded engine, which does not tell.
  std::string query_id = {};
  std::optional<RefusedValue> refused = {};  ///< Of an insert that was refused: its first bad value.
};

/// `error` with "`context`: " before its message, so that a message reads as a path from the
/// operation to its cause.
Error with_context(Error error, std::string_view context);

/// Whether the same call can succeed later without any change: the store could not be reached, or time ran
/// out (kUnavailable, kTimeout). Repeat an insert whose Error::applied is kUnknown with the token of the
/// first attempt, so that its rows count once.
bool is_retryable(const Error& error) noexcept;

/// An Error of the kind kInvalidArgument: the caller must change what it asks for.
Error invalid_argument(std::string message);

namespace detail {
/// A bug in the caller: ends the process with `what` on standard error.
[[noreturn]] void broken_invariant(std::string_view what) noexcept;
}  // namespace detail

/// A T or an Error. Members are named as in std::expected, so moving to it is a rename.
/// Reading the side that is absent ends the process: it is a bug, not a condition.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return *checked(std::get_if<0>(&state_)); }
  const T& value() const& { return *checked(std::get_if<0>(&state_)); }
  T&& value() && { return std::move(*checked(std::get_if<0>(&state_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return *checked(std::get_if<1>(&state_)); }
  Error&& error() && { return std::move(*checked(std::get_if<1>(&state_))); }

 private:
  template <typename P>
  static P* checked(P* pointer) {
    if (pointer == nullptr)
      detail::broken_invariant("a Result was read without checking which side it holds");
    return pointer;
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  const Error& error() const& { return checked(), *error_; }
  Error&& error() && { return checked(), std::move(*error_); }

 private:
  void checked() const {
    if (!error_) detail::broken_invariant("error() of a Result that succeeded");
  }

  std::optional<Error> error_;
};

}  // namespace optiinfra

#define OPTIINFRA_TRY_JOIN_(a, b) a##b
#define OPTIINFRA_TRY_NAME_(line) OPTIINFRA_TRY_JOIN_(optiinfra_try_, line)

/// Declares or assigns `target` from the value of a Result, or returns its error from this function.
#define OPTIINFRA_TRY(target, ...)                                                             \
  auto OPTIINFRA_TRY_NAME_(__LINE__) = (__VA_ARGS__);                                          \
  if (!OPTIINFRA_TRY_NAME_(__LINE__)) return std::move(OPTIINFRA_TRY_NAME_(__LINE__)).error(); \
  target = *std::move(OPTIINFRA_TRY_NAME_(__LINE__))

/// Returns the error of a Result<void> from this function, or goes on.
#define OPTIINFRA_CHECK(...)                                         \
  do {                                                               \
    auto optiinfra_check = (__VA_ARGS__);                            \
    if (!optiinfra_check) return std::move(optiinfra_check).error(); \
  } while (false)
