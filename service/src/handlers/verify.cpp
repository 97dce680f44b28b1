// Whether the store agrees with itself: /api/v1/verify.
#include <mutex>

#include "handlers/answers.hpp"
#include "optiinfra/report/names.hpp"
#include "optiinfra/service/verification.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

constexpr int kRetryAfterSeconds = 10;

/// One at a time: it reads every row that the store has.
Response answer_verify(const Call& call) {
  static std::mutex running;
  const std::unique_lock lock(running, std::try_to_lock);
  if (!lock.owns_lock())
    return problem(429, "the store is being verified already; ask again when that is done",
                   kRetryAfterSeconds);
  const bool is_brief = value_of(call.request.parameters, "detail") == "faults";
  const auto verified = verify_store(call.backend.client, store::RepairMode::kNothing,
                                     is_brief ? Detail::kFaults : Detail::kEverything);
  if (!verified) return problem_of(verified.error());
  call.backend.statistics.count_verification(verified->is_ok);
  return answer_of(call.request, verified->report);
}

}  // namespace

Route verify_route() {
  return {
      .method = "GET",
      .path = "/api/v1/verify",
      .name = "verify",
      .tag = "operation",
      .meaning =
          "Compares every rollup hour with its raw rows, and every attributed hour with its bill; one at a "
          "time, and it may take minutes",
      .openness = Openness::kSeesAll,
      .scope = Scope::kAdmin,
      .parameters = {{.name = "detail",
                      .meaning = "faults: without the parts that are empty, with names behind ids in texts",
                      .words = {"everything", "faults"}},
                     format_parameter()},
      .handle = answer_verify};
}

}  // namespace optiinfra::service
