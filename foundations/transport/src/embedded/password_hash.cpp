#include "embedded/password_hash.hpp"

#include <openssl/evp.h>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

std::string password_hash(std::string_view password) {
  unsigned char digest[32];
  unsigned int size = 0;
  if (EVP_Digest(password.data(), password.size(), digest, &size, EVP_sha256(), nullptr) != 1 ||
      size != sizeof digest)
    detail::broken_invariant("libcrypto has no SHA-256");
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace optiinfra::embedded
