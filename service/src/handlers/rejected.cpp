// Samples of the rows that were rejected: /api/v1/rejected.
#include "handlers/answers.hpp"
#include "handlers/writing.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

using report::Look;
using report::Value;

Response answer_rejected(const Call& call) {
  report::Records records{.fields = {{"at", "at (UTC)", Look::kTime},
                                     {"path", "sent to"},
                                     {"sender", "token"},
                                     {"row", "row", Look::kCount},
                                     {"column", "column"},
                                     {"reason", "reason"}},
                          .rows = {}};
  for (RejectedSample& each : call.backend.rejected.latest(call.caller))
    records.rows.push_back(
        {each.at, std::move(each.path), std::move(each.caller), each.index ? Value{*each.index} : Value{},
         each.column.empty() ? Value{} : Value{std::move(each.column)}, std::move(each.reason)});
  report::Report report{.command = "rejected"};
  report.sections.push_back({.key = "rejected", .records = std::move(records)});
  return answer_of(call.request, report);
}

}  // namespace

void keep_rejected(const Call& call, std::vector<RejectedSample> samples) {
  if (samples.empty()) return;
  for (RejectedSample& each : samples) {
    each.at = std::chrono::floor<std::chrono::seconds>(now());
    each.path = call.request.path;
    each.caller = call.caller.name;
    each.customers = call.caller.customers;
  }
  call.backend.rejected.add(std::move(samples));
}

Route rejected_route() {
  return {.method = "GET",
          .path = "/api/v1/rejected",
          .name = "list_rejected",
          .tag = "operation",
          .meaning =
              "Samples of the latest rows that were rejected since the start: where they were sent, by "
              "whom, and why",
          .parameters = {format_parameter()},
          .handle = answer_rejected};
}

}  // namespace optiinfra::service
