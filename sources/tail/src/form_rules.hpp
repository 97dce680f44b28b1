// What a form says, as data.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optiinfra/tail/form.hpp"

namespace optiinfra::tail {

/// The steps of a key: "a.b" is {"a", "b"}; without steps it is the object itself.
using KeyPath = std::vector<std::string>;

struct ValueRule {
  std::vector<KeyPath> keys = {};
  double scale = 1;
  std::optional<KeyPath> since = {}, plus = {}, per = {}, before = {}, if_positive = {};
  std::vector<std::pair<std::string, std::string>> words =
      {};  ///< A pattern, which may end with *, and its word.
  std::optional<std::string> text = {};

  bool is_number() const { return scale != 1 || since || plus || per || before; }
};

struct ColumnRule {
  std::string column;
  std::vector<ValueRule> values = {};  ///< The first that gives one counts.
};

struct LogForm::Rules {
  std::string name = {};
  std::string title = {};
  std::vector<KeyPath> only_keys = {};  ///< Empty: every line is a request.
  std::string only_text = {};
  std::vector<KeyPath> within = {KeyPath{}};  ///< The first that the line has.
  std::vector<ColumnRule> columns = {};
};

}  // namespace optiinfra::tail
