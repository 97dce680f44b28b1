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

/// Whether an embedded store on a full disk may give up its reserve, a file of 8 MiB, to be opened for
/// writing: for those who free space. It takes the bytes back at a later opening, when the disk has room.
enum class UseReserve { kNo, kYes };

/// A connector for the store at `url`. Opens nothing: connect() does.
///
/// An embedded store's folder is created with mode 0700. One process at a time may hold a folder, and one
/// folder at a time may be held by a process; a temporary store is gone with its last session.
/// A store whose disk is full or read-only, or that this account may only read, is opened for reading:
/// questions are answered, no byte of the store changes, and what would write fails with kStorage and the
/// reason. Servers are always there or not: `if_absent` says nothing about them. Errors: kInvalidArgument for
/// a URL that parse_store_url refuses.
Result<std::shared_ptr<Connector>> make_connector(const StoreUrl& url, IfAbsent if_absent,
                                                  UseReserve use_reserve = UseReserve::kNo);
Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent);

}  // namespace optiinfra
