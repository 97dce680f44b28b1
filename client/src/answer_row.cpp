#include "answer_row.hpp"

#include <algorithm>
#include <cmath>

namespace optiinfra {

template <typename Values>
auto AnswerRow::at(std::size_t column) const {
  const Values* values = block_.values<Values>(column);
  if (values == nullptr) detail::broken_invariant("an answer has another layout than its statement");
  return (*values)[row_];
}

std::size_t AnswerRow::column_of(std::size_t family, std::size_t number) const {
  std::size_t column = (plan_.bucket ? 1 : 0) + plan_.dimensions.size() + number;
  for (std::size_t before = 0; before < family; ++before) column += plan_.families[before].numbers.size();
  return column;
}

sys_seconds AnswerRow::begin() const {
  return plan_.bucket ? sys_seconds{std::chrono::seconds{at<std::vector<std::uint32_t>>(0)}}
                      : plan_.window.begin;
}

TimeRange AnswerRow::window() const {
  if (!plan_.bucket) return plan_.window;
  return {std::max(begin(), plan_.window.begin),
          std::min(bucket_end(begin(), *plan_.bucket), plan_.window.end)};
}

std::string AnswerRow::text(std::size_t dimension) const {
  return std::string(at<Strings>((plan_.bucket ? 1 : 0) + dimension));
}

std::uint64_t AnswerRow::rows(std::size_t family) const {
  return at<std::vector<std::uint64_t>>(column_of(family, 0));
}

bool AnswerRow::lacks_value(const PlannedMeasure& planned) const {
  return planned.counted_by && rows(planned.family) != 0 &&
         at<std::vector<std::uint64_t>>(column_of(planned.family, *planned.counted_by)) == 0;
}

std::optional<std::uint64_t> AnswerRow::count(std::size_t measure) const {
  const PlannedMeasure& planned = plan_.measures[measure];
  if (lacks_value(planned)) return std::nullopt;
  return at<std::vector<std::uint64_t>>(column_of(planned.family, planned.number));
}

bool AnswerRow::mixes_currencies() const {
  const bool is_counted = std::any_of(plan_.families.begin(), plan_.families.end(),
                                      [](const FamilyPlan& family) { return family.adds_amounts; });
  return is_counted && at<std::vector<std::uint64_t>>(block_.columns().size() - 1) > 1;
}

std::optional<double> AnswerRow::number(std::size_t measure) const {
  const PlannedMeasure& planned = plan_.measures[measure];
  if (planned.rate != nullptr) {
    const auto counted = count(measure);
    if (!counted) return std::nullopt;
    const auto seconds = (window().end - window().begin).count();
    return static_cast<double>(*counted) / static_cast<double>(seconds);
  }
  const double value = at<std::vector<double>>(column_of(planned.family, planned.number));
  if (rows(planned.family) == 0 || !std::isfinite(value) || lacks_value(planned)) return std::nullopt;
  return value;
}

void AnswerRow::add_coverage(std::vector<std::uint64_t>& covered) const {
  covered.resize(plan_.families.size());
  for (std::size_t family = 0; family < covered.size(); ++family) covered[family] += rows(family);
}

std::vector<Cell> AnswerRow::cells() const {
  std::vector<Cell> cells;
  cells.reserve(plan_.columns.size());
  if (plan_.bucket) cells.emplace_back(begin());
  for (std::size_t i = 0; i < plan_.dimensions.size(); ++i) cells.emplace_back(text(i));
  for (std::size_t i = 0; i < plan_.measures.size(); ++i) {
    Cell& cell = cells.emplace_back();
    if (plan_.columns[cells.size() - 1].kind == CellKind::kCount) {
      if (const auto counted = count(i)) cell = *counted;
    } else if (const auto value = number(i)) {
      cell = *value;
    }
  }
  return cells;
}

}  // namespace optiinfra
