/// Renders reports as answers, in the format that the caller asks for.
#pragma once

#include "http/message.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/report/records.hpp"
#include "parameters.hpp"
#include "routes.hpp"

namespace optiinfra::service {

/// The names that the caller may see.
Result<Names> names_of(const Call& call);

/// format=json|csv|ndjson.
RouteParameter format_parameter();

/// JSON unless `format`, or Accept, says CSV or NDJSON. With an ETag; 304 when the caller has the answer
/// already.
Response answer_of(const Request& request, const report::Report& report);

}  // namespace optiinfra::service
