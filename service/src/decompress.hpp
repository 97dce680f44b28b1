/// Decompresses bodies of requests.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::service {

/// `body` as it was before `encoding`, a Content-Encoding: gzip, zstd, snappy (a block), or nothing and
/// identity, which leave it as it is. Errors: kInvalidArgument for another encoding and for bytes that are
/// cut or damaged; kTooLarge when the result would be larger than `bytes_max`, before memory is taken for it.
Result<std::string> decompressed(std::string body, std::string_view encoding, std::size_t bytes_max);

}  // namespace optiinfra::service
