/// The engine's configuration at its start, as the XML that it reads.
#pragma once

#include <cstdint>
#include <string>

#include "embedded/folder.hpp"
#include "optiinfra/transport/serve.hpp"

namespace optiinfra::embedded {

/// Half of the machine's memory: the caller's program needs the rest.
std::uint64_t memory_bytes_of_engine();

/// Of an engine that serves only this process.
std::string engine_configuration(const Folder& folder);

/// Of an engine that serves.
std::string server_configuration(const ServeOptions& options, const Folder& folder);

}  // namespace optiinfra::embedded
