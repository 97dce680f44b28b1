#include "optiinfra/c_interface/questions.hpp"

#include <algorithm>
#include <chrono>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/question_text.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::c_interface {
namespace {

/// "'x' is no question; did you mean y?", or all that there are.
Error unknown(const std::string& name, const std::string& what, const std::vector<std::string>& known) {
  std::string message = "'" + name + "' is no " + what;
  const auto nearest = nearest_names(name, known);
  std::string all;
  for (const std::string& each : known) all += (all.empty() ? "" : ", ") + each;
  return invalid_argument(message + (nearest.empty() ? "; there are: " + (all.empty() ? "none" : all)
                                                     : "; did you mean " + nearest.front() + "?"));
}

template <typename List>
std::vector<std::string> names_of(const List& list) {
  std::vector<std::string> names;
  for (const auto& each : list) names.emplace_back(each.name);
  return names;
}

Result<void> add_parameters(const NamedQuestion& named, const NamedAsk& ask, Question& question) {
  for (const auto& [name, value] : ask.parameters) {
    const auto found =
        std::ranges::find_if(named.parameters, [&](const auto& each) { return each.name == name; });
    if (found == named.parameters.end())
      return unknown(name, "parameter of " + ask.name, names_of(named.parameters));
    question.filters.push_back({found->dimension, value});
  }
  for (const Parameter& each : named.parameters) {
    const bool is_given =
        std::ranges::any_of(ask.parameters, [&](const auto& one) { return one.first == each.name; });
    if (each.is_required && !is_given)
      return invalid_argument(ask.name + " needs the parameter " + each.name + ": " + each.meaning);
  }
  return {};
}

Result<void> set_choice(const NamedQuestion& named, const NamedAsk& ask, Question& question) {
  if (ask.by.empty()) return {};
  const auto found =
      std::ranges::find_if(named.choices, [&](const auto& each) { return each.name == ask.by; });
  if (found == named.choices.end())
    return unknown(ask.by, "way to split " + ask.name, names_of(named.choices));
  question.dimensions.front() = found->dimension;
  return {};
}

Result<void> set_bucket(const NamedQuestion& named, const NamedAsk& ask, Question& question) {
  if (ask.bucket.empty()) return {};
  if (!named.bucket_may_differ) return invalid_argument(ask.name + " takes no other bucket");
  OPTIINFRA_TRY(question.bucket, parse_bucket(ask.bucket));
  return {};
}

}  // namespace

Result<TimeRange> range_of(const Window& window) {
  using std::chrono::seconds;
  if (window.hours == 0)
    return TimeRange{sys_seconds{seconds{window.begin}}, sys_seconds{seconds{window.end}}};
  if (window.hours < 1 || window.hours > kHoursMax)
    return invalid_argument(std::to_string(window.hours) + " hours are outside 1 to " +
                            std::to_string(kHoursMax));
  const sys_seconds end = now() + seconds{1};
  return TimeRange{end - std::chrono::hours{window.hours}, end};
}

Result<PlannedAsk> plan(const NamedAsk& ask) {
  const NamedQuestion* const named = find_question(ask.name);
  if (named == nullptr) return unknown(ask.name, "question", names_of(named_questions()));
  OPTIINFRA_TRY(const TimeRange range, range_of(ask.window));
  Question question = named->over(range);
  OPTIINFRA_CHECK(add_parameters(*named, ask, question));
  OPTIINFRA_CHECK(set_choice(*named, ask, question));
  OPTIINFRA_CHECK(set_bucket(*named, ask, question));
  return PlannedAsk{named, std::move(question)};
}

}  // namespace optiinfra::c_interface
