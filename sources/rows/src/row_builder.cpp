#include "row_builder.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "optiinfra/core/nearest.hpp"

namespace optiinfra::rows {
namespace {

constexpr std::uint64_t bit(std::size_t column) { return std::uint64_t{1} << column; }

}  // namespace

void RowBuilder::set_columns(std::vector<RowColumn> columns) {
  if (columns.size() > kColumnsMax)
    detail::broken_invariant("a family of more columns than a row builder has");
  columns_ = std::move(columns);
  by_name_.resize(columns_.size());
  std::iota(by_name_.begin(), by_name_.end(), std::uint8_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [this](std::uint8_t a, std::uint8_t b) { return columns_[a].name < columns_[b].name; });
  for (std::size_t column = 0; column < columns_.size(); ++column)
    if (columns_[column].is_required) required_ |= bit(column);
}

std::size_t RowBuilder::find(std::string_view name) const noexcept {
  const auto at = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [this](std::uint8_t column, std::string_view wanted) { return columns_[column].name < wanted; });
  return at != by_name_.end() && columns_[*at].name == name ? *at : kNoColumn;
}

bool RowBuilder::begin_row() noexcept {
  seen_ = given_ = 0;
  order_size_ = 0;
  is_refused_ = false;
  return row_count() < kDecodedRowsMax;
}

std::string RowBuilder::unknown_column(std::string_view name) const {
  // Comparing takes time by the name's length, and no column has a name that comes near a longer one.
  constexpr std::size_t kComparedMax = 48;
  std::vector<std::string> known;
  if (name.size() > kComparedMax) return "unknown column '" + shown_text(name) + "'";
  for (const RowColumn& column : columns_) known.emplace_back(column.name);
  return "unknown column '" + shown_text(name) + "'" + suggestion(name, known);
}

void RowBuilder::set(std::size_t column, const Token& token) {
  if (is_refused_) return;
  if ((seen_ & bit(column)) != 0) return refuse(columns_[column].name, "is there twice");
  seen_ |= bit(column);
  if (token.kind == Token::Kind::kNull) return;
  const RowColumn& known = columns_[column];
  const Refusal refusal = known.read(token, known.rule, kept_[column]);
  if (refusal != nullptr && !take_name(column, token)) return refuse_value(column, token, refusal);
  given_ |= bit(column);
  order_[order_size_++] = static_cast<std::uint8_t>(column);
}

/// Whether the token, which is no UUID, is the name of one.
bool RowBuilder::take_name(std::size_t column, const Token& token) {
  Uuid* const id = std::get_if<Uuid>(&kept_[column]);
  if (id == nullptr || !id_of_ || token.kind != Token::Kind::kText) return false;
  const auto named = id_of_(columns_[column].name, token.text);
  if (named) *id = *named;
  return named.has_value();
}

void RowBuilder::end_row() {
  const std::uint64_t missing = required_ & ~given_;
  if (missing != 0 && !is_refused_) {
    const auto column = static_cast<std::size_t>(std::countr_zero(missing));
    refuse(columns_[column].name, (seen_ & bit(column)) != 0 ? "null in a column that every row must have"
                                                             : "missing; every row must have it");
  }
  if (is_refused_) {
    ++rejected_count_;
    return;
  }
  const std::size_t rows_before = indexes_.size();
  for (std::size_t i = 0; i < order_size_; ++i) {
    const RowColumn& column = columns_[order_[i]];
    column.append(column.values, kept_[order_[i]], rows_before);
  }
  indexes_.push_back(static_cast<std::uint32_t>(row_count()));
}

void RowBuilder::refuse_unknown(std::string_view name) {
  if (is_refused_) return;
  // Looking for the nearest name takes far longer than reading the row.
  if (is_described()) return refuse(shown_text(name), unknown_column(name));
  is_refused_ = true;
}

void RowBuilder::refuse_value(std::size_t column, const Token& token, Refusal refusal) {
  if (is_described()) return refuse(columns_[column].name, shown_token(token) + " must be " + refusal);
  is_refused_ = true;
}

void RowBuilder::refuse(std::string_view column, std::string_view reason) {
  if (is_refused_) return;
  is_refused_ = true;
  if (is_described()) rejected_.push_back({row_count(), std::string(column), std::string(reason)});
}

}  // namespace optiinfra::rows
