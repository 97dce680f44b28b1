/// @file optiinfra/transport/connector.hpp
/// From a store's URL to sessions with it.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// What may happen to a store that is not there yet.
enum class IfAbsent { kFail, kCreate };

/// A connector for `url`. Opens nothing: connect() does.
///
/// `embedded:/path/to/folder` is the engine in this process, its data below that folder, which is
/// created with mode 0700. One process at a time may hold a folder, and one folder at a time may be
/// held by a process. `embedded:folder` lies below the working folder, `embedded:///path` is
/// `embedded:/path`, and `embedded:` alone is a store in a temporary folder, gone with the last session.
/// Errors: kInvalidArgument that names the forms understood.
Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent);

/// The folder of an embedded store's URL, empty for any other URL and for a temporary store.
std::filesystem::path embedded_folder(std::string_view url);

}  // namespace optiinfra
