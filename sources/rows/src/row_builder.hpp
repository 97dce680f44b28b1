/// Adds one row after the other to the columns of a batch; a row is added whole or not at all.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "optiinfra/rows/decode.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "value.hpp"

namespace optiinfra::rows {

/// A row's value until the row is complete; its text stays in the body.
using KeptValue =
    std::variant<std::uint8_t, std::uint32_t, float, double, Uuid, sys_seconds, std::string_view>;

/// What reading a body needs to know of a column, and does with it, whatever its type.
struct RowColumn {
  std::string_view name;
  bool is_required = false;
  Rule rule = Rule::kAny;
  void* values = nullptr;  ///< The batch's column.
  Refusal (*read)(const Token&, Rule, KeptValue& into) = nullptr;
  void (*append)(void* values, const KeptValue&, std::size_t rows_before) = nullptr;
};

/// Columns are named by their index in the family's order.
class RowBuilder {
 public:
  RowBuilder(const RowBuilder&) = delete;  // its columns point into the batch
  RowBuilder& operator=(const RowBuilder&) = delete;

  static constexpr std::size_t kColumnsMax = 64;  ///< One bit each.
  static constexpr std::size_t kNoColumn = kColumnsMax;

  std::span<const RowColumn> columns() const noexcept { return columns_; }

  /// kNoColumn when no column has that name.
  std::size_t find(std::string_view name) const noexcept;

  /// Whether another row may begin; false when the body has too many.
  bool begin_row() noexcept;

  /// Takes the row's value of a column. Its text must stay valid until end_row().
  void set(std::size_t column, const Token& token);

  /// Reports that there is no column `name`, and which one was probably meant.
  std::string unknown_column(std::string_view name) const;

  void refuse_unknown(std::string_view name);
  void refuse_row(std::string_view reason) { refuse({}, reason); }

  /// Whether the row is already rejected, so that its other values do not matter.
  bool is_refused() const noexcept { return is_refused_; }

  /// Adds the row, or counts it as rejected.
  void end_row();

  /// Rows that have ended.
  std::size_t row_count() const noexcept { return indexes_.size() + rejected_count_; }

 protected:
  explicit RowBuilder(const IdOfName& id_of) : id_of_(id_of) {}
  ~RowBuilder() = default;

  /// Takes the columns; comes before all else.
  void set_columns(std::vector<RowColumn> columns);

  std::vector<std::uint32_t> indexes_;
  std::vector<RejectedRow> rejected_;
  std::size_t rejected_count_ = 0;

 private:
  bool take_name(std::size_t column, const Token& token);
  void refuse(std::string_view column, std::string_view reason);
  void refuse_value(std::size_t column, const Token& token, Refusal refusal);
  bool is_described() const noexcept { return rejected_count_ < kRejectedDescribedMax; }

  const IdOfName& id_of_;
  std::vector<RowColumn> columns_;
  std::array<KeptValue, kColumnsMax> kept_;
  std::vector<std::uint8_t> by_name_;  ///< Indexes of columns in the order of their names.
  std::uint64_t required_ = 0;         ///< Here and below a bit for each column.
  std::uint64_t seen_ = 0, given_ = 0;
  std::array<std::uint8_t, kColumnsMax> order_{};  ///< The columns given, in the row's order.
  std::size_t order_size_ = 0;
  bool is_refused_ = false;
};

// Named, because the instantiations stand in an included list, where the compiler warns of a template that
// holds a type of an unnamed namespace.
namespace decoding {

/// The type that a column's value is kept as.
template <typename Value>
struct KeptType {
  using Type = Value;
};
template <>
struct KeptType<std::string> {
  using Type = std::string_view;
};
template <typename Value>
struct KeptType<std::optional<Value>> : KeptType<Value> {};

inline void append_value(std::vector<std::uint32_t>& values, sys_seconds time) {
  values.push_back(to_column_time(time));
}
inline void append_value(Dictionary& values, std::string_view text) { values.append(text); }
inline void append_value(Strings& values, std::string_view text) { values.append(text); }
template <typename T>
void append_value(std::vector<T>& values, const T& value) {
  values.push_back(value);
}
template <typename T>
void append_value(Optionals<T>& values, T value) {
  values.absent.push_back(0);
  values.values.push_back(value);
}

template <typename Kept>
Refusal read_kept(const Token& token, Rule rule, KeptValue& into) {
  return read_value(token, rule, into.emplace<Kept>());
}

/// A column is as short as its last row that has it: the rows since then are filled in here.
template <typename Kept, typename Values>
void append_kept(void* column, const KeptValue& kept, std::size_t rows_before) {
  auto& values = *static_cast<Values*>(column);
  if (values.size() < rows_before) detail::append_left_out(values, rows_before - values.size());
  append_value(values, *std::get_if<Kept>(&kept));
}

template <typename Row>
class TypedRowBuilder final : public RowBuilder {
 public:
  explicit TypedRowBuilder(const IdOfName& id_of) : RowBuilder(id_of) {
    std::vector<RowColumn> columns;
    for_each_column<Row>(
        [&]<typename Member, typename Values>(
            const ColumnAccess<Member Row::*, Values MetricTraits<Row>::Columns::*>& access) {
          using Kept = typename KeptType<Member>::Type;
          const ColumnDefinition& definition = access.definition;
          columns.push_back({definition.name, definition.presence == Presence::kRequired, definition.rule,
                             &(batch_.*access.batch), &read_kept<Kept>, &append_kept<Kept, Values>});
        });
    set_columns(std::move(columns));
  }

  DecodedRows<Row> finish() && {
    for_each_column<Row>([this](const auto& access) {
      auto& values = batch_.*access.batch;
      const bool is_needed = values.size() > 0 || access.definition.presence == Presence::kRequired;
      if (is_needed) detail::append_left_out(values, indexes_.size() - values.size());
    });
    return {std::move(batch_), std::move(indexes_), std::move(rejected_), rejected_count_};
  }

 private:
  Batch<Row> batch_;
};

}  // namespace decoding
}  // namespace optiinfra::rows
