/// A question with its names looked up: what its statement reads, and where each column of the answer comes
/// from.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {

/// What is read of one family. The first number counts the raw rows that the others rest on.
struct FamilyPlan {
  const TableDefinition* table = nullptr;
  std::vector<FinishedColumn> numbers = {};
  bool raw_only = false;  ///< A dimension that the rollup does not keep: everything is read from raw rows.
  /// Amounts are added up over rows that may be of several currencies, which the answer must refuse.
  bool adds_amounts = false;
};

/// A measure of the answer.
struct PlannedMeasure {
  std::size_t family = 0;                ///< Index in Plan::families.
  std::size_t number = 0;                ///< Index in its numbers.
  const RateDefinition* rate = nullptr;  ///< The number is divided by the seconds of the row's window.
  /// Of a sum: the index of the number that counts the rows with a value, where some may have none.
  std::optional<std::size_t> counted_by = {};
};

/// Values that a column must have one of.
struct PlannedFilter {
  const Dimension* dimension = nullptr;
  std::vector<std::string> values = {};
};

struct Plan {
  std::vector<FamilyPlan> families = {};
  std::vector<const Dimension*> dimensions = {};
  std::optional<Bucket> bucket = {};
  TimeRange window{};
  std::vector<PlannedFilter> filters = {};
  std::vector<std::string> order = {};  ///< Terms over the statement's columns: "begin", "number_0_2 DESC".
  std::size_t limit = 0;
  std::vector<PlannedMeasure> measures = {};
  std::vector<AnswerColumn> columns = {};

  bool is_raw_only() const;
};

/// Errors: kInvalidArgument, naming what is unknown and the nearest known names, or which bound is broken.
Result<Plan> make_plan(const Question& question);

/// What the statement calls its columns.
std::string group_name(const Dimension& dimension);
std::string number_name(std::size_t family, std::size_t number);

}  // namespace optiinfra
