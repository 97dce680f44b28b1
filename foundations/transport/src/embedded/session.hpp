/// Sessions with the embedded engine.
#pragma once

#include <filesystem>
#include <memory>

#include "optiinfra/transport/connector.hpp"

namespace optiinfra::embedded {

/// A connector to the store in `folder`; an empty path is a temporary store.
std::shared_ptr<Connector> make_embedded_connector(std::filesystem::path folder, IfAbsent if_absent,
                                                   UseReserve use_reserve);

}  // namespace optiinfra::embedded
