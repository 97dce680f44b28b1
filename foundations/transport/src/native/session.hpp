/// A session with a store on servers.
#pragma once

#include <memory>

#include "native/store.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::native {

/// The session outlives its connection: one that broke, or that its server closed while it was idle, is
/// replaced inside the next call, by one to whichever host answers. Only a session that was given a state of
/// its own on the server (SET, USE, a temporary table) ends with its connection, and says so.
std::unique_ptr<Session> make_session(std::shared_ptr<Store> store, Store::Made made);

/// Settings under which one block stays one block, and the server keeps it in memory until the empty block
/// ends the insert: a connection that goes before leaves nothing behind.
std::vector<NamedValue> whole_block_settings();

}  // namespace optiinfra::native
