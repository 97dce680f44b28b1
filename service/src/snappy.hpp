/// Reads the block format of Snappy, which remote write uses.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::service {

/// Errors: kTooLarge when the text would be longer than `bytes_max`, before memory is taken for it;
/// kInvalidArgument for bytes that are cut or damaged.
Result<std::string> from_snappy(std::string_view block, std::size_t bytes_max);

}  // namespace optiinfra::service
