/// What the commands that collect share.
#pragma once

#include <memory>
#include <optional>

#include "context.hpp"
#include "optiinfra/api/api_store.hpp"
#include "optiinfra/collect/collector.hpp"

namespace optiinfra::cli {

/// Where the rows go: to the service, which may be away for a time, or to the store of the context.
/// Errors: kInvalidArgument for a spool where a service keeps the rows; those of open_store_sink().
Result<std::unique_ptr<collect::RowSink>> open_sink(std::optional<api::ApiStore> api,
                                                    const std::string& spool_folder, const Context& context);

/// Collects, with a bar of progress for people, until the time is over or SIGINT or SIGTERM comes. `options`
/// says how long.
Result<collect::CollectOutcome> collect_with_progress(collect::MetricSource& source, collect::RowSink& sink,
                                                      collect::CollectOptions options,
                                                      const Context& context);

}  // namespace optiinfra::cli
