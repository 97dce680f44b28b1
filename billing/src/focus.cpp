// FOCUS 1.3 rows with data generator-calculated split cost allocation: one for each part of each charge.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "gathered.hpp"
#include "list_costs.hpp"
#include "optiinfra/attribution/charges.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/report/csv.hpp"
#include "shown.hpp"

namespace optiinfra::billing {
namespace {

using namespace std::chrono_literals;

/// What FOCUS calls the documented method by which charges are split: docs/unit-economics.md.
constexpr const char* kMethod = "optiinfra-attributed-cost";

/// Ratios are whole billionths, so that those of a charge add up to exactly 1.
constexpr std::int64_t kRatioUnit = 1'000'000'000;
__extension__ typedef __int128 SignedWide;

/// Cells of one row; a null is an empty cell.
using Texts = std::vector<std::string>;

constexpr const char* kFocusColumns[] = {"BilledCost",
                                         "EffectiveCost",
                                         "ContractedCost",
                                         "ListCost",
                                         "BillingCurrency",
                                         "BillingAccountId",
                                         "BillingAccountName",
                                         "BillingPeriodStart",
                                         "BillingPeriodEnd",
                                         "ChargePeriodStart",
                                         "ChargePeriodEnd",
                                         "ChargeCategory",
                                         "ChargeClass",
                                         "ChargeDescription",
                                         "ChargeFrequency",
                                         "ServiceProviderName",
                                         "HostProviderName",
                                         "InvoiceIssuerName",
                                         "ProviderName",
                                         "PublisherName",
                                         "ServiceCategory",
                                         "ServiceName",
                                         "RegionId",
                                         "ResourceId",
                                         "ResourceType",
                                         "PricingQuantity",
                                         "PricingUnit",
                                         "AllocatedMethodId",
                                         "AllocatedMethodDetails",
                                         "AllocatedResourceId",
                                         "AllocatedResourceName",
                                         "AllocatedTags",
                                         "x_CostKind",
                                         "x_AllocationMethod",
                                         "x_PriceSource"};

bool is_of_requests(const attribution::AttributedCost& part) {
  return part.kind == attribution::CostKind::kServed || part.kind == attribution::CostKind::kWasted;
}

bool is_estimated(const attribution::AttributedCost& part) {
  return part.price_source.starts_with(attribution::kPriceBookSource);
}

/// The store adds taxes and purchases, and credits, refunds and adjustments, before it splits a charge.
const char* category_of(const attribution::AttributedCost& part) {
  if (part.kind == attribution::CostKind::kUnreconciled) return "Adjustment";
  if (part.kind == attribution::CostKind::kOverhead && !part.instance.empty()) return "Adjustment";
  return "Usage";
}

std::string description_of(const attribution::AttributedCost& part) {
  switch (part.kind) {
    case attribution::CostKind::kServed:
      return "requests of " + part.model;
    case attribution::CostKind::kWasted:
      return "requests of " + part.model + " that failed";
    case attribution::CostKind::kUnderfill:
      return "time with fewer requests than the instance can serve";
    case attribution::CostKind::kIdle:
      return "time without a request";
    case attribution::CostKind::kOverhead:
      return "taxes, purchases and charges without an instance";
    default:
      return "credits, refunds and adjustments";
  }
}

/// Beyond, a charge is nearly cancelled by its credit, and the shares in what is left say nothing.
constexpr std::int64_t kRatioMax = 1000 * kRatioUnit;

/// The share of each part in their sum; empty when the sum is 0 or nearly so.
std::vector<std::int64_t> ratios_of(std::span<const attribution::AttributedCost> parts) {
  SignedWide total = 0, sum = 0;
  for (const attribution::AttributedCost& part : parts) total += part.cost;
  if (total == 0) return {};
  std::vector<std::int64_t> ratios;
  std::int64_t before = 0;
  for (const attribution::AttributedCost& part : parts) {
    sum += part.cost;
    const SignedWide exact = sum * kRatioUnit / total;
    if (exact > kRatioMax || exact < -kRatioMax) return {};
    const auto until = static_cast<std::int64_t>(exact);
    ratios.push_back(until - before);
    before = until;
  }
  return ratios;
}

class FocusRows {
 public:
  FocusRows(const CustomerReportQuestion& question, const Names& names, const report::TextOutput& output)
      : question_(question), names_(names), output_(output) {}

  Result<void> begin() { return write(Texts(std::begin(kFocusColumns), std::end(kFocusColumns))); }

  /// `parts` are all of the charge when its list cost is known.
  Result<void> charge(sys_seconds hour, std::span<const attribution::AttributedCost> parts,
                      const ListCosts& lists) {
    const auto list_costs = lists.of(hour, parts);
    // What the whole charge was concerns those who were served by a part of it no more than who the others
    // are.
    const auto ratios = question_.customers.empty() ? ratios_of(parts) : std::vector<std::int64_t>();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!is_shown(parts[i].served)) continue;
      const std::string list =
          list_costs ? exact_amount(static_cast<std::int64_t>((*list_costs)[i])) : std::string();
      OPTIINFRA_CHECK(part(hour, parts[i], list, ratios.empty() ? "" : details_of(ratios[i])));
    }
    return {};
  }

 private:
  static std::string details_of(std::int64_t ratio) {
    return "{\"Elements\":[{\"AllocatedRatio\":" + exact_amount(ratio) + "}]}";
  }

  std::string name_of(NameKind kind, const Uuid& id) const {
    const NamedId* const entry = names_.of(kind, id.to_string());
    return entry == nullptr ? "" : entry->name;
  }

  bool is_shown(const Uuid& customer) const {
    const auto& shown = question_.customers;
    return shown.empty() || std::find(shown.begin(), shown.end(), customer) != shown.end();
  }

  /// Who pays; the customer itself when it is another one, which is none of the reader's business.
  Uuid account_of(const attribution::AttributedCost& part) const {
    return is_shown(part.payer) ? part.payer : part.served;
  }

  std::string tags_of(const attribution::AttributedCost& part) const {
    nlohmann::ordered_json tags = {{"optiinfra/customer", part.served.to_string()}};
    if (const std::string name = name_of(NameKind::kCustomer, part.served); !name.empty())
      tags["optiinfra/customer_name"] = name;
    if (is_of_requests(part)) tags["optiinfra/model"] = part.model;
    return tags.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }

  Result<void> part(sys_seconds hour, const attribution::AttributedCost& part, const std::string& list_cost,
                    const std::string& details) {
    const Uuid account = account_of(part);
    const bool is_allocated = is_of_requests(part);
    const Uuid resource = part.service.is_nil() ? part.served : part.service;
    // Billed is what an invoice says. An hour from the price book is on none yet.
    return write({exact_amount(is_estimated(part) ? 0 : part.cost),
                  exact_amount(part.cost),
                  "",
                  list_cost,
                  part.currency,
                  account.to_string(),
                  name_of(NameKind::kCustomer, account),
                  format_time(question_.month.begin),
                  format_time(question_.month.end),
                  format_time(hour),
                  format_time(hour + 1h),
                  category_of(part),
                  "",
                  description_of(part),
                  "Usage-Based",
                  part.provider,
                  part.provider,
                  part.provider,
                  part.provider,
                  part.provider,
                  "AI and Machine Learning",
                  "LLM serving",
                  part.region,
                  part.instance,
                  part.instance_type,
                  "",
                  "",
                  kMethod,
                  details,
                  is_allocated ? resource.to_string() : "",
                  is_allocated ? name_of(NameKind::kService, resource) : "",
                  tags_of(part),
                  to_string(part.kind),
                  part.method,
                  part.price_source});
  }

  /// Amounts are numbers, so that a minus in front is no formula.
  Result<void> write(Texts cells) {
    constexpr std::size_t kAmounts = 4;
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::string& cell = cells[i];
      if (i >= kAmounts) cell = report::for_spreadsheets(std::move(cell));
      line += (i == 0 ? "" : ",") + report::csv_cell(cell);
    }
    return output_(line + "\n");
  }

  const CustomerReportQuestion& question_;
  const Names& names_;
  const report::TextOutput& output_;
};

}  // namespace

Result<void> write_focus(Client& client, const CustomerReportQuestion& question, TimeRange window,
                         const Names& names, const report::TextOutput& output) {
  FocusRows rows(question, names, output);
  OPTIINFRA_CHECK(rows.begin());
  // A day at a time, as charges are read.
  for (sys_seconds begin = window.begin; begin < window.end; begin += std::chrono::days{1}) {
    const TimeRange day{begin, std::min<sys_seconds>(begin + std::chrono::days{1}, window.end)};
    OPTIINFRA_TRY(const ListCosts lists, ListCosts::read(client, day));
    // To split a list cost one needs all parts of its charge, also of customers that are not shown.
    const std::vector<Uuid> everyone;
    OPTIINFRA_CHECK(
        attribution::each_charge(client, day, lists.empty() ? question.customers : everyone,
                                 [&](sys_seconds hour, std::span<const attribution::AttributedCost> parts) {
                                   return rows.charge(hour, parts, lists);
                                 }));
  }
  return {};
}

}  // namespace optiinfra::billing
