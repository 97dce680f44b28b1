/// The rows of a block in text.
#pragma once

#include <string>

#include "optiinfra/codec/block.hpp"

namespace optiinfra::testing {

/// A line for each row, with tabs between its values.
std::string to_lines(const Block& block);

}  // namespace optiinfra::testing
