/// Answers as text over a protocol that carries only blocks.
#pragma once

#include <functional>

#include "optiinfra/transport/session.hpp"

namespace optiinfra::native {

/// The name under which a block travels with a query, which reads it as a table.
inline constexpr std::string_view kExternalTable = "optiinfra_answer";

/// The largest answer of a statement that is no query (SHOW, DESCRIBE): it is held in memory.
inline constexpr std::size_t kWholeAnswerBytesMax = std::size_t{64} << 20;

/// Runs a statement; `external`, unless empty, is its table kExternalTable.
using RunBlocks = std::function<Result<QuerySummary>(const Statement& statement, const Block& external,
                                                     const BlockSink& on_block)>;

/// Session::query_text by queries for blocks.
///
/// The server formats, because only it knows all its types: a query is wrapped in one that gives formatRow()
/// of its rows, and the answer of any other statement is sent back with such a query. Formats: those made of
/// rows, one by one (CSV, TSV, TSVRaw, JSONEachRow, JSONCompactEachRow and their kin), with headings
/// (...WithNames, ...WithNamesAndTypes) where they have them, and Native. Errors: kInvalidArgument for
/// another format, which names the transports that give it; those of `run`.
Result<QuerySummary> answer_as_text(const Statement& statement, std::string_view format,
                                    const TextSink& on_text, const RunBlocks& run);

}  // namespace optiinfra::native
