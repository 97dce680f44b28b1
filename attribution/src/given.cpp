#include "given.hpp"

#include <charconv>

#include "optiinfra/client/question_text.hpp"

namespace optiinfra::attribution {

std::optional<std::string> given_value(const GivenValues& given, std::string_view name) {
  for (auto each = given.rbegin(); each != given.rend(); ++each)
    if (each->first == name) return each->second;
  return std::nullopt;
}

std::vector<std::string> given_names(const GivenValues& given, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [each, value] : given) {
    if (each != name) continue;
    for (std::string& part : parse_names(value)) names.push_back(std::move(part));
  }
  return names;
}

Result<std::optional<double>> given_number(const GivenValues& given, std::string_view name, Range range) {
  const auto text = given_value(given, name);
  if (!text) return std::optional<double>{};
  double value = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, code] = std::from_chars(text->data(), end, value);
  const bool is_within =
      range.is_closed ? value >= range.low && value <= range.high : value > range.low && value < range.high;
  if (code == std::errc{} && rest == end && is_within) return std::optional(value);
  const auto bound = [](double number) {
    std::string digits = std::to_string(number);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
  };
  return invalid_argument(std::string(name) + ": '" + *text + "' is not a number " +
                          (range.is_closed ? "from " : "between ") + bound(range.low) +
                          (range.is_closed ? " to " : " and ") + bound(range.high));
}

Result<std::optional<Bucket>> given_bucket(const GivenValues& given) {
  const auto text = given_value(given, "bucket");
  if (!text) return std::optional<Bucket>{};
  OPTIINFRA_TRY(const Bucket bucket, parse_bucket(*text));
  return std::optional(bucket);
}

Result<void> resolve_names(const Names& names, GivenValues& given) {
  for (auto& [parameter, value] : given) {
    const auto kind = parse_name_kind(parameter);
    if (!kind) continue;
    auto id = names.id_of(*kind, value);
    if (!id) return with_context(std::move(id).error(), parameter);
    value = *std::move(id);
  }
  return {};
}

std::vector<Filter> given_filters(const GivenValues& given, std::span<const KeyColumn> known) {
  std::vector<Filter> filters;
  for (const auto& [name, value] : given) {
    for (const KeyColumn& each : known)
      if (name == each.dimension.name) filters.push_back({name, value});
  }
  return filters;
}

std::vector<QuestionParameter> selection_parameters(std::span<const KeyColumn> known) {
  QuestionParameter by{.name = "by",
                       .meaning = "What the numbers are split by, with commas between",
                       .form = "NAMES",
                       .is_list = true};
  std::string names;
  for (const KeyColumn& each : known) names += (names.empty() ? "" : ", ") + std::string(each.dimension.name);
  by.meaning += ": " + names;
  std::vector<QuestionParameter> parameters;
  for (const KeyColumn& each : known)
    parameters.push_back({.name = each.dimension.name,
                          .meaning = std::string("Only this ") + each.dimension.heading,
                          .form = each.is_uuid ? "UUID|NAME" : "NAME"});
  parameters.push_back(std::move(by));
  parameters.push_back({.name = "bucket",
                        .meaning = "A row for each of these too",
                        .form = "hour|day|week",
                        .words = {"hour", "day", "week"}});
  return parameters;
}

}  // namespace optiinfra::attribution
