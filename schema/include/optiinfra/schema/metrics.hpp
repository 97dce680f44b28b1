/// @file optiinfra/schema/metrics.hpp
/// The four kinds of metric: a typed row and a columnar batch of each, made from the `.def` files
/// beside this one. Read those for the columns, their units and their rules.
///
/// A row's members and a batch's columns have the names of the table's columns. Members of a row that
/// are not set hold the column's default. Building a batch column by column allocates nothing per row:
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

#include "optiinfra/codec/block.hpp"
#include "optiinfra/schema/column.hpp"

namespace optiinfra {

/// One column of one family, for code that works on all of them: where it lies in the typed row and
/// in the batch, and what it is.
template <typename RowMember, typename BatchMember>
struct ColumnAccess {
  RowMember row;
  BatchMember batch;
  ColumnDefinition definition;
};

namespace detail {
template <typename Type, typename RowMember, typename BatchMember>
constexpr auto column_access(RowMember row, BatchMember batch, const char* name, Rule rule, Presence presence,
                             const char* codec, const char* unit, const char* meaning) {
  return ColumnAccess<RowMember, BatchMember>{
      row, batch, {name, Type::kType, Type::kContractType, rule, presence, codec, unit, meaning}};
}
}  // namespace detail

/// Methods that every batch has. Columns are public members; size() holds once they agree in length.
template <typename Row, typename Columns>
struct Batch : Columns {
  /// Copies `row` to the end of every column.
  void append(const Row& row);
  void append(std::span<const Row> rows);

  /// Empties every column and keeps its memory.
  void clear() noexcept;
  void reserve(std::size_t rows);

  /// The length of the first column.
  std::size_t size() const noexcept;

  /// Whether every column has the length of the first.
  bool is_rectangular() const noexcept;
};

struct CostMetric {
#define COLUMN(name, type, ...) column_type::type::Value name{};
#include "optiinfra/schema/cost_metric.def"
#undef COLUMN
};
struct CostColumns {
#define COLUMN(name, type, ...) column_type::type::Values name;
#include "optiinfra/schema/cost_metric.def"
#undef COLUMN
};
using CostBatch = Batch<CostMetric, CostColumns>;

struct PerformanceMetric {
#define COLUMN(name, type, ...) column_type::type::Value name{};
#include "optiinfra/schema/performance_metric.def"
#undef COLUMN
};
struct PerformanceColumns {
#define COLUMN(name, type, ...) column_type::type::Values name;
#include "optiinfra/schema/performance_metric.def"
#undef COLUMN
};
using PerformanceBatch = Batch<PerformanceMetric, PerformanceColumns>;

struct ResourceMetric {
#define COLUMN(name, type, ...) column_type::type::Value name{};
#include "optiinfra/schema/resource_metric.def"
#undef COLUMN
};
struct ResourceColumns {
#define COLUMN(name, type, ...) column_type::type::Values name;
#include "optiinfra/schema/resource_metric.def"
#undef COLUMN
};
using ResourceBatch = Batch<ResourceMetric, ResourceColumns>;

struct QualityMetric {
#define COLUMN(name, type, ...) column_type::type::Value name{};
#include "optiinfra/schema/quality_metric.def"
#undef COLUMN
};
struct QualityColumns {
#define COLUMN(name, type, ...) column_type::type::Values name;
#include "optiinfra/schema/quality_metric.def"
#undef COLUMN
};
using QualityBatch = Batch<QualityMetric, QualityColumns>;

/// The families, in the order in which they are listed everywhere.
enum class Family { kCost, kPerformance, kResource, kQuality };
inline constexpr Family kFamilies[] = {Family::kCost, Family::kPerformance, Family::kResource,
                                       Family::kQuality};

/// Ties a row type to its batch, its family and its columns.
template <typename Row>
struct MetricTraits;

template <>
struct MetricTraits<CostMetric> {
  using BatchType = CostBatch;
  static constexpr Family kFamily = Family::kCost;
  static constexpr auto kColumns = std::tuple_cat(
#define COLUMN(name, type, rule, presence, codec, unit, meaning) \
  std::make_tuple(detail::column_access<column_type::type>(      \
      &CostMetric::name, &CostColumns::name, #name, Rule::rule, Presence::presence, codec, unit, meaning)),
#include "optiinfra/schema/cost_metric.def"
#undef COLUMN
      std::tuple<>{});
};

template <>
struct MetricTraits<PerformanceMetric> {
  using BatchType = PerformanceBatch;
  static constexpr Family kFamily = Family::kPerformance;
  static constexpr auto kColumns = std::tuple_cat(
#define COLUMN(name, type, rule, presence, codec, unit, meaning)                                         \
  std::make_tuple(detail::column_access<column_type::type>(&PerformanceMetric::name,                     \
                                                           &PerformanceColumns::name, #name, Rule::rule, \
                                                           Presence::presence, codec, unit, meaning)),
#include "optiinfra/schema/performance_metric.def"
#undef COLUMN
      std::tuple<>{});
};

template <>
struct MetricTraits<ResourceMetric> {
  using BatchType = ResourceBatch;
  static constexpr Family kFamily = Family::kResource;
  static constexpr auto kColumns = std::tuple_cat(
#define COLUMN(name, type, rule, presence, codec, unit, meaning)                                          \
  std::make_tuple(detail::column_access<column_type::type>(&ResourceMetric::name, &ResourceColumns::name, \
                                                           #name, Rule::rule, Presence::presence, codec,  \
                                                           unit, meaning)),
#include "optiinfra/schema/resource_metric.def"
#undef COLUMN
      std::tuple<>{});
};

template <>
struct MetricTraits<QualityMetric> {
  using BatchType = QualityBatch;
  static constexpr Family kFamily = Family::kQuality;
  static constexpr auto kColumns = std::tuple_cat(
#define COLUMN(name, type, rule, presence, codec, unit, meaning)                                         \
  std::make_tuple(detail::column_access<column_type::type>(&QualityMetric::name, &QualityColumns::name,  \
                                                           #name, Rule::rule, Presence::presence, codec, \
                                                           unit, meaning)),
#include "optiinfra/schema/quality_metric.def"
#undef COLUMN
      std::tuple<>{});
};

/// Calls `visit(access)` with the ColumnAccess of each column of Row, in the table's order.
template <typename Row, typename Visitor>
constexpr void for_each_column(Visitor&& visit) {
  std::apply([&](const auto&... access) { (visit(access), ...); }, MetricTraits<Row>::kColumns);
}

/// Calls `use.template operator()<Row>()` with the row type of `family`, and returns what it returns.
template <typename Use>
decltype(auto) with_metric(Family family, Use&& use) {
  switch (family) {
    case Family::kCost:
      return use.template operator()<CostMetric>();
    case Family::kPerformance:
      return use.template operator()<PerformanceMetric>();
    case Family::kResource:
      return use.template operator()<ResourceMetric>();
    case Family::kQuality:
      break;
  }
  return use.template operator()<QualityMetric>();
}

extern template struct Batch<CostMetric, CostColumns>;
extern template struct Batch<PerformanceMetric, PerformanceColumns>;
extern template struct Batch<ResourceMetric, ResourceColumns>;
extern template struct Batch<QualityMetric, QualityColumns>;

}  // namespace optiinfra
