#include "engine_error.hpp"

#include <charconv>

namespace optiinfra {
namespace {

// Numbers from ClickHouse, src/Common/ErrorCodes.cpp.
constexpr int kNoSuchColumnInTable = 16, kUnknownFunction = 46, kUnknownIdentifier = 47, kUnknownTable = 60,
              kSyntaxError = 62, kUnknownDatabase = 81, kUnknownSetting = 115, kReadonly = 164,
              kAccessDenied = 497;
constexpr int kAuthenticationFailed = 516, kSessionsExceeded = 700;
constexpr int kChecksumDoesNotMatch = 40, kCannotReadFromFile = 74, kCannotWriteToFile = 75,
              kCannotOpenFile = 76, kCannotCloseFile = 77, kCannotTruncateFile = 88, kTimeoutExceeded = 159,
              kTooManySimultaneousQueries = 202, kCannotFsync = 204, kMemoryLimitExceeded = 241,
              kNotEnoughSpace = 243, kCorruptedData = 246, kTooManyParts = 252, kCannotCreateDirectory = 481,
              kTableIsReadOnly = 774, kPocoException = 1000, kStandardException = 1001;

int code_of(std::string_view text) {
  constexpr std::string_view kPrefix = "Code: ";
  const auto at = text.find(kPrefix);
  int code = 0;
  if (at != std::string_view::npos) {
    const char* begin = text.data() + at + kPrefix.size();
    std::from_chars(begin, text.data() + text.size(), code);
  }
  return code;
}

bool mentions(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

/// Whether the text is what a call of the system said, and not a value that the engine quotes.
bool is_of_system(int code, std::string_view text) {
  return code == kPocoException || code == kStandardException || mentions(text, "errno: ");
}

/// Whether the disk takes no more, by the engine's count or the system's.
bool is_disk_full(int code, std::string_view text) {
  return code == kNotEnoughSpace || mentions(text, "No space left on device") ||
         mentions(text, "Read-only file system") ||
         (is_of_system(code, text) && mentions(text, "Disk quota exceeded")) || mentions(text, "errno: 28") ||
         mentions(text, "errno: 30") || mentions(text, "errno: 122");
}

/// Whether a call of the system failed for which the engine has no code of its own, as a rename has none.
bool is_failed_call(int code, std::string_view text) {
  if (is_of_system(code, text) && mentions(text, "Input/output error")) return true;
  return (code == kPocoException || code == kStandardException) &&
         (mentions(text, "filesystem_error") || mentions(text, "File access error"));
}

ErrorKind kind_of(int code, std::string_view text) {
  if (is_disk_full(code, text) || is_failed_call(code, text)) return ErrorKind::kStorage;
  switch (code) {
    case kCannotWriteToFile:
    case kCannotFsync:
    case kTableIsReadOnly:  // Of a store that is served for reading, because its disk is full or read-only.
      return ErrorKind::kStorage;
    case kTimeoutExceeded:
      return ErrorKind::kTimeout;
    case kTooManySimultaneousQueries:
    case kMemoryLimitExceeded:
    case kTooManyParts:
      return ErrorKind::kUnavailable;
    case kChecksumDoesNotMatch:
    case kCorruptedData:
      return ErrorKind::kCorrupt;
    default:
      return ErrorKind::kRejected;
  }
}

bool is_found_before_running(int code) {
  switch (code) {
    case kNoSuchColumnInTable:
    case kUnknownFunction:
    case kUnknownIdentifier:
    case kUnknownTable:
    case kSyntaxError:
    case kUnknownDatabase:
    case kUnknownSetting:
    case kReadonly:
    case kAccessDenied:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_file_failure(const Error& error) {
  switch (error.server_code) {
    case kCannotReadFromFile:
    case kCannotWriteToFile:
    case kCannotOpenFile:
    case kCannotCloseFile:
    case kCannotTruncateFile:
    case kCannotFsync:
    case kCannotCreateDirectory:
      return true;
    case kNotEnoughSpace:  // The engine's own count of free bytes, before it calls the system.
    case kTableIsReadOnly:
      return false;
    default:
      return error.kind == ErrorKind::kStorage;
  }
}

std::string_view login_advice(int code) {
  switch (code) {
    case kAuthenticationFailed:
      return "; give the right user in the URL and the password there or in the file that "
             "OPTIINFRA_PASSWORD_FILE names";
    case kSessionsExceeded:
      return "; this user has as many sessions as it may have. An optiinfra server with users keeps "
             "'default' "
             "for itself: name a user in the URL, as in clickhouse://USER@HOST";
    default:
      return {};
  }
}

Error engine_error(std::string_view text, Applied applied) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  const int code = code_of(text);
  if (is_found_before_running(code)) applied = Applied::kNo;
  Error error{kind_of(code, text), std::string(text), applied, true, code};
  error.message += login_advice(code);
  if (error.kind == ErrorKind::kStorage) {
    error.message +=
        is_disk_full(code, text)
            ? "; free space on the store's disk, or make it writable, and repeat the call"
            : "; the store's disk failed: see what the system's log says about it, and repeat the call";
  }
  return error;
}

}  // namespace optiinfra
