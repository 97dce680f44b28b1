#include "optiinfra/report/name_rows.hpp"

#include "optiinfra/report/json_table.hpp"

namespace optiinfra::report {
namespace {

constexpr std::string_view kNameFields[] = {"kind", "name", "id", "customer_id"};

Error too_many() {
  return {ErrorKind::kTooLarge, "more than " + std::to_string(kNamesMax) + " names; nothing was set"};
}

Result<NewName> name_of(std::vector<std::string> texts) {
  OPTIINFRA_TRY(const NameKind kind, parse_name_kind(texts[0]));
  NewName name{.kind = kind, .name = std::move(texts[1]), .id = std::move(texts[2])};
  if (!texts[3].empty()) {
    auto customer = Uuid::parse(texts[3]);
    if (!customer) return with_context(std::move(customer).error(), "customer_id");
    name.customer_id = *customer;
  }
  return name;
}

/// Appends what each row says to `names`.
OnTexts appending_to(std::vector<NewName>& names) {
  return [&names](std::vector<std::string> texts) -> Result<void> {
    if (names.size() == kNamesMax) return too_many();
    OPTIINFRA_TRY(NewName name, name_of(std::move(texts)));
    names.push_back(std::move(name));
    return {};
  };
}

}  // namespace

Result<std::vector<NewName>> read_names_csv(std::string_view text) {
  std::vector<NewName> names;
  OPTIINFRA_CHECK(read_csv_table(text, kNameFields, appending_to(names)));
  return names;
}

Result<std::vector<NewName>> read_names_json(std::string_view text) {
  std::vector<NewName> names;
  OPTIINFRA_CHECK(read_json_table(text, kNameFields, JsonValues::kTexts, appending_to(names)));
  return names;
}

}  // namespace optiinfra::report
