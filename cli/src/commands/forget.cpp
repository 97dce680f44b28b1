#include "optiinfra/service/forget.hpp"

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/confirmation.hpp"
#include "commands/server_api.hpp"
#include "flags.hpp"
#include "optiinfra/api/api_store.hpp"
#include "optiinfra/spool/spool.hpp"

namespace optiinfra::cli {
namespace {

/// A service that removes a customer reads and writes every table.
constexpr std::chrono::hours kApiForgetTimeout{1};

struct ForgetFlags {
  std::string customer, state;
  bool yes = false, dry_run = false;
};

/// Counts, or removes; the report says which.
using Forget = std::function<Result<Report>(bool is_dry_run)>;

Result<ExitCode> run(const ForgetFlags& flags, Context& context, const Forget& forget) {
  const Stopwatch watch;
  if (!flags.yes && !flags.dry_run) {
    OPTIINFRA_TRY(const Report counted, forget(true));
    const std::string what = service::what_is_forgotten(counted);
    if (!what.empty()) OPTIINFRA_CHECK(confirm(context, "this removes " + what + ", for good", "the counts"));
  }
  OPTIINFRA_TRY(Report report, forget(flags.dry_run));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<Report> forget_by_api(api::ApiStore& store, const std::string& customer, bool is_dry_run) {
  OPTIINFRA_TRY(
      api::ApiAnswer answer,
      store.ask("/api/v1/customers", {{"customer", customer}, {"dry_run", is_dry_run ? "yes" : "no"}},
                kApiForgetTimeout, "DELETE"));
  if (!answer.not_found.empty()) return Error{ErrorKind::kIncompatible, answer.not_found};
  return std::move(answer.report);
}

/// Rows that a service has accepted and not stored would bring the customer back.
Result<void> expect_empty_spool(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) return {};
  OPTIINFRA_TRY(const auto spool, spool::Spool::open(folder));
  const std::uint64_t records = spool->recovery().records;
  OPTIINFRA_CHECK(spool->close());
  if (records == 0) return {};
  return Error{
      ErrorKind::kConflict,
      std::to_string(records) + " accepted inserts wait in " + folder.string() +
          " to be stored and may hold rows of the customer; start `optiinfra server` on the store and "
          "run this while it runs. Nothing was removed"};
}

Result<std::filesystem::path> state_folder(const ForgetFlags& flags, const StoreUrl& store) {
  if (!flags.state.empty()) return std::filesystem::absolute(flags.state);
  if (store.protocol == Protocol::kEmbedded) return api_folder(store.folder);
  return std::filesystem::path();
}

Result<ExitCode> run_forget(const ForgetFlags& flags, Context& context) {
  OPTIINFRA_TRY(auto api, context.api());
  if (api)
    return run(flags, context,
               [&](bool is_dry_run) { return forget_by_api(*api, flags.customer, is_dry_run); });
  OPTIINFRA_TRY(const StoreUrl store, context.store_url());
  OPTIINFRA_TRY(const auto state, state_folder(flags, store));
  if (!state.empty()) OPTIINFRA_CHECK(expect_empty_spool(state / "spool"));
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const Names names, client.names());
  OPTIINFRA_TRY(const std::string id, names.id_of(NameKind::kCustomer, flags.customer));
  OPTIINFRA_TRY(const Uuid customer, Uuid::parse(id));
  service::Tokens tokens(state);
  if (state.empty())
    context.remark("note: the tokens of a service of this store are not looked at; name its --state");
  return run(flags, context, [&](bool is_dry_run) {
    return service::forget_customer(client, customer,
                                    {.is_dry_run = is_dry_run, .tokens = state.empty() ? nullptr : &tokens});
  });
}

void describe(CLI::App& app, ForgetFlags& flags) {
  app.add_option("--customer", flags.customer, "The customer to remove; its UUID or its name")
      ->type_name("UUID|NAME")
      ->required();
  app.add_flag("--yes", flags.yes, "Remove without asking; needed when nobody can answer, as in a script");
  app.add_flag("--dry-run", flags.dry_run, "Show the counts of what would be removed, and change nothing");
  app.add_option("--state", flags.state,
                 "Where the service of a store that is elsewhere keeps its tokens; default in an embedded "
                 "store's folder")
      ->type_name("DIR");
}

}  // namespace

void define_forget(CLI::App& parent, Action& action) {
  define_command<ForgetFlags>(
      parent, action, "forget",
      "Remove a customer for good: its rows, rollups, attributed hours, names and tokens. Counts everything "
      "before and after. Stopped anywhere, the same command completes it",
      "  optiinfra forget --customer acme --dry-run\n"
      "  optiinfra forget --customer acme\n"
      "  optiinfra forget --customer 550e8400-e29b-41d4-a716-446655440000 --yes --output json",
      describe, run_forget);
}

}  // namespace optiinfra::cli
