/// Where compressed frames lie in a recorded stream.
#pragma once

#include <string>

#include "optiinfra/testing/fault_proxy.hpp"

namespace optiinfra::testing {

/// Whether `fault`, a flip, struck inside a frame of `delivered`, checksum and header included. False where
/// the frame was not delivered whole.
bool lies_in_frame(std::string delivered, const Fault& fault);

}  // namespace optiinfra::testing
