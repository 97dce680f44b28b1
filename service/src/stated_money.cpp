#include "optiinfra/service/stated_money.hpp"

namespace optiinfra::service {
namespace {

using report::Look;
using report::Records;
using report::Value;

Value text_or_absent(const std::string& text) { return text.empty() ? Value{} : Value{text}; }
Value time_or_absent(sys_seconds time) { return time == sys_seconds{} ? Value{} : Value{time}; }
Value number_or_absent(const std::optional<double>& number) { return number ? Value{*number} : Value{}; }

}  // namespace

Records price_records(const std::vector<attribution::Price>& prices, const std::string& sku) {
  Records records{.fields = {{"provider", "provider", Look::kText, 0, true},
                             {"sku", "sku"},
                             {"region", "region", Look::kText, 0, true},
                             {"tier", "tier", Look::kText, 0, true},
                             {"unit", "per"},
                             {"price", "price", Look::kDecimal, 4},
                             {"currency", "currency", Look::kText, 0, true},
                             {"valid_from", "from (UTC)", Look::kTime, 0, true},
                             {"valid_to", "to (UTC)", Look::kTime, 0, true},
                             {"source", "source", Look::kText, 0, true}},
                  .rows = {}};
  for (const attribution::Price& price : prices) {
    if (!sku.empty() && price.sku != sku) continue;
    records.rows.push_back({text_or_absent(price.provider), price.sku, text_or_absent(price.region),
                            text_or_absent(price.tier), std::string(to_string(price.unit)), price.price,
                            text_or_absent(price.currency), time_or_absent(price.valid_from),
                            time_or_absent(price.valid_to), text_or_absent(price.source)});
  }
  return records;
}

Records missing_price_records(const std::vector<attribution::InstanceWithoutPrice>& instances) {
  Records records{.fields = {{"instance_id", "instance"},
                             {"cloud_provider", "provider"},
                             {"instance_type", "type"},
                             {"region", "region"},
                             {"hours", "hours", Look::kCount},
                             {"last_seen", "last hour (UTC)", Look::kTime}},
                  .rows = {}};
  for (const attribution::InstanceWithoutPrice& each : instances)
    records.rows.push_back({each.instance, text_or_absent(each.provider), text_or_absent(each.type),
                            text_or_absent(each.region), each.hours, each.last_seen});
  return records;
}

Records budget_records(const std::vector<attribution::Budget>& budgets) {
  Records records{.fields = {{"budget", "budget"},
                             {"scope", "of"},
                             {"scope_id", "which"},
                             {"amount", "amount a month", Look::kDecimal, 2},
                             {"currency", "currency"},
                             {"thresholds", "thresholds, percent"}},
                  .rows = {}};
  for (const attribution::Budget& each : budgets)
    records.rows.push_back({each.name, text_or_absent(each.scope), text_or_absent(each.scope_id), each.amount,
                            text_or_absent(each.currency), attribution::thresholds_text(each.thresholds)});
  return records;
}

Records objective_records(const std::vector<attribution::Objective>& objectives) {
  Records records{.fields = {{"objective", "objective"},
                             {"scope", "of"},
                             {"scope_id", "which"},
                             {"time_to_first_token_ms", "first token within ms", Look::kDecimal, 0, true},
                             {"inter_token_latency_ms", "between tokens within ms", Look::kDecimal, 1, true},
                             {"latency_ms", "all within ms", Look::kDecimal, 0, true},
                             {"share", "share", Look::kDecimal, 5},
                             {"period_days", "days", Look::kCount}},
                  .rows = {}};
  for (const attribution::Objective& each : objectives)
    records.rows.push_back({each.name, text_or_absent(each.scope), text_or_absent(each.scope_id),
                            number_or_absent(each.time_to_first_token_ms),
                            number_or_absent(each.inter_token_latency_ms), number_or_absent(each.latency_ms),
                            each.share, static_cast<std::uint64_t>(each.period.count())});
  return records;
}

Records rate_records(const std::vector<attribution::ExchangeRate>& rates, const std::string& currency) {
  Records records{.fields = {{"currency", "one"},
                             {"to", "is so many"},
                             {"day", "day"},
                             {"rate", "rate", Look::kDecimal, 6},
                             {"source", "source", Look::kText, 0, true}},
                  .rows = {}};
  for (const attribution::ExchangeRate& each : rates) {
    if (!currency.empty() && each.currency != currency && each.to != currency) continue;
    records.rows.push_back({each.currency, each.to, format_time(each.day).substr(0, 10), each.rate,
                            text_or_absent(each.source)});
  }
  return records;
}

}  // namespace optiinfra::service
