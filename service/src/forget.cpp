#include "optiinfra/service/forget.hpp"

#include <algorithm>

#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/forget.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/store/forget.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::service {
namespace {

using namespace report;

/// Rows that were on their way when the first removal began are there for the second.
constexpr int kAttemptsMax = 3;

struct Counted {
  std::string what;  ///< A table, or the tokens.
  std::uint64_t count = 0;
};

std::vector<store::RowsToRemove> rows_of(const Uuid& customer) {
  std::vector<store::RowsToRemove> all = store::metrics_of_customer(customer);
  all.push_back(attribution::attributed_rows_of(customer));
  all.push_back(attribution::budgets_of(customer));
  all.push_back(attribution::objectives_of(customer));
  return all;
}

/// In all parts of the store together.
Result<std::vector<Counted>> count_tables(Client& client, const Uuid& customer) {
  const auto all = rows_of(customer);
  std::vector<Counted> counts;
  for (const store::RowsToRemove& each : all) counts.push_back({.what = each.table});
  OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    for (std::size_t i = 0; i < all.size(); ++i) {
      OPTIINFRA_TRY(const std::uint64_t rows, count_rows(session, all[i]));
      counts[i].count += rows;
    }
    return {};
  }));
  return counts;
}

std::uint64_t total(const std::vector<Counted>& counts) {
  std::uint64_t sum = 0;
  for (const Counted& each : counts) sum += each.count;
  return sum;
}

Result<std::uint64_t> count_tokens(const Tokens& tokens, const Uuid& customer) {
  OPTIINFRA_TRY(const auto all, tokens.list());
  return static_cast<std::uint64_t>(std::count_if(all.begin(), all.end(), [&](const Token& token) {
    return std::find(token.customers.begin(), token.customers.end(), customer) != token.customers.end();
  }));
}

/// Tables, names and tokens.
Result<std::vector<Counted>> count_everything(Client& client, const Uuid& customer,
                                              const ForgetOptions& options) {
  OPTIINFRA_TRY(auto counts, count_tables(client, customer));
  OPTIINFRA_TRY(const std::uint64_t names, count_names_of(client, customer));
  counts.push_back({"names", names});
  if (options.tokens == nullptr) return counts;
  OPTIINFRA_TRY(const std::uint64_t tokens, count_tokens(*options.tokens, customer));
  counts.push_back({"tokens", tokens});
  return counts;
}

Result<void> remove_everywhere(Client& client, const Uuid& customer) {
  return client.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    // Raw rows first: a repair of rollups that comes in between makes them from raw rows.
    for (const store::RowsToRemove& rows : store::metrics_of_customer(customer))
      OPTIINFRA_CHECK(store::remove_rows(session, rows));
    OPTIINFRA_CHECK(store::remove_rows(session, attribution::budgets_of(customer)));
    OPTIINFRA_CHECK(store::remove_rows(session, attribution::objectives_of(customer)));
    return attribution::forget_attributed(session, customer);
  });
}

Result<void> remove_rows_of(Client& client, const Uuid& customer, const ForgetOptions& options) {
  std::uint64_t left = 0;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    if (options.store_accepted) OPTIINFRA_CHECK(options.store_accepted());
    OPTIINFRA_CHECK(remove_everywhere(client, customer));
    OPTIINFRA_TRY(const auto counts, count_tables(client, customer));
    left = total(counts);
    if (left == 0) return {};
  }
  return Error{ErrorKind::kConflict, std::to_string(left) +
                                         " rows of the customer arrived while others were "
                                         "removed; stop what sends them, and run this again"};
}

Result<void> forget(Client& client, const Uuid& customer, const ForgetOptions& options) {
  OPTIINFRA_CHECK(client.with_each_part([](Session& session, std::uint32_t) {
    return store::expect_nothing_set_aside(session, "the customer");
  }));
  OPTIINFRA_CHECK(claim_names(client, customer));
  OPTIINFRA_CHECK(remove_rows_of(client, customer, options));
  if (options.tokens != nullptr) OPTIINFRA_CHECK(done(options.tokens->forget(customer)));
  return forget_names(client, customer);
}

std::uint64_t count_of(const std::vector<Counted>& counts, std::string_view what) {
  const auto found =
      std::find_if(counts.begin(), counts.end(), [&](const Counted& each) { return each.what == what; });
  return found == counts.end() ? 0 : found->count;
}

/// `after` is empty for a dry run.
Report report_of(const Uuid& customer, const Value& name, const std::vector<Counted>& before,
                 const std::vector<Counted>& after) {
  Records records{.fields = {{"table", "table"},
                             {"rows_before", "rows before", Look::kCount},
                             {"rows_after", "rows after", Look::kCount, 0, true}},
                  .rows = {}};
  for (const Counted& each : before)
    records.rows.push_back(
        {each.what, each.count, after.empty() ? Value() : Value(count_of(after, each.what))});
  const std::uint64_t names = count_of(before, "names"), tokens = count_of(before, "tokens");
  Report report{.command = after.empty() ? "forget --dry-run" : "forget"};
  report.sections.push_back({.key = "tables", .title = {}, .records = std::move(records)});
  report.sections.push_back(object_section("summary",
                                           {{"customer_id", "customer"},
                                            {"customer_name", "name"},
                                            {"rows", "rows", Look::kCount},
                                            {"names", "records of names", Look::kCount},
                                            {"tokens", "tokens", Look::kCount},
                                            {"is_forgotten", "nothing is left"}},
                                           {customer.to_string(), name, total(before) - names - tokens, names,
                                            tokens, total(after.empty() ? before : after) == 0}));
  return report;
}

}  // namespace

Result<Report> forget_customer(Client& client, const Uuid& customer, const ForgetOptions& options) {
  if (customer.is_nil()) return invalid_argument("the nil UUID is no customer");
  OPTIINFRA_TRY(const Names names, client.names(std::chrono::milliseconds{0}));
  const NamedId* const entry = names.of(NameKind::kCustomer, customer.to_string());
  const Value name = entry == nullptr ? Value() : Value(entry->name);
  OPTIINFRA_TRY(const auto before, count_everything(client, customer, options));
  if (options.is_dry_run) return report_of(customer, name, before, {});
  OPTIINFRA_CHECK(forget(client, customer, options));
  OPTIINFRA_TRY(const auto after, count_everything(client, customer, options));
  return report_of(customer, name, before, after);
}

std::string what_is_forgotten(const Report& report) {
  const Records& summary = report.sections.back().records;
  const auto text = [&](std::size_t column) { return plain_text(summary.rows.front().at(column)); };
  if (text(2) == "0" && text(3) == "0" && text(4) == "0") return "";
  const std::string name = text(1);
  return text(2) + " rows, " + text(3) + " records of names and " + text(4) + " tokens of customer " +
         (name.empty() ? text(0) : name + " (" + text(0) + ")");
}

}  // namespace optiinfra::service
