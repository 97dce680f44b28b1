#include "commands/fleet_report.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace optiinfra::cli {
namespace {

constexpr std::size_t kBriefInstances = 8;

Value id_or_nothing(const Uuid& id) {
  if (id.is_nil()) return {};
  return id.to_string();
}

const fleet::FleetCustomer& customer_of(const fleet::FleetDescription& fleet,
                                        const fleet::FleetService& service) {
  return fleet.customers[service.customer];
}

Section services_section(const fleet::FleetDescription& fleet) {
  Records records{.fields = {{"customer_id", "customer"},
                             {"service_id", "service"},
                             {"customer", "whose"},
                             {"service", "for"},
                             {"service_type", "server"},
                             {"model_name", "model"}},
                  .rows = {}};
  for (const fleet::FleetService& each : fleet.services) {
    const fleet::FleetCustomer& customer = customer_of(fleet, each);
    records.rows.push_back(
        {customer.id.to_string(), each.id.to_string(), customer.name, each.name, each.type, each.model});
  }
  return {.key = "services", .title = "Services", .records = std::move(records)};
}

Section instances_section(const fleet::FleetDescription& fleet, std::size_t count) {
  Records records{.fields = {{"customer_id", "customer"},
                             {"instance_id", "instance"},
                             {"instance_type", "type"},
                             {"cloud_provider", "provider"},
                             {"region", "region"},
                             {"gpu_count", "GPUs", Look::kCount}},
                  .rows = {}};
  for (const fleet::FleetInstance& each : std::span(fleet.instances).first(count)) {
    const fleet::FleetCustomer& customer = customer_of(fleet, fleet.services[each.service]);
    records.rows.push_back({customer.id.to_string(), each.id, each.type, each.provider, each.region,
                            std::uint64_t{each.gpu_count}});
  }
  return {.key = "instances", .title = "Instances", .records = std::move(records)};
}

const char* name_of(fleet::IncidentKind kind) {
  switch (kind) {
    case fleet::IncidentKind::kLatencySpike:
      return "latency_spike";
    case fleet::IncidentKind::kGpuOutage:
      return "gpu_outage";
    case fleet::IncidentKind::kQualityRegression:
      return "quality_regression";
    case fleet::IncidentKind::kCostSpike:
      break;
  }
  return "cost_spike";
}

/// People read the sentence; JSON has the parts as well.
Section incidents_section(const fleet::FleetDescription& fleet, bool brief) {
  Records records{.fields = {{"begin", "from (UTC)", Look::kTime},
                             {"end", "to (UTC)", Look::kTime},
                             {"text", "what went wrong"}},
                  .rows = {}};
  if (!brief) {
    for (const char* key : {"kind", "customer_id", "service_id", "model_name", "instance_id"})
      records.fields.push_back({key, key});
  }
  for (const fleet::FleetIncident& each : fleet.incidents) {
    Row row{each.range.begin, each.range.end, each.text};
    if (!brief)
      row.insert(row.end(), {std::string(name_of(each.kind)), id_or_nothing(each.customer_id),
                             id_or_nothing(each.service_id), each.model_name, each.instance_id});
    records.rows.push_back(std::move(row));
  }
  return {.key = "incidents", .title = "Incidents", .records = std::move(records)};
}

}  // namespace

void add_fleet(Report& report, const fleet::FleetDescription& fleet, bool brief) {
  const std::size_t shown =
      brief ? std::min(kBriefInstances, fleet.instances.size()) : fleet.instances.size();
  report.sections.push_back(services_section(fleet));
  report.sections.push_back(instances_section(fleet, shown));
  report.sections.push_back(incidents_section(fleet, brief));
  if (shown < fleet.instances.size())
    report.notes.push_back(
        fmt::format("{} more instances; --output json lists all.", fleet.instances.size() - shown));
}

}  // namespace optiinfra::cli
