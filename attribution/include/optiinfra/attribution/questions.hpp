/// @file optiinfra/attribution/questions.hpp
/// The questions that are computed from attributed hours or from single requests: unit costs, service level
/// objectives, idle instances, energy, why a cost changed, the month's end. Command line, HTTP API and
/// documents walk this list.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/client/question.hpp"

namespace optiinfra::attribution {

/// A value that a question takes, in addition to its window.
struct QuestionParameter {
  std::string name;  ///< "good_score"; --good-score on the command line.
  std::string meaning;
  std::string form;                     ///< What help shows for the value: "SCORE", "UUID".
  std::vector<std::string> words = {};  ///< All that it can be; empty: anything.
  bool is_list = false;                 ///< May be given again, and names may have commas between.
};

/// Values as texts, by the parameters' names. A list has each value, or several with commas between.
using GivenValues = std::vector<std::pair<std::string, std::string>>;

/// Replaces names of customers, services and instances by their ids. Errors: those of Names::id_of, naming
/// the parameter.
Result<void> resolve_names(const Names& names, GivenValues& given);

struct ComputedQuestion {
  const char* name;  ///< "unit-cost".
  const char* meaning;
  const char* examples;  ///< Command lines, two spaces in front.
  bool
      is_of_attributed_hours;  ///< So an answer without a row means that no hour of the window is attributed.
  bool has_window = true;      ///< Otherwise `ask` is given an empty range at the present time.
  /// What an answer without a row means, when it is neither that no hour is attributed nor that no request is
  /// kept.
  const char* nothing = nullptr;
  std::vector<QuestionParameter> parameters;
  /// Errors: kInvalidArgument naming the parameter whose value is wrong; kTooLarge beyond kAnswerRowsMax
  /// rows; those of the store. The customers that a caller may see are given as values of "customer".
  Result<Answer> (*ask)(Client& client, TimeRange range, const GivenValues& given);
};

std::span<const ComputedQuestion> computed_questions();

/// nullptr when no question has that name.
const ComputedQuestion* find_computed_question(std::string_view name);

}  // namespace optiinfra::attribution
