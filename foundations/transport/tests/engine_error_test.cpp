#include "engine_error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra {
namespace {

TEST(EngineError, SortsWhatTheEngineSaysIntoKinds) {
  const auto kind = [](std::string_view text) { return engine_error(text, Applied::kUnknown).kind; };
  EXPECT_EQ(kind("Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)"), ErrorKind::kRejected);
  EXPECT_EQ(kind("Code: 159. DB::Exception: Timeout exceeded"), ErrorKind::kTimeout);
  EXPECT_EQ(kind("Code: 241. DB::Exception: Memory limit exceeded"), ErrorKind::kUnavailable);
  EXPECT_EQ(kind("Code: 252. DB::Exception: Too many parts"), ErrorKind::kUnavailable);
  EXPECT_EQ(kind("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space"), ErrorKind::kStorage);
  EXPECT_EQ(kind("Code: 75. DB::ErrnoException: Cannot write, errno: 28, strerror: No space left on device"),
            ErrorKind::kStorage);
  EXPECT_EQ(kind("Code: 75. DB::ErrnoException: Cannot write, errno: 5, strerror: Input/output error"),
            ErrorKind::kStorage);
  EXPECT_EQ(kind("Code: 204. DB::ErrnoException: Cannot fsync, errno: 5, strerror: Input/output error"),
            ErrorKind::kStorage);
  EXPECT_EQ(kind("Code: 40. DB::Exception: Checksum doesn't match"), ErrorKind::kCorrupt);
  EXPECT_EQ(kind("something without a code"), ErrorKind::kRejected);
}

TEST(EngineError, KeepsCodeAndTextWithoutTheLineEnd) {
  const Error error =
      engine_error("Code: 60. DB::Exception: Unknown table x. (UNKNOWN_TABLE)\n", Applied::kUnknown);
  EXPECT_EQ(error.server_code, 60);
  EXPECT_EQ(error.message, "Code: 60. DB::Exception: Unknown table x. (UNKNOWN_TABLE)");
  EXPECT_TRUE(error.connection_usable);
}

TEST(EngineError, TellsWhatFailedInTheSystemFromWhatTheEngineRefused) {
  const auto is_failure = [](std::string_view text) {
    return is_file_failure(engine_error(text, Applied::kUnknown));
  };
  EXPECT_TRUE(is_failure("Code: 75. DB::ErrnoException: Cannot write, errno: 28"));
  EXPECT_TRUE(is_failure("Code: 76. DB::ErrnoException: Cannot open file, errno: 24"));
  EXPECT_TRUE(is_failure("Code: 204. DB::ErrnoException: Cannot fsync, errno: 5"));
  // A rename that was refused after a failed sync. The insert stays in the engine's list of running
  // statements.
  EXPECT_TRUE(is_failure(
      "std::exception. Code: 1001, type: std::__1::filesystem::filesystem_error, e.what() = filesystem "
      "error: in rename: Input/output error [\"/srv/store/engine/store/f7d\"]"));
  EXPECT_TRUE(is_failure("Poco::Exception. Code: 1000, e.code() = 5, File access error: /srv/store/engine"));
  EXPECT_FALSE(
      is_failure("std::exception. Code: 1001, type: std::out_of_range, e.what() = basic_string::at"));
  EXPECT_TRUE(is_failure("Code: 1001. DB::Exception: filesystem error: No space left on device"));
  EXPECT_FALSE(is_failure("Code: 243. DB::Exception: not enough space")) << "nothing was tried";
  EXPECT_FALSE(is_failure("Code: 27. DB::Exception: Cannot parse input before: 'Input/output error'"))
      << "a value that is quoted";
  EXPECT_FALSE(is_failure("Code: 60. DB::Exception: Unknown table"));
}

TEST(EngineError, SaysWhatToDoAboutTheDisk) {
  EXPECT_THAT(engine_error("Code: 243. DB::Exception: not enough space", Applied::kUnknown).message,
              ::testing::HasSubstr("free space on the store's disk"));
  EXPECT_THAT(
      engine_error("Code: 204. DB::ErrnoException: Cannot fsync, errno: 5", Applied::kUnknown).message,
      ::testing::HasSubstr("the store's disk failed"));
}

TEST(EngineError, KnowsThatWhatFailedBeforeRunningAppliedNothing) {
  EXPECT_EQ(engine_error("Code: 16. DB::Exception: No such column", Applied::kUnknown).applied, Applied::kNo);
  EXPECT_EQ(engine_error("Code: 62. DB::Exception: Syntax error", Applied::kUnknown).applied, Applied::kNo);
  EXPECT_EQ(engine_error("Code: 159. DB::Exception: Timeout exceeded", Applied::kUnknown).applied,
            Applied::kUnknown);
  EXPECT_EQ(engine_error("Code: 159. DB::Exception: Timeout exceeded", Applied::kNo).applied, Applied::kNo);
}

}  // namespace
}  // namespace optiinfra
