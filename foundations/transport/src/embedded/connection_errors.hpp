/// Changes what the engine does about a connection that ends in an error.
#pragma once

#include "embedded/library.hpp"

namespace optiinfra::embedded {

/// Makes the engine survive errors of connections; call before it boots in order to serve.
///
/// Booted in this way, the engine (26.7) installs a handler, class KillingErrorHandler, that ends the
/// process at any exception which leaves a connection's thread: a wrong password or a stray byte on the TCP
/// port would stop the server. A ClickHouse server logs it and goes on, and what is to be logged has
/// been logged by then. So the three functions of that handler are replaced by one that does nothing,
/// in its table of virtual functions, which is found by the class's name.
///
/// Errors: kIncompatible when the library has the class but in another shape. A library without it needs
/// nothing.
Result<void> survive_connection_errors(const Library& library);

}  // namespace optiinfra::embedded
