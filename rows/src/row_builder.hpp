/// One row after the other into the columns of a batch; a row is added whole or not at all.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/rows/decode.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "value.hpp"

namespace optiinfra {

/// What reading a body needs to know of a column, and does with it, whatever its type.
class RowBuilder;
struct RowColumn {
  std::string_view name;
  bool is_required = false;
  Refusal (*read)(RowBuilder&, const Token&) = nullptr;  ///< Keeps the row's value until it is added.
  void (*append)(RowBuilder&, std::size_t rows_before) = nullptr;  ///< Adds the kept value to the batch.
};

/// Columns are named by their index in the family's order.
class RowBuilder {
 public:
  static constexpr std::size_t kColumnsMax = 64;  ///< One bit each.
  static constexpr std::size_t kNoColumn = kColumnsMax;

  std::span<const RowColumn> columns() const noexcept { return columns_; }

  /// kNoColumn where there is none of that name.
  std::size_t find(std::string_view name) const noexcept;

  /// Whether another row may begin; false when the body has too many.
  bool begin_row() noexcept;

  /// Takes the row's value of a column. Its text must stay valid until end_row().
  void set(std::size_t column, const Token& token);

  /// That there is no column `name`, and which was probably meant.
  std::string unknown_column(std::string_view name) const;

  void refuse_unknown(std::string_view name);
  void refuse_row(std::string_view reason) { refuse({}, reason); }

  /// Whether something was wrong with the row: what else it has is of no interest.
  bool is_refused() const noexcept { return is_refused_; }

  /// Adds the row, or counts it as rejected.
  void end_row();

  /// Rows that have ended.
  std::size_t row_count() const noexcept { return indexes_.size() + rejected_count_; }

 protected:
  explicit RowBuilder(std::span<const RowColumn> columns);
  ~RowBuilder() = default;

  std::vector<std::uint32_t> indexes_;
  std::vector<RejectedRow> rejected_;
  std::size_t rejected_count_ = 0;

 private:
  void refuse(std::string_view column, std::string_view reason);
  void refuse_value(std::size_t column, const Token& token, Refusal refusal);
  bool is_described() const noexcept { return rejected_count_ < kRejectedDescribedMax; }

  std::span<const RowColumn> columns_;
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

/// What is kept of a value until its row is complete: text is not copied.
template <typename Member>
struct KeptType {
  using Type = Member;
};
template <>
struct KeptType<std::string> {
  using Type = std::string_view;
};
template <typename Member>
struct KeptType<std::optional<Member>> : KeptType<Member> {};

template <typename Row>
struct KeptTypes;
template <typename Row, typename... Access>
auto kept_types(const std::tuple<Access...>&) -> std::tuple<typename KeptType<
    std::remove_cvref_t<decltype(std::declval<Row>().*std::declval<Access>().row)>>::Type...>;

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

template <typename Row>
class TypedRowBuilder final : public RowBuilder {
  static constexpr auto& kAccess = MetricTraits<Row>::kColumns;
  static constexpr std::size_t kCount = std::tuple_size_v<std::remove_cvref_t<decltype(kAccess)>>;
  static_assert(kCount <= kColumnsMax);

 public:
  TypedRowBuilder() : RowBuilder(kColumns) {}

  DecodedRows<Row> finish() && {
    for_each_column<Row>([this](const auto& access) {
      auto& values = batch_.*access.batch;
      const bool is_needed = values.size() > 0 || access.definition.presence == Presence::kRequired;
      if (is_needed) detail::append_left_out(values, indexes_.size() - values.size());
    });
    return {std::move(batch_), std::move(indexes_), std::move(rejected_), rejected_count_};
  }

 private:
  template <std::size_t kIndex>
  static Refusal read(RowBuilder& builder, const Token& token) {
    auto& self = static_cast<TypedRowBuilder&>(builder);
    return read_value(token, std::get<kIndex>(kAccess).definition.rule, std::get<kIndex>(self.kept_));
  }

  /// A column is as short as its last row that has it: the rows since then are filled in here.
  template <std::size_t kIndex>
  static void append(RowBuilder& builder, std::size_t rows_before) {
    auto& self = static_cast<TypedRowBuilder&>(builder);
    auto& values = self.batch_.*std::get<kIndex>(kAccess).batch;
    if (values.size() < rows_before) detail::append_left_out(values, rows_before - values.size());
    append_value(values, std::get<kIndex>(self.kept_));
  }

  template <std::size_t... kIndex>
  static constexpr std::array<RowColumn, kCount> make_columns(std::index_sequence<kIndex...>) {
    return {RowColumn{std::get<kIndex>(kAccess).definition.name,
                      std::get<kIndex>(kAccess).definition.presence == Presence::kRequired, &read<kIndex>,
                      &append<kIndex>}...};
  }
  static constexpr std::array<RowColumn, kCount> kColumns = make_columns(std::make_index_sequence<kCount>());

  Batch<Row> batch_;
  decltype(kept_types<Row>(kAccess)) kept_;
};

}  // namespace decoding
}  // namespace optiinfra
