#include "optiinfra/schema/validate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "optiinfra/schema/histogram.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {

std::string_view rule_text(Rule rule) noexcept {
  switch (rule) {
    case Rule::kAny:
      return "any value";
    case Rule::kTime:
      return "a time from 2000-01-01 to a day from now";
    case Rule::kIdentity:
      return "a UUID other than the nil one";
    case Rule::kName:
      return "a text of 1 to 4096 bytes";
    case Rule::kLabel:
      return "a text of at most 4096 bytes";
    case Rule::kFinite:
      return "a finite number";
    case Rule::kNonNegative:
      return "a finite number, 0 or more";
    case Rule::kPercent:
      return "a percentage, 0 to 100";
    case Rule::kScore:
      return "a score, 0 to 1";
    case Rule::kFlag:
      return "0 or 1";
    case Rule::kAmount:
      return "a finite number, below 0 only in a credit, refund or adjustment";
    case Rule::kCharge:
      return "usage, credit, refund, tax, purchase or adjustment, or empty";
    case Rule::kStatus:
      return "ok, client_error, server_error, aborted or dropped, or empty";
    case Rule::kCurrency:
      return "a currency's three capital letters, or empty";
    case Rule::kHistogram:
      return "a histogram such as {\"5000\":3,\"+Inf\":1}, upper bounds in microseconds, ascending; or empty";
  }
  return "";
}

std::span<const char* const> words_of(Rule rule) noexcept {
  if (rule == Rule::kCharge) return kCharges;
  if (rule == Rule::kStatus) return kStatuses;
  return {};
}

namespace {

std::string value_text(const Uuid& id) { return id.to_string(); }

std::string value_text(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  if (text.size() <= kShownMax) return "'" + std::string(text) + "'";
  return "'" + std::string(text.substr(0, kShownMax)) + "...' (" + std::to_string(text.size()) + " bytes)";
}

std::string value_text(double number) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", number);
  return text;
}

template <typename Words>
bool is_one_of(std::string_view text, const Words& words) {
  return std::any_of(std::begin(words), std::end(words), [&](const char* word) { return text == word; });
}

bool is_good_text(std::string_view text, Rule rule) {
  if (rule == Rule::kCharge || rule == Rule::kStatus) return text.empty() || is_one_of(text, words_of(rule));
  if (rule == Rule::kCurrency)
    return text.empty() || (text.size() == 3 && std::all_of(text.begin(), text.end(), [](char letter) {
                              return letter >= 'A' && letter <= 'Z';
                            }));
  if (rule == Rule::kHistogram) return text.empty() || parse_histogram(text).has_value();
  return text.size() <= kTextBytesMax && !(rule == Rule::kName && text.empty());
}

}  // namespace

// Named, because the instantiations below stand in an included list, where the compiler warns of a template
// that holds a type of an unnamed namespace.
namespace validation {

class Checker {
 public:
  Checker(Validation& result, sys_seconds clock)
      : result_(result),
        time_min_(to_column_time(kOldestTime)),
        time_max_(to_column_time(clock + kFutureTolerance)) {}

  void check(const std::vector<std::uint32_t>& values, const ColumnDefinition& column) {
    if (column.rule != Rule::kTime) return;
    each(
        values, column, [this](std::uint32_t time) { return time >= time_min_ && time <= time_max_; },
        [](std::uint32_t time) { return format_time(sys_seconds{std::chrono::seconds{time}}); });
  }

  void check(const std::vector<std::uint8_t>& values, const ColumnDefinition& column) {
    if (column.rule != Rule::kFlag) return;
    each(
        values, column, [](std::uint8_t flag) { return flag <= 1; },
        [](std::uint8_t flag) { return value_text(double{flag * 1.0}); });
  }

  void check(const std::vector<Uuid>& values, const ColumnDefinition& column) {
    if (column.rule != Rule::kIdentity) return;
    each(
        values, column, [](const Uuid& id) { return !id.is_nil(); },
        [](const Uuid& id) { return value_text(id); });
  }

  template <typename Number>
    requires std::is_floating_point_v<Number>
  void check(const std::vector<Number>& values, const ColumnDefinition& column) {
    each(values, column, is_in_range<Number>(column.rule), [](double value) { return value_text(value); });
  }

  template <typename Number>
  void check(const Optionals<Number>& values, const ColumnDefinition& column) {
    if constexpr (std::is_floating_point_v<Number>) {
      each_present(values, column, is_in_range<Number>(column.rule));
    } else if (column.rule == Rule::kFlag) {
      each_present(values, column, [](Number flag) { return flag <= 1; });
    }
  }

  /// Only some charges lower a bill.
  void check_amounts(const CostBatch& batch, const ColumnDefinition& column) {
    std::vector<bool> may_be_negative(batch.charge_category.key_count());
    for (std::size_t key = 0; key < may_be_negative.size(); ++key)
      may_be_negative[key] = is_one_of(batch.charge_category.key(key), kNegativeCharges);
    const auto charges = batch.charge_category.indexes();
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const double amount = batch.cost_per_hour[row];
      const bool is_allowed = amount >= 0 || (!charges.empty() && may_be_negative[charges[row]]);
      if (!is_allowed && std::isfinite(amount)) refuse(row, column, value_text(amount));
    }
  }

  /// Each row has its own text, so the loop looks at nothing but sizes.
  void check(const Strings& values, const ColumnDefinition& column) {
    const std::size_t size_min = column.rule == Rule::kName ? 1 : 0;
    const bool has_form = column.rule == Rule::kCharge || column.rule == Rule::kStatus ||
                          column.rule == Rule::kCurrency || column.rule == Rule::kHistogram;
    for (std::size_t row = 0; row < values.size(); ++row) {
      const std::size_t size = values[row].size();
      const bool is_good =
          size >= size_min && size <= kTextBytesMax && (!has_form || is_good_text(values[row], column.rule));
      if (!is_good) refuse(row, column, value_text(values[row]));
    }
  }

  /// Looks at each distinct text once; the rows only when one of them is bad.
  void check(const Dictionary& values, const ColumnDefinition& column) {
    std::vector<bool> bad(values.key_count());
    bool any = false;
    for (std::size_t key = 0; key < values.key_count(); ++key) {
      bad[key] = !is_good_text(values.key(key), column.rule);
      any = any || (bad[key] && is_used(values, key));
    }
    if (!any) return;
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (bad[values.indexes()[row]]) refuse(row, column, value_text(values[row]));
    }
  }

 private:
  template <typename Number>
  static auto is_in_range(Rule rule) {
    constexpr double kLargest = std::numeric_limits<Number>::max();
    const double min = rule == Rule::kFinite || rule == Rule::kAmount ? -kLargest : 0;
    const double max = rule == Rule::kPercent ? 100 : rule == Rule::kScore ? 1 : kLargest;
    // A NaN compares false with both bounds.
    return [min, max](double value) { return value >= min && value <= max; };
  }

  template <typename Number, typename IsGood>
  void each_present(const Optionals<Number>& values, const ColumnDefinition& column, IsGood is_good) {
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (values.absent[row] == 0 && !is_good(values.values[row]))
        refuse(row, column, value_text(static_cast<double>(values.values[row])));
    }
  }

  /// Every dictionary holds "" as its first key, whether or not a row says so.
  static bool is_used(const Dictionary& values, std::size_t key) {
    return key != 0 ||
           std::find(values.indexes().begin(), values.indexes().end(), 0u) != values.indexes().end();
  }

  template <typename Values, typename IsGood, typename Text>
  void each(const Values& values, const ColumnDefinition& column, IsGood is_good, Text text) {
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (!is_good(values[row])) refuse(row, column, text(values[row]));
    }
  }

  void refuse(std::size_t row, const ColumnDefinition& column, std::string value) {
    result_.refused_rows.push_back(static_cast<std::uint32_t>(row));
    if (result_.refused.size() < kRefusedDescribedMax) {
      result_.refused.push_back({row, column.name, std::move(value), std::string(rule_text(column.rule))});
    }
  }

  Validation& result_;
  std::uint32_t time_min_, time_max_;
};

}  // namespace validation

template <typename Row>
Validation validate(const Batch<Row>& batch, sys_seconds clock) {
  Validation result;
  validation::Checker checker(result, clock);
  for_each_column<Row>([&](const auto& access) {
    checker.check(batch.*access.batch, access.definition);
    if constexpr (std::is_same_v<Row, CostMetric>) {
      if (access.definition.rule == Rule::kAmount) checker.check_amounts(batch, access.definition);
    }
  });
  auto& rows = result.refused_rows;
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  std::stable_sort(result.refused.begin(), result.refused.end(),
                   [](const RefusedValue& a, const RefusedValue& b) { return a.row < b.row; });
  return result;
}

#define BEGIN_FAMILY(Name, name) \
  template Validation validate<Name##Metric>(const Batch<Name##Metric>&, sys_seconds);
#include "optiinfra/schema/families.def"

Error refusal(Family family, const Validation& validation, std::string_view outcome) {
  const RefusedValue& first = validation.refused.front();
  std::string message = std::string(table_of(family).raw_table) + ", " + first.to_string();
  if (validation.refused_rows.size() > 1)
    message += " (" + std::to_string(validation.refused_rows.size()) + " rows are refused in all)";
  Error error = invalid_argument(message + "; " + std::string(outcome));
  error.refused = first;
  return error;
}

}  // namespace optiinfra
