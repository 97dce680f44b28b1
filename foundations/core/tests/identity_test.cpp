#include "optiinfra/core/identity.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

// Stored rows hold these: a test that fails here means that they no longer belong to their text.
TEST(Identity, OfATextNeverChanges) {
  EXPECT_EQ(kIdentityNamespace.to_string(), "e3a1c6a4-0b0f-4c38-9a53-2f6f7f5f8a10");
  EXPECT_EQ(identity_of("customer", "acme").to_string(), "e988d6c9-82bf-5c7f-aba5-1e8581523c0a");
  EXPECT_EQ(identity_of("service", "chat").to_string(), "c4abddb0-413b-5e45-990f-5e335bae193a");
}

TEST(Identity, OfTheSameTextDiffersBetweenKindsAndByLetterCase) {
  EXPECT_NE(identity_of("customer", "acme"), identity_of("service", "acme"));
  EXPECT_NE(identity_of("customer", "acme"), identity_of("customer", "Acme"));
}

}  // namespace
}  // namespace optiinfra
