/// @file optiinfra/exposition/quantity.hpp
/// What a metric of others can tell us: the quantities that the table of names leads to, and the column that
/// each becomes or helps to make.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace optiinfra::exposition {

enum class QuantityKind : std::uint8_t {
  kGauge,      ///< The value as it is.
  kCounter,    ///< Its increase since the text before.
  kHistogram,  ///< The increases of its buckets, sum and count.
  kInfo        ///< Its labels alone.
};

/// What a row is about.
enum class QuantitySubject : std::uint8_t { kHost, kGpu, kEngine };

enum class Quantity : std::uint8_t {
#define QUANTITY(name, ...) k##name,
#include "optiinfra/exposition/quantities.def"
};

struct QuantityDefinition {
  Quantity quantity;
  std::string_view name;  ///< As the table of names writes it.
  QuantitySubject subject;
  QuantityKind kind;
  std::string_view unit;    ///< Of the quantity: what a metric is scaled to.
  std::string_view column;  ///< Of resource_metrics_ts for hosts and GPUs, of serving_metrics_ts for engines.
  std::string_view making;  ///< How the column is made where it is not the value itself.
};

/// All, in the order of the enumerators.
std::span<const QuantityDefinition> quantity_definitions() noexcept;

const QuantityDefinition& definition_of(Quantity quantity) noexcept;
std::optional<Quantity> quantity_of(std::string_view name) noexcept;

/// The table that the quantity's column belongs to.
std::string_view table_of(Quantity quantity) noexcept;

}  // namespace optiinfra::exposition
