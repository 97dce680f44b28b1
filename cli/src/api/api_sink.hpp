/// Rows of a collector through the HTTP API.
#pragma once

#include <memory>

#include "optiinfra/api/api_store.hpp"
#include "optiinfra/collect/sink.hpp"

namespace optiinfra::cli {

/// Rows wait in memory while the service is away, at most kSamplesWaitingMax samples.
std::unique_ptr<collect::RowSink> make_api_sink(api::ApiStore store, collect::Remark remark);

}  // namespace optiinfra::cli
