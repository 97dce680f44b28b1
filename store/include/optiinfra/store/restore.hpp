/// @file optiinfra/store/restore.hpp
/// The objects of a store on one machine that are missing or altered although their schema version is
/// recorded: a user of a server can drop them, and a definition can be lost.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

struct ObjectFault {
  std::string what;  ///< "cost_hourly is missing; run: optiinfra init".
  bool is_view = false;
};

/// Looks at names, kinds, and what views compute; columns are compared in verify.cpp.
Result<std::vector<ObjectFault>> find_object_faults(Transport& transport);

/// Makes what is missing and gives altered views their query again; a table that was dropped within the
/// engine's last minutes comes back with its rows, any other without. Gives what was done, one sentence each.
/// May be repeated, also after a kill. Errors: those of the engine; kCorrupt when another kind of object has
/// the name of one of ours.
Result<std::vector<std::string>> restore_objects(Transport& transport);

}  // namespace optiinfra
