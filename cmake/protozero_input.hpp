// Included before each source of a layer that reads protobuf from senders (optiinfra_reads_protobuf in
// layer.cmake).
//
// protozero holds the wire type of a field for the caller's promise: it asserts it, and without assertions
// reads on as if it were right. Here it is a sender's input, so that a wrong one has to be an exception like
// any other damage.
#pragma once

#include <protozero/exception.hpp>

namespace optiinfra {

struct UnexpectedWireType : protozero::exception {
  const char* what() const noexcept override { return "a field has another wire type than its number says"; }
};

}  // namespace optiinfra

#define protozero_assert(condition) \
  ((condition) ? static_cast<void>(0) : throw ::optiinfra::UnexpectedWireType())
