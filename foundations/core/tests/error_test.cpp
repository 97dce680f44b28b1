#include "optiinfra/core/error.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{ErrorKind::kInvalidArgument, "odd"};
  return n / 2;
}

Result<int> quarter(int n) {
  OPTIINFRA_TRY(const int once, half(n));
  OPTIINFRA_TRY(const int twice, half(once));
  return twice;
}

Result<void> even(int n) {
  if (n % 2 != 0) return Error{ErrorKind::kInvalidArgument, "odd"};
  return {};
}

TEST(Result, PassesAValueThroughTry) { EXPECT_EQ(quarter(12).value(), 3); }

TEST(Result, ReturnsTheFirstErrorFromTry) {
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(Result, OfVoidSaysWhetherItSucceeded) {
  EXPECT_TRUE(even(2));
  EXPECT_EQ(even(3).error().kind, ErrorKind::kInvalidArgument);
}

TEST(ResultDeathTest, ReadingTheAbsentSideEndsTheProcess) {
  EXPECT_DEATH((void)half(3).value(), "without checking");
  EXPECT_DEATH((void)even(2).error(), "succeeded");
}

TEST(Error, ContextComesBeforeTheCause) {
  EXPECT_EQ(with_context(Error{ErrorKind::kStorage, "no space left"}, "open /data").message,
            "open /data: no space left");
}

}  // namespace
}  // namespace optiinfra
