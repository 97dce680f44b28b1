#include "parameters.hpp"

#include <algorithm>
#include <charconv>

#include "optiinfra/client/question_text.hpp"
#include "optiinfra/core/nearest.hpp"

namespace optiinfra::service {
namespace {

Error unknown(const std::string& name, const std::vector<RouteParameter>& known) {
  std::vector<std::string> names;
  for (const RouteParameter& each : known) names.push_back(each.name);
  if (names.empty()) return invalid_argument("there is no parameter '" + shown(name) + "'; this takes none");
  const std::string meant = suggestion(name, names);
  return invalid_argument("there is no parameter '" + shown(name) + "'" +
                          (meant.empty() ? "; there are " + listed(names) : meant));
}

Error wrong_word(const RouteParameter& parameter, const std::string& value) {
  return invalid_argument(parameter.name + ": '" + shown(value) + "' is not one of " +
                          listed(parameter.words));
}

}  // namespace

Result<void> check_parameters(const std::vector<NamedText>& given, const std::vector<RouteParameter>& known) {
  for (const auto& [name, value] : given) {
    const auto found = std::find_if(known.begin(), known.end(), [&wanted = name](const RouteParameter& each) {
      return each.name == wanted;
    });
    if (found == known.end()) return unknown(name, known);
    if (!found->is_repeated && values_of(given, name).size() > 1)
      return invalid_argument(name + " is given twice");
    if (!found->words.empty() &&
        std::find(found->words.begin(), found->words.end(), value) == found->words.end())
      return wrong_word(*found, value);
  }
  for (const RouteParameter& each : known)
    if (each.is_required && !value_of(given, each.name))
      return invalid_argument(each.name + " is missing: " + each.meaning);
  return {};
}

std::optional<std::string> value_of(const std::vector<NamedText>& given, std::string_view name) {
  for (const auto& [each, value] : given)
    if (each == name) return value;
  return std::nullopt;
}

std::vector<std::string> values_of(const std::vector<NamedText>& given, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [each, value] : given)
    if (each == name) values.push_back(value);
  return values;
}

Result<std::uint64_t> number_of(const std::vector<NamedText>& given, std::string_view name, std::uint64_t low,
                                std::uint64_t high, std::uint64_t otherwise) {
  const auto text = value_of(given, name);
  if (!text) return otherwise;
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (code == std::errc{} && end == text->data() + text->size() && number >= low && number <= high)
    return number;
  return invalid_argument(std::string(name) + ": '" + *text + "' is no whole number within " +
                          std::to_string(low) + " and " + std::to_string(high));
}

std::vector<RouteParameter> window_parameters() {
  return {{.name = "hours", .meaning = "The last N hours, up to now; 24 unless said", .form = "integer"},
          {.name = "from",
           .meaning = "Start of an exact window, included: RFC 3339, a date, or now-24h",
           .form = "time"},
          {.name = "to", .meaning = "End of an exact window, not included", .form = "time"}};
}

Result<TimeRange> window_of(const std::vector<NamedText>& given) {
  const auto from = value_of(given, "from"), to = value_of(given, "to");
  if (!from && !to) {
    OPTIINFRA_TRY(const std::uint64_t hours, number_of(given, "hours", 1, kHoursMax, 24));
    return last_hours(static_cast<int>(hours));
  }
  if (!from || !to) return invalid_argument("from and to belong together");
  if (value_of(given, "hours")) return invalid_argument("hours does not go with from and to");
  auto begin = parse_time(*from), end = parse_time(*to);
  if (!begin) return with_context(std::move(begin).error(), "from");
  if (!end) return with_context(std::move(end).error(), "to");
  auto range = range_between(*begin, *end);
  if (!range) return with_context(std::move(range).error(), "to");
  return range;
}

}  // namespace optiinfra::service
