/// @file optiinfra/store/durability.hpp
/// Whether rows that the store has acknowledged survive a power loss.
#pragma once

#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// What a table does with a new part before the insert returns.
enum class PartSync {
  kNone,      ///< The system writes it to disk within its own time, usually half a minute.
  kComplete,  ///< Files and folder of the part are synced.
};

/// What all raw tables and rollups do; kNone when they differ.
Result<PartSync> read_part_sync(Transport& transport);

/// Makes raw tables and rollups sync their new parts, or stop it, for every insert from whomever. Changes
/// nothing where it is so already. With it, an insert that asks for InsertStatement::synced survives a
/// power loss in an embedded store; on a server its parts do, and the records of tokens do not: a retry
/// after the server's power loss is complete_block().
Result<void> set_part_sync(Transport& transport, PartSync sync);

}  // namespace optiinfra
