/// What the engine is told at boot, as the XML that it reads.
#pragma once

#include <cstdint>
#include <string>

#include "embedded/folder.hpp"
#include "optiinfra/transport/serve.hpp"

namespace optiinfra::embedded {

/// Half of the machine's memory: the caller's program needs the rest.
std::uint64_t memory_bytes_of_engine();

/// Of an engine for this process alone.
std::string engine_configuration(const Folder& folder);

/// Of an engine that serves.
std::string server_configuration(const ServeOptions& options, const Folder& folder);

/// Who may log in, how, and what for. Holds a hash of the password, never the password. Users' inserts
/// leave `insert_floor_bytes` of the disk.
std::string users_configuration(const ServeOptions& options, std::uint64_t insert_floor_bytes = 0);

/// `text` as the content of an XML element.
std::string xml_text(const std::string& text);

}  // namespace optiinfra::embedded
