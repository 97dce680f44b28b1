// Removes a customer: DELETE /api/v1/customers.
#include "optiinfra/service/forget.hpp"

#include <mutex>

#include "handlers/answers.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

constexpr int kRetryAfterForget = 10;  ///< Seconds.
/// For the rows that were accepted before.
constexpr std::chrono::seconds kFlushTime{60};

/// One at a time: it writes every table again.
Response answer_forget(const Call& call) {
  static std::mutex running;
  const std::unique_lock lock(running, std::try_to_lock);
  if (!lock.owns_lock())
    return problem(429, "another customer is being removed; ask again when that is done", kRetryAfterForget);
  const auto names = names_of(call);
  if (!names) return problem_of(names.error());
  const auto id = names->id_of(NameKind::kCustomer, *value_of(call.request.parameters, "customer"));
  if (!id) return problem_of(id.error());
  Writer* const writer = call.backend.writer;
  // Its spool may hold rows of the customer, which a later run would store.
  if (writer == nullptr) return problem(503, call.backend.why_no_writer);
  const Uuid customer = *Uuid::parse(*id);
  const bool is_dry_run = value_of(call.request.parameters, "dry_run") == "yes";
  const auto report = forget_customer(call.backend.client, customer,
                                      {.is_dry_run = is_dry_run,
                                       .store_accepted = [writer] { return writer->flush(kFlushTime); },
                                       .tokens = &call.backend.tokens});
  if (report && !is_dry_run) call.backend.rejected.forget(customer);
  if (report) return answer_of(call.request, *report);
  return report.error().kind == ErrorKind::kConflict ? problem(409, report.error().message)
                                                     : problem_of(report.error());
}

}  // namespace

Route forget_route() {
  return {.method = "DELETE",
          .path = "/api/v1/customers",
          .name = "forget_customer",
          .tag = "operation",
          .meaning =
              "Removes a customer for good: its rows, rollups, attributed hours, names and tokens; it "
              "may take minutes, and repeating it completes it",
          .openness = Openness::kSeesAll,
          .scope = Scope::kAdmin,
          .parameters = {{.name = "customer", .meaning = "Its UUID or name", .is_required = true},
                         {.name = "dry_run",
                          .meaning = "yes: counts what would be removed, and removes nothing",
                          .words = {"yes", "no"}},
                         format_parameter()},
          .handle = answer_forget};
}

}  // namespace optiinfra::service
