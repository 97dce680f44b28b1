/// A host's record of the layouts that its cluster has had since the store was created.
#pragma once

#include <set>
#include <string>

#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

inline constexpr const char* kLayoutsTable = "cluster_layouts";

/// Every Cluster::layout() that was recorded in the session's database; none when it has no such table.
Result<std::set<std::string>> read_layouts(Session& session);

Result<void> record_layout(Session& session, const std::string& layout);

}  // namespace optiinfra::store
