#include "optiinfra/report/names.hpp"

#include <algorithm>

namespace optiinfra::report {
namespace {

Value name_of(const Names& names, NameKind kind, const Value& id) {
  const std::string* const text = std::get_if<std::string>(&id);
  const NamedId* const entry = text == nullptr ? nullptr : names.of(kind, *text);
  return entry == nullptr ? Value() : Value(entry->name);
}

/// "customer_id" -> "customer_name".
std::string name_key(const std::string& id_key) { return id_key.substr(0, id_key.size() - 2) + "name"; }

}  // namespace

Names names_or_none(Client& client) {
  auto names = client.names();
  return names ? *std::move(names) : Names();
}

Names names_of_answer(Client& client, const Answer& answer) {
  const bool has_ids =
      std::any_of(answer.columns.begin(), answer.columns.end(),
                  [](const AnswerColumn& column) { return name_kind_of_column(column.key).has_value(); });
  return has_ids ? names_or_none(client) : Names();
}

void add_names(Records& records, const Names& names) {
  for (std::size_t i = 0; i < records.fields.size(); ++i) {
    const auto kind = name_kind_of_column(records.fields[i].key);
    if (!kind) continue;
    const auto after = static_cast<std::ptrdiff_t>(i + 1);
    Field field{.key = name_key(records.fields[i].key),
                .heading = records.fields[i].heading + " name",
                .only_if_present = true};
    records.fields.insert(records.fields.begin() + after, std::move(field));
    for (Row& row : records.rows) row.insert(row.begin() + after, name_of(names, *kind, row[i]));
    ++i;
  }
}

std::string with_names(const std::string& text, const Names& names) {
  constexpr std::size_t kUuidLength = 36;
  std::string named;
  for (std::size_t at = 0; at < text.size();) {
    const std::string id = text.substr(at, kUuidLength);
    if (!Uuid::parse(id)) {
      named += text[at++];
      continue;
    }
    named += id;
    at += kUuidLength;
    const NamedId* entry = names.of(NameKind::kCustomer, id);
    if (entry == nullptr) entry = names.of(NameKind::kService, id);
    if (entry != nullptr) named += " (" + entry->name + ")";
  }
  return named;
}

Records name_records(const std::vector<const NamedId*>& entries) {
  Records records{.fields = {{"kind", "kind"},
                             {"name", "name"},
                             {"id", "id"},
                             {"customer_id", "customer"},
                             {"set_at", "set (UTC)", Look::kTime},
                             {"source", "source"}},
                  .rows = {}};
  for (const NamedId* const entry : entries)
    records.rows.push_back({std::string(to_string(entry->kind)), entry->name, entry->id,
                            entry->customer_id.is_nil() ? Value() : Value(entry->customer_id.to_string()),
                            entry->set_at, entry->source});
  return records;
}

}  // namespace optiinfra::report
