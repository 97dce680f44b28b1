/// @file optiinfra/report/asking.hpp
/// Asks a question and makes the report of its answer, for the program and the service alike.
#pragma once

#include <optional>
#include <string>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

struct AskOptions {
  std::size_t rows_max = 0;         ///< Most rows; a longer answer has `has_more`. 0: all.
  bool explains_absence = true;     ///< Whether an answer without rows says what the store has instead.
  std::optional<Names> names = {};  ///< Those to show; else the client's.
  bool shows_names = true;          ///< Next to the ids of customers, services and instances.
};

struct Asked {
  Report report;
  std::string not_found = {};  ///< Not empty: the store has no such rows at any time, and why.
};

/// `named`: the question that this one was made from; nullptr for a general one.
Result<Asked> ask(Client& client, Question question, const NamedQuestion* named,
                  const AskOptions& options = {});

}  // namespace optiinfra::report
