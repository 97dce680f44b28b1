/// @file optiinfra/schema/metrics.hpp
/// The families of metrics: a typed row and a columnar batch of each, made from families.def and the `.def`
/// files that it lists. Read those for the columns, their units and their rules.
///
/// CostMetric, PerformanceMetric, ResourceMetric and QualityMetric are the rows; CostBatch, PerformanceBatch,
/// ResourceBatch and QualityBatch the batches.
///
/// A row's members and a batch's columns have the names of the table's columns. What a row may leave out is a
/// std::optional, and absent unless it is set: a value that nobody measured is not 0. Text that is not set is
/// empty, an identifier nil, a flag 0. Building a batch column by column allocates nothing per row:
///
///     PerformanceBatch batch;
///     batch.timestamp.push_back(to_column_time(now()));
///     batch.model_name.append("llama-3.1-70b");
///     ...
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/column.hpp"

namespace optiinfra {

/// Gives code that works on all columns access to one column of one family: its definition, and its member in
/// the typed row and in the batch.
template <typename RowMember, typename BatchMember>
struct ColumnAccess {
  RowMember row;
  BatchMember batch;
  ColumnDefinition definition;
};

namespace detail {
template <typename Type, Rule kRule, typename RowMember, typename BatchMember>
constexpr auto column_access(RowMember row, BatchMember batch, const char* name, Presence presence,
                             const char* codec, const char* unit, const char* meaning) {
  static_assert(rule_fits<Type>(kRule), "no value of the column's type is checked against this rule");
  return ColumnAccess<RowMember, BatchMember>{
      row, batch, {name, Type::kType, Type::kContractType, kRule, presence, codec, unit, meaning}};
}
}  // namespace detail

/// The families, in the order in which they are listed everywhere.
enum class Family {
#define BEGIN_FAMILY(Name, name) k##Name,
#include "optiinfra/schema/families.def"
};
inline constexpr Family kFamilies[] = {
#define BEGIN_FAMILY(Name, name) Family::k##Name,
#include "optiinfra/schema/families.def"
};

#define BEGIN_FAMILY(Name, name) struct Name##Metric {
#define COLUMN(name, type, ...) column_type::type::Value name{};
#define END_FAMILY(Name, name) \
  }                            \
  ;
#include "optiinfra/schema/families.def"

#define BEGIN_FAMILY(Name, name) struct Name##Columns {
#define COLUMN(name, type, ...) column_type::type::Values name;
#define END_FAMILY(Name, name) \
  }                            \
  ;
#include "optiinfra/schema/families.def"

/// Ties a row type to its family and its columns.
template <typename Row>
struct MetricTraits;

/// The rows of one family, column by column. Columns are public members; size() is valid when they agree in
/// length. A column that rows may leave out may stay empty: then all rows leave it out.
template <typename Row>
struct Batch : MetricTraits<Row>::Columns {
  /// Copies `row` to the end of every column.
  void append(const Row& row);
  void append(std::span<const Row> rows);

  /// Empties every column and keeps its memory.
  void clear() noexcept;
  void reserve(std::size_t rows);

  /// Makes every column that was left out as long as the first: its values are absent, or the default.
  void fill_left_out();

  /// The length of the first column.
  std::size_t size() const noexcept;

  /// Whether every column has the length of the first, or is empty and may be left out.
  bool is_rectangular() const noexcept;
};

#define BEGIN_FAMILY(Name, name)                       \
  template <>                                          \
  struct MetricTraits<Name##Metric> {                  \
    using Row = Name##Metric;                          \
    using Columns = Name##Columns;                     \
    static constexpr Family kFamily = Family::k##Name; \
    template <typename Visitor>                        \
    static constexpr void visit_columns([[maybe_unused]] Visitor&& visit) {
#define COLUMN(name, type, rule, presence, codec, unit, meaning)                                \
  visit(detail::column_access<column_type::type, Rule::rule>(&Row::name, &Columns::name, #name, \
                                                             Presence::presence, codec, unit, meaning));
#define END_FAMILY(Name, name) \
  }                            \
  }                            \
  ;                            \
  using Name##Batch = Batch<Name##Metric>;
#include "optiinfra/schema/families.def"

namespace detail {
/// A std::tuple of every family's row, in the families' order.
using MetricRows = decltype(std::tuple_cat(
#define BEGIN_FAMILY(Name, name) std::declval<std::tuple<Name##Metric>>(),
#include "optiinfra/schema/families.def"
    std::tuple<>{}));

template <typename Rows>
struct BatchesOf;
template <typename... Row>
struct BatchesOf<std::tuple<Row...>> {
  using Any = std::variant<Batch<Row>...>;
};
}  // namespace detail

/// A batch of any family; its index is the family's.
using AnyBatch = detail::BatchesOf<detail::MetricRows>::Any;

/// A row of one of the families.
template <typename Row>
concept Metric = requires { MetricTraits<Row>::kFamily; };

/// Calls `visit(access)` with the ColumnAccess of each column of Row, in order; it lives until visit returns.
template <typename Row, typename Visitor>
constexpr void for_each_column(Visitor&& visit) {
  MetricTraits<Row>::visit_columns(visit);
}

/// Calls `use.template operator()<Row>()` with the row type of `family`, and returns what it returns.
template <typename Use>
decltype(auto) with_metric(Family family, Use&& use) {
  switch (family) {
#define BEGIN_FAMILY(Name, name) \
  case Family::k##Name:          \
    return use.template operator()<Name##Metric>();
#include "optiinfra/schema/families.def"
  }
  detail::broken_invariant("a family that is not in the list");
}

#define BEGIN_FAMILY(Name, name) extern template struct Batch<Name##Metric>;
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
