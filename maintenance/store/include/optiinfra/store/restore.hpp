/// @file optiinfra/store/restore.hpp
/// Finds and restores objects of a store on one machine that are missing or altered although their schema
/// version is recorded: a user of a server can drop them, and a definition can be lost.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

struct ObjectFault {
  std::string what;  ///< "cost_hourly is missing; run: optiinfra init".
  bool is_view = false;
};

/// Compares names, kinds, and the queries of views; verify() compares columns.
Result<std::vector<ObjectFault>> find_object_faults(Session& session);

/// Creates what is missing and restores the query of altered views. A table that was dropped within the last
/// minutes comes back with its rows, any other without. Returns what was done, one sentence each.
/// May be repeated, also after a kill. Errors: those of the engine; kCorrupt when another kind of object has
/// the name of one of ours.
Result<std::vector<std::string>> restore_objects(Session& session);

}  // namespace optiinfra::store
