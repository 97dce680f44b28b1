#include "optiinfra/core/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace optiinfra {

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "invalid_argument";
    case ErrorKind::kRejected:
      return "rejected";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kTooLarge:
      return "too_large";
    case ErrorKind::kStorage:
      return "storage";
    case ErrorKind::kIncompatible:
      return "incompatible";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

bool is_retryable(const Error& error) noexcept {
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTimeout;
}

std::string RefusedValue::to_string() const {
  return "row " + std::to_string(row) + ", column " + column + ": " + value + " must be " + rule;
}

Error invalid_argument(std::string message) { return {ErrorKind::kInvalidArgument, std::move(message)}; }

Error with_context(Error error, std::string_view context) {
  error.message.insert(0, std::string(context) + ": ");
  return error;
}

void detail::broken_invariant(std::string_view what) noexcept {
  std::fprintf(stderr, "optiinfra: broken invariant: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace optiinfra
