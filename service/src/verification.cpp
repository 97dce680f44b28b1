#include "optiinfra/service/verification.hpp"

#include <algorithm>

#include "optiinfra/attribution/proof.hpp"
#include "optiinfra/report/names.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::service {
namespace {

using namespace report;

Value compression_of(const store::ObjectReport& object) {
  if (object.bytes_on_disk == 0) return {};
  return static_cast<double>(object.bytes_uncompressed) / static_cast<double>(object.bytes_on_disk);
}

Value bytes_per_row_of(const store::ObjectReport& object) {
  if (object.rows == 0) return {};
  return static_cast<double>(object.bytes_on_disk) / static_cast<double>(object.rows);
}

Section objects_section(const store::VerifyReport& verified) {
  Records records{.fields = {{"name", "object"},
                             {"kind", "kind"},
                             {"exists", "exists"},
                             {"rows", "rows", Look::kCount},
                             {"parts", "parts", Look::kCount},
                             {"bytes_on_disk", "on disk", Look::kBytes},
                             {"bytes_uncompressed", "uncompressed", Look::kBytes},
                             {"compression", "ratio", Look::kDecimal, 1},
                             {"bytes_per_row", "bytes/row", Look::kDecimal, 1}},
                  .rows = {}};
  for (const store::ObjectReport& each : verified.objects)
    records.rows.push_back({each.name, each.kind, each.exists, each.rows, each.parts, each.bytes_on_disk,
                            each.bytes_uncompressed, compression_of(each), bytes_per_row_of(each)});
  return {.key = "objects", .title = {}, .records = std::move(records)};
}

Section retention_section(const store::VerifyReport& verified) {
  Records records{.fields = {{"table", "table"},
                             {"configured_days", "configured, days", Look::kCount},
                             {"effective_days", "in the engine, days", Look::kCount},
                             {"agrees", "agrees"}},
                  .rows = {}};
  for (const store::Retention& each : verified.retention)
    records.rows.push_back({each.table, std::uint64_t(each.configured.count()),
                            std::uint64_t(each.effective.count()), each.agrees()});
  return {.key = "retention", .title = "Retention", .records = std::move(records)};
}

Section faults_section(const store::VerifyReport& verified) {
  Records records{.fields = {{"fault", "schema fault"}}, .rows = {}};
  for (const std::string& fault : verified.schema_faults) records.rows.push_back({fault});
  return {.key = "schema_faults", .title = "Schema faults", .records = std::move(records)};
}

/// Names the part by its folder, from which doctor can take it back.
Section set_aside_section(const store::VerifyReport& verified) {
  Records records{.fields = {{"table", "table"},
                             {"day", "day"},
                             {"rows", "rows", Look::kCount},
                             {"reason", "reason"},
                             {"part", "part"},
                             {"path", "path"}},
                  .rows = {}};
  for (const store::SetAsidePart& each : verified.set_aside)
    records.rows.push_back({each.table, each.day.empty() ? Value() : Value(each.day),
                            each.rows ? Value(*each.rows) : Value(), each.reason, each.name, each.path});
  return {
      .key = "set_aside", .title = "Parts set aside, which no answer counts", .records = std::move(records)};
}

Section differences_section(const store::VerifyReport& verified) {
  Records records{.fields = {{"family", "family"},
                             {"hour", "hour (UTC)", Look::kTime},
                             {"measure", "measure"},
                             {"raw", "from raw rows", Look::kDecimal, 4},
                             {"rollup", "in the rollup", Look::kDecimal, 4},
                             {"key", "key"}},
                  .rows = {}};
  for (const store::HourDifference& each : verified.differences)
    records.rows.push_back(
        {std::string(table_of(each.family).name), each.hour, each.measure, each.raw, each.rollup, each.key});
  return {.key = "differences", .title = "Hours that differ", .records = std::move(records)};
}

Section breaches_section(const store::VerifyReport& verified) {
  Records records{.fields = {{"family", "family"},
                             {"column", "column"},
                             {"rows", "rows", Look::kCount},
                             {"rule", "must be"},
                             {"first", "first (UTC)", Look::kTime},
                             {"last", "last (UTC)", Look::kTime}},
                  .rows = {}};
  for (const store::RuleBreach& each : verified.breaches)
    records.rows.push_back(
        {std::string(table_of(each.family).name), each.column, each.rows, each.rule, each.first, each.last});
  return {.key = "rule_breaches",
          .title = "Rows that break a rule, stored before tables refused them",
          .records = std::move(records)};
}

Section overlaps_section(const store::VerifyReport& verified) {
  Records records{.fields = {{"hour", "hour (UTC)", Look::kTime},
                             {"rows", "rows", Look::kCount},
                             {"hours_covered", "hours covered", Look::kDecimal, 2},
                             {"amount", "amount", Look::kDecimal, 2},
                             {"key", "key"}},
                  .rows = {}};
  for (const store::OverlappingCharge& each : verified.overlaps)
    records.rows.push_back({each.hour, each.rows, each.hours_covered, each.amount, each.key});
  return {.key = "overlapping_charges",
          .title =
              "Charges of one instance that cover more than their hour; rows that sample a rate need "
              "hours_covered",
          .records = std::move(records)};
}

Records hours(const std::vector<store::RebuiltHour>& hours) {
  Records records{.fields = {{"family", "family"},
                             {"hour", "hour (UTC)", Look::kTime},
                             {"rows_before", "rows counted before", Look::kCount},
                             {"rows_after", "raw rows", Look::kCount},
                             {"key", "key"}},
                  .rows = {}};
  for (const store::RebuiltHour& each : hours)
    records.rows.push_back(
        {std::string(table_of(each.family).name), each.hour, each.rows_before, each.rows_after, each.key});
  return records;
}

Section rebuilt_section(const store::VerifyReport& verified) {
  return {
      .key = "rebuilt", .title = "Hours rebuilt from raw rows", .records = hours(verified.repair.rebuilt)};
}

Section refused_section(const store::VerifyReport& verified) {
  return {.key = "refused",
          .title = "Hours not rebuilt, because raw rows of their day are set aside",
          .records = hours(verified.repair.refused)};
}

/// The report of one part of the store: a shard of a cluster or, with number 0, all of it.
struct PartReport {
  std::uint32_t shard;
  store::VerifyReport verified;
  attribution::AttributionProof proof;

  bool ok() const { return verified.ok() && proof.hours_broken == 0; }
};

Section broken_hours_section(const attribution::AttributionProof& proof) {
  Records records{.fields = {{"hour", "hour (UTC)", Look::kTime}, {"what", "what"}}, .rows = {}};
  for (const attribution::BrokenHour& each : proof.broken) records.rows.push_back({each.hour, each.what});
  return {.key = "attribution_faults",
          .title = "Attributed hours that do not add up to the bill",
          .records = std::move(records)};
}

Section summary_section(const std::vector<PartReport>& parts) {
  store::VerifyReport sum;
  bool ok = true;
  std::uint64_t parts_set_aside = 0, rows_breaking_rules = 0, hours_attributed = 0, hours_broken = 0;
  for (const PartReport& part : parts) {
    ok = ok && part.ok();
    hours_attributed += part.proof.hours_proved;
    hours_broken += part.proof.hours_broken;
    sum.hours_compared += part.verified.hours_compared;
    sum.hours_past_retention += part.verified.hours_past_retention;
    sum.hours_differing += part.verified.hours_differing;
    sum.repair.hours_rebuilt += part.verified.repair.hours_rebuilt;
    sum.repair.hours_refused += part.verified.repair.hours_refused;
    parts_set_aside += part.verified.set_aside.size();
    for (const store::RuleBreach& breach : part.verified.breaches) rows_breaking_rules += breach.rows;
    sum.charges_overlapping += part.verified.charges_overlapping;
  }
  return object_section("summary",
                        {{"ok", "all agrees"},
                         {"hours_compared", "rollup hours compared", Look::kCount},
                         {"hours_past_retention", "past the raw rows' retention", Look::kCount},
                         {"hours_rebuilt", "rebuilt", Look::kCount},
                         {"hours_refused", "not rebuilt, as rows are set aside", Look::kCount},
                         {"hours_differing", "that differ", Look::kCount},
                         {"parts_set_aside", "parts set aside", Look::kCount},
                         {"rows_breaking_rules", "values that break a rule", Look::kCount},
                         {"charges_overlapping", "charges beyond their hour", Look::kCount},
                         {"hours_attributed", "attributed hours compared with the bill", Look::kCount},
                         {"hours_not_adding_up", "that do not add up", Look::kCount}},
                        {ok, sum.hours_compared, sum.hours_past_retention, sum.repair.hours_rebuilt,
                         sum.repair.hours_refused, sum.hours_differing, parts_set_aside, rows_breaking_rules,
                         sum.charges_overlapping, hours_attributed, hours_broken});
}

/// `section_of(report)` of every part, as one section.
Section joined(const std::vector<PartReport>& parts, Section (*section_of)(const store::VerifyReport&)) {
  Section section;
  for (const PartReport& part : parts) {
    if (part.shard == 0) return section_of(part.verified);
    append_of_shard(section, part.shard, section_of(part.verified));
  }
  return section;
}

/// Tables leave out what is fine and long; JSON has everything always.
Report make_report(const std::vector<PartReport>& parts, bool everything) {
  Report report{.command = "verify"};
  report.sections.push_back(joined(parts, objects_section));
  report.sections.push_back(joined(parts, retention_section));
  for (const auto section_of : {faults_section, set_aside_section, differences_section, breaches_section,
                                overlaps_section, rebuilt_section, refused_section}) {
    Section section = joined(parts, section_of);
    if (everything || !section.records.rows.empty()) report.sections.push_back(std::move(section));
  }
  Section broken_hours;
  for (const PartReport& part : parts) {
    Section section = broken_hours_section(part.proof);
    if (part.shard == 0)
      broken_hours = std::move(section);
    else
      append_of_shard(broken_hours, part.shard, std::move(section));
  }
  if (everything || !broken_hours.records.rows.empty()) report.sections.push_back(std::move(broken_hours));
  report.sections.push_back(summary_section(parts));
  const bool refused = std::any_of(parts.begin(), parts.end(), [](const PartReport& part) {
    return part.verified.repair.hours_refused > 0;
  });
  if (refused)
    report.notes.push_back(
        "Some hours were not rebuilt, because that would remove the last trace of rows that are set aside. "
        "Get the rows back with: optiinfra doctor --repair. To go on without them: optiinfra verify --repair "
        "--accept-loss");
  return report;
}

/// Adds names to the ids in texts, for people.
void name_texts(Report& report, const Names& names) {
  for (Section& section : report.sections)
    for (Row& row : section.records.rows)
      for (Value& value : row)
        if (std::string* const text = std::get_if<std::string>(&value)) *text = with_names(*text, names);
}

Result<std::vector<PartReport>> verify_parts(Client& client, store::RepairMode mode) {
  std::vector<PartReport> parts;
  OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t shard) -> Result<void> {
    OPTIINFRA_TRY(store::VerifyReport verified, store::verify(session, mode));
    OPTIINFRA_TRY(attribution::AttributionProof proof, attribution::prove_attribution(session));
    parts.push_back({shard, std::move(verified), std::move(proof)});
    return {};
  }));
  return parts;
}

}  // namespace

Result<Verification> verify_store(Client& client, store::RepairMode mode, Detail detail) {
  OPTIINFRA_TRY(const auto parts, verify_parts(client, mode));
  Verification verification{
      .report = make_report(parts, detail == Detail::kEverything),
      .is_ok = std::all_of(parts.begin(), parts.end(), [](const PartReport& part) { return part.ok(); })};
  if (detail == Detail::kFaults) name_texts(verification.report, names_or_none(client));
  return verification;
}

}  // namespace optiinfra::service
