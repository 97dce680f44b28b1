/// @file optiinfra/transport/connector.hpp
/// Opens sessions with a store that a URL names.
#pragma once

#include <memory>
#include <string_view>

#include "optiinfra/transport/session.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra {

/// What connect() does when there is no store yet.
enum class IfAbsent { kFail, kCreate };

/// Whether an embedded store on a full disk may give up its reserve, a file of 8 MiB, to be opened for
/// writing. Meant for commands that free space. The store takes the bytes back at a later opening, when the
/// disk has room.
enum class UseReserve { kNo, kYes };

/// A connector for the store at `url`. Opens nothing: connect() does.
///
/// An embedded store's folder is created with mode 0700. One process at a time may hold a folder, and a
/// process may hold one folder at a time; a temporary store is removed with its last session.
/// A store whose disk is full or read-only, or that this account may only read, is opened for reading:
/// questions are answered, no byte of the store changes, and calls that write fail with kStorage and the
/// reason. `if_absent` has no effect on servers. Errors: kInvalidArgument for a URL that parse_store_url
/// refuses.
Result<std::shared_ptr<Connector>> make_connector(const StoreUrl& url, IfAbsent if_absent,
                                                  UseReserve use_reserve = UseReserve::kNo);
Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent);

}  // namespace optiinfra
