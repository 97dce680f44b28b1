#include "optiinfra/exposition/quantity.hpp"

#include <iterator>

namespace optiinfra::exposition {
namespace {

constexpr QuantityDefinition kDefinitions[] = {
#define QUANTITY(enumerator, name, subject, kind, unit, column, making) \
  {Quantity::k##enumerator, #name, QuantitySubject::subject, QuantityKind::kind, unit, column, making},
#include "optiinfra/exposition/quantities.def"
};

}  // namespace

std::span<const QuantityDefinition> quantity_definitions() noexcept { return kDefinitions; }

const QuantityDefinition& definition_of(Quantity quantity) noexcept {
  return kDefinitions[static_cast<std::size_t>(quantity)];
}

std::optional<Quantity> quantity_of(std::string_view name) noexcept {
  for (const QuantityDefinition& each : kDefinitions)
    if (each.name == name) return each.quantity;
  return std::nullopt;
}

std::string_view table_of(Quantity quantity) noexcept {
  return definition_of(quantity).subject == QuantitySubject::kEngine ? "serving_metrics_ts"
                                                                     : "resource_metrics_ts";
}

}  // namespace optiinfra::exposition
