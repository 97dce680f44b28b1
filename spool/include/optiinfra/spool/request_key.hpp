/// @file optiinfra/spool/request_key.hpp
/// Names a request whose rows must count once, however often it is repeated.
#pragma once

#include <cstdint>

#include "optiinfra/core/uuid.hpp"

namespace optiinfra::spool {

struct RequestKey {
  /// The same in every repeat and in no other request, of whatever sender and family: for example a hash of
  /// the sender, the family and the key that the sender chose.
  Uuid identity = {};
  /// A hash of the content, so that a key that is used again for other rows is noticed.
  std::uint64_t content = 0;

  friend bool operator==(const RequestKey&, const RequestKey&) = default;
};

}  // namespace optiinfra::spool
