/// The SQL of a question over a window: whole hours from the rollup, partial edges from raw rows.
#pragma once

#include "attempts.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/transport/session.hpp"
#include "plan.hpp"

namespace optiinfra {

/// `range` with an edge moved out to the whole hour where its raw rows are older than `raw_begin`.
TimeRange widen(TimeRange range, sys_seconds raw_begin);

/// The statement. Its columns: the bucket's begin when there are buckets (UInt32), the dimensions (String),
/// then each family's numbers (UInt64 of a count, otherwise Float64).
Statement make_statement(const Plan& plan, std::string_view database, const Budget& budget);

}  // namespace optiinfra
