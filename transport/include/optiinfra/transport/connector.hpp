/// @file optiinfra/transport/connector.hpp
/// From a store's URL to sessions with it.
#pragma once

#include <memory>
#include <string_view>

#include "optiinfra/transport/transport.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra {

/// What may happen to a store that is not there yet.
enum class IfAbsent { kFail, kCreate };

/// A connector for the store at `url`. Opens nothing: connect() does.
///
/// An embedded store's folder is created with mode 0700. One process at a time may hold a folder, and one
/// folder at a time may be held by a process; a temporary store is gone with its last session.
/// Servers are always there or not: `if_absent` says nothing about them.
/// Errors: kInvalidArgument for a URL that parse_store_url refuses.
Result<std::shared_ptr<Connector>> make_connector(const StoreUrl& url, IfAbsent if_absent);
Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent);

}  // namespace optiinfra
