#include "target.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "optiinfra/core/identity.hpp"

namespace optiinfra::remote_write {
namespace {

Uuid uuid_of(const char* kind, std::string_view text) {
  if (const auto id = Uuid::parse(text)) return *id;
  return identity_of(kind, text);
}

/// "10.0.0.1:8000": what Prometheus calls an instance that nobody named.
bool is_address(std::string_view instance) {
  const std::size_t colon = instance.rfind(':');
  return colon != std::string_view::npos && colon + 1 < instance.size() &&
         instance.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

std::string customer_of(const TargetLabels& labels, const RemoteWriteOrigin& origin) {
  if (!labels.customer.empty()) return std::string(labels.customer);
  if (!origin.customer.empty()) return origin.customer;
  return origin.customers.size() == 1 ? origin.customers.front().to_string() : std::string();
}

std::string_view service_of(const TargetLabels& labels, const RemoteWriteOrigin& origin) {
  if (!labels.service.empty()) return labels.service;
  return origin.service.empty() ? labels.job : std::string_view(origin.service);
}

}  // namespace

TargetLabels take_target_labels(std::span<const exposition::MetricLabel> labels,
                                std::vector<exposition::MetricLabel>& rest) {
  TargetLabels taken;
  rest.clear();
  const std::pair<std::string_view, std::string_view TargetLabels::*> places[] = {
      {"__name__", &TargetLabels::metric},
      {"customer", &TargetLabels::customer},
      {"service", &TargetLabels::service},
      {"job", &TargetLabels::job},
      {"instance", &TargetLabels::instance},
      {"instance_type", &TargetLabels::instance_type},
      {"prometheus_replica", &TargetLabels::replica},
      {"__replica__", &TargetLabels::replica},
      {kTemporalityLabel, &TargetLabels::temporality}};
  for (const exposition::MetricLabel& each : labels) {
    const auto place = std::find_if(std::begin(places), std::end(places),
                                    [&](const auto& known) { return known.first == each.name; });
    if (place == std::end(places)) {
      rest.push_back(each);
    } else {
      taken.*place->second = each.value;
    }
    // An engine's own label, too: which of both it is depends on the engine.
    if (each.name == "model") taken.model = each.value;
  }
  return taken;
}

Result<exposition::TargetOwner> owner_of(const TargetLabels& labels, const RemoteWriteOrigin& origin) {
  exposition::TargetOwner owner;
  const std::string customer = customer_of(labels, origin);
  if (customer.empty())
    return invalid_argument(
        "a series names no customer; give one as 'customer' in external_labels or in the URL");
  owner.customer_id = uuid_of("customer", customer);
  if (!may_write(origin, owner.customer_id))
    return invalid_argument("this token must not write for the customer " + customer);
  const std::string_view service = service_of(labels, origin);
  if (service.empty()) return invalid_argument("a series has neither a label 'service' nor 'job'");
  owner.service_id = uuid_of("service", service);
  if (owner.customer_id.is_nil() || owner.service_id.is_nil())
    return invalid_argument("the labels 'customer' and 'service' must not be the nil UUID");
  if (labels.instance.empty()) return invalid_argument("a series has no label 'instance'");
  if (labels.instance.size() > kTextBytesMax) return invalid_argument("the name of an instance is too long");
  owner.instance_id = labels.instance;
  owner.is_instance_chosen = !is_address(labels.instance);
  owner.instance_type = labels.instance_type;
  return owner;
}

bool may_write(const RemoteWriteOrigin& origin, const Uuid& customer) {
  return origin.customers.empty() ||
         std::find(origin.customers.begin(), origin.customers.end(), customer) != origin.customers.end();
}

exposition::SeriesKey target_key(const TargetLabels& labels, const RemoteWriteOrigin& origin) {
  std::string text = customer_of(labels, origin);
  for (const std::string_view each : {service_of(labels, origin), labels.job, labels.instance}) {
    text += '\0';
    text += each;
  }
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

}  // namespace optiinfra::remote_write
