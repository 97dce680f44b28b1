#include "parameters.hpp"

#include <algorithm>
#include <charconv>

#include "optiinfra/client/catalogue.hpp"

namespace optiinfra::service {
namespace {

/// Ten years, as in the client.
constexpr std::uint64_t kHoursMax = 87'600;

Error unknown(const std::string& name, const std::vector<RouteParameter>& known) {
  std::vector<std::string> names;
  for (const RouteParameter& each : known) names.push_back(each.name);
  const auto near = nearest_names(name, names);
  std::string all;
  for (const std::string& each : names) all += (all.empty() ? "" : ", ") + each;
  return invalid_argument("there is no parameter '" + name + "'" +
                 (near.empty() ? (all.empty() ? "; this takes none" : "; there are " + all)
                               : "; did you mean " + near.front() + "?"));
}

Error wrong_word(const RouteParameter& parameter, const std::string& value) {
  std::string words;
  for (const std::string& word : parameter.words) words += (words.empty() ? "" : ", ") + word;
  return invalid_argument(parameter.name + ": '" + value + "' is not one of " + words);
}

}  // namespace

Result<void> check_parameters(const std::vector<NamedText>& given, const std::vector<RouteParameter>& known) {
  for (const auto& [name, value] : given) {
    const auto found = std::find_if(known.begin(), known.end(), [&wanted = name](const RouteParameter& each) {
      return each.name == wanted;
    });
    if (found == known.end()) return unknown(name, known);
    if (!found->is_repeated && values_of(given, name).size() > 1) return invalid_argument(name + " is given twice");
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

std::vector<std::string> listed_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

Result<std::uint64_t> number_of(const std::vector<NamedText>& given, std::string_view name, std::uint64_t low,
                                std::uint64_t high, std::uint64_t otherwise) {
  const auto text = value_of(given, name);
  if (!text) return otherwise;
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (code == std::errc{} && end == text->data() + text->size() && number >= low && number <= high)
    return number;
  return invalid_argument(std::string(name) + ": '" + *text + "' is no whole number within " + std::to_string(low) +
                 " and " + std::to_string(high));
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
    const sys_seconds end = now() + std::chrono::seconds{1};
    return TimeRange{end - std::chrono::hours{hours}, end};
  }
  if (!from || !to) return invalid_argument("from and to belong together");
  if (value_of(given, "hours")) return invalid_argument("hours does not go with from and to");
  auto begin = parse_time(*from), end = parse_time(*to);
  if (!begin) return with_context(std::move(begin).error(), "from");
  if (!end) return with_context(std::move(end).error(), "to");
  if (*begin < *end) return TimeRange{*begin, *end};
  return invalid_argument("to: " + format_time(*end) + " is not after " + format_time(*begin) + ", which from gives");
}

}  // namespace optiinfra::service
