#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "optiinfra/api/api_store.hpp"
#include "optiinfra/service/verification.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {
namespace {

/// A service that verifies a large store reads all of it.
constexpr std::chrono::hours kApiVerifyTimeout{1};

struct VerifyFlags {
  bool json = false;
  bool repair = false;
  bool accept_loss = false;
};

store::RepairMode repair_mode_of(const VerifyFlags& flags) {
  if (!flags.repair) return store::RepairMode::kNothing;
  return flags.accept_loss ? store::RepairMode::kRollupsAcceptingLoss : store::RepairMode::kRollups;
}

/// What a service found has the same report; whether all agrees is in its summary.
bool is_ok(const Report& report) {
  const Records& summary = report.sections.back().records;
  return std::get<bool>(summary.rows.front().front());
}

Result<ExitCode> run_by_api(const VerifyFlags& flags, api::ApiStore& store, Context& context) {
  if (flags.repair)
    return invalid_argument(
        "--repair works on the store itself: stop the service, or give the store's own URL");
  const bool is_brief = context.output == OutputFormat::kTable;
  const Stopwatch watch;
  OPTIINFRA_TRY(
      api::ApiAnswer answer,
      store.ask("/api/v1/verify", {{"detail", is_brief ? "faults" : "everything"}}, kApiVerifyTimeout));
  if (!answer.not_found.empty()) return Error{ErrorKind::kIncompatible, answer.not_found};
  answer.report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(answer.report));
  return is_ok(answer.report) ? ExitCode::kDone : ExitCode::kDifference;
}

Result<ExitCode> run(const VerifyFlags& flags, Context& context) {
  if (flags.json) context.output = OutputFormat::kJson;
  OPTIINFRA_TRY(auto api, context.api());
  if (api) return run_by_api(flags, *api, context);
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  const auto detail =
      context.output == OutputFormat::kTable ? service::Detail::kFaults : service::Detail::kEverything;
  OPTIINFRA_TRY(auto verified, service::verify_store(client, repair_mode_of(flags), detail));
  verified.report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(verified.report));
  return verified.is_ok ? ExitCode::kDone : ExitCode::kDifference;
}

void describe(CLI::App& app, VerifyFlags& flags) {
  auto* const repair =
      app.add_flag("--repair", flags.repair,
                   "Rebuild the rollup hours that differ from their raw rows, and list them. Safe while "
                   "writes go on. Hours whose raw rows may have expired or were set aside are left alone");
  app.add_flag("--accept-loss", flags.accept_loss,
               "Rebuild also the hours whose raw rows were set aside, with what is left of them")
      ->needs(repair);
  app.add_flag("--json", flags.json, "The same as --output json");
}

}  // namespace

void define_verify(CLI::App& parent, Action& action) {
  define_command<VerifyFlags>(
      parent, action, "verify",
      "Check the store: its objects, its retention, every rollup hour against the raw rows, and every "
      "attributed hour against its bill. "
      "Exit code 4 when something differs",
      "  optiinfra verify\n"
      "  optiinfra verify --repair\n"
      "  optiinfra verify --json | jq .data.summary",
      describe, run);
}

}  // namespace optiinfra::cli
