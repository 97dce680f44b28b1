#include "plan.hpp"

#include <algorithm>
#include <charconv>

#include "optiinfra/core/nearest.hpp"

namespace optiinfra {
namespace {

/// "no measure 'x'; the nearest are a, b".
Error unknown(const std::string& kind, const std::string& name, const std::vector<std::string>& known) {
  const auto near = nearest_names(name, known);
  return invalid_argument("no " + kind + " is called '" + name + "'" +
                          (near.empty() ? "" : "; near it are " + joined(near)) +
                          ". `optiinfra query --list` names all");
}

Result<void> expect_at_most(std::size_t count, std::size_t max, const char* what) {
  if (count <= max) return {};
  return invalid_argument("a question takes at most " + std::to_string(max) + " " + what + ", not " +
                          std::to_string(count));
}

Result<void> expect_bounds(const Question& question) {
  OPTIINFRA_CHECK(expect_at_most(question.measures.size(), kMeasuresMax, "measures"));
  OPTIINFRA_CHECK(expect_at_most(question.dimensions.size(), kDimensionsMax, "dimensions"));
  OPTIINFRA_CHECK(expect_at_most(question.filters.size(), kFiltersMax, "filters"));
  if (question.measures.empty()) return invalid_argument("a question needs a measure");
  if (question.range.begin < question.range.end) return {};
  return invalid_argument("the range from " + format_time(question.range.begin) + " to " +
                          format_time(question.range.end) + " is empty; its start must lie before its end");
}

Result<const Dimension*> find_dimension(const std::string& name) {
  std::vector<std::string> known;
  for (const Dimension& dimension : dimensions()) {
    if (name == dimension.name || name == dimension.column) return &dimension;
    known.emplace_back(dimension.name);
  }
  return unknown("dimension", name, known);
}

/// The dimensions by which `family` knows nothing, of those that the plan splits or filters by.
std::vector<std::string> missing_dimensions(const Plan& plan, Family family) {
  std::vector<std::string> missing;
  const auto look = [&](const Dimension& dimension) {
    if (known_by(family, dimension) == KnownBy::kNothing) missing.emplace_back(dimension.name);
  };
  for (const Dimension* dimension : plan.dimensions) look(*dimension);
  for (const PlannedFilter& filter : plan.filters) look(*filter.dimension);
  return missing;
}

/// The measures that `name` may mean: "p95_latency", "p95_latency_ms" or "performance.p95_latency".
std::vector<const Measure*> candidates(const std::string& name, std::optional<Family> family) {
  std::vector<const Measure*> found;
  for (const Measure& measure : measures()) {
    const std::string family_name = table_of(measure.family).name;
    if (name == family_name + "." + measure.name) return {&measure};
    const bool may_be = !family || *family == measure.family;
    if (may_be && (name == measure.name || name == measure.column.key)) found.push_back(&measure);
  }
  return found;
}

Result<const Measure*> find_measure(const Plan& plan, const Question& question, const std::string& name) {
  auto found = candidates(name, question.family);
  if (found.empty()) {
    std::vector<std::string> known;
    for (const Measure& measure : measures()) known.push_back(measure.name);
    return unknown("measure", name, known);
  }
  const Measure& first = *found.front();
  std::erase_if(found, [&](const Measure* each) { return !missing_dimensions(plan, each->family).empty(); });
  if (found.size() == 1) return found.front();
  if (found.empty())
    return invalid_argument("'" + name + "' is a measure of " + table_of(first.family).name +
                            ", which does not know " + joined(missing_dimensions(plan, first.family)));
  std::vector<std::string> names;
  for (const Measure* each : found)
    names.push_back(std::string(table_of(each->family).name) + "." + each->name);
  return invalid_argument("'" + name + "' is kept by several families; say " + joined(names, " or "));
}

FamilyPlan& family_plan(Plan& plan, Family family, std::size_t& index) {
  for (index = 0; index < plan.families.size(); ++index) {
    if (plan.families[index].table->family == family) return plan.families[index];
  }
  FamilyPlan& added = plan.families.emplace_back();
  added.table = &table_of(family);
  for (FinishedColumn& column : added.table->finished()) {
    if (column.measure->aggregate == Aggregate::kCount) added.numbers.push_back(std::move(column));
  }
  return added;
}

std::size_t fetched(FamilyPlan& family, const std::string& name) {
  for (std::size_t i = 0; i < family.numbers.size(); ++i) {
    if (family.numbers[i].name == name) return i;
  }
  for (FinishedColumn& column : family.table->finished()) {
    if (column.name == name) family.numbers.push_back(std::move(column));
  }
  return family.numbers.size() - 1;
}

Result<void> add_measure(Plan& plan, const Question& question, const std::string& name) {
  OPTIINFRA_TRY(const Measure* measure, find_measure(plan, question, name));
  PlannedMeasure planned;
  FamilyPlan& family = family_plan(plan, measure->family, planned.family);
  std::string number = measure->name;
  for (const RateDefinition& rate : family.table->rates) {
    if (number != rate.name) continue;
    planned.rate = &rate;
    number = rate.measure;
    break;
  }
  planned.number = fetched(family, number);
  const MeasureDefinition& definition = *family.numbers[planned.number].measure;
  if (definition.aggregate == Aggregate::kSum && !definition.counted_by.empty())
    planned.counted_by = fetched(family, definition.counted_by);
  plan.measures.push_back(planned);
  plan.columns.push_back(measure->column);
  return {};
}

/// Columns of two families that have one name get their family's in front.
void tell_apart(Plan& plan) {
  const std::size_t first = plan.columns.size() - plan.measures.size();
  std::vector<std::string> keys;
  for (const AnswerColumn& column : plan.columns) keys.push_back(column.key);
  for (std::size_t i = first; i < keys.size(); ++i) {
    if (std::count(keys.begin(), keys.end(), keys[i]) == 1) continue;
    const std::string family = plan.families[plan.measures[i - first].family].table->name;
    plan.columns[i].key = family + "_" + plan.columns[i].key;
    plan.columns[i].heading = family + " " + plan.columns[i].heading;
  }
}

Result<void> add_dimensions(Plan& plan, const Question& question) {
  if (question.bucket) plan.columns.push_back({"begin", "from (UTC)", "", CellKind::kTime});
  for (const std::string& name : question.dimensions) {
    OPTIINFRA_TRY(const Dimension* dimension, find_dimension(name));
    if (std::find(plan.dimensions.begin(), plan.dimensions.end(), dimension) != plan.dimensions.end())
      return invalid_argument("the dimension " + name + " stands in the question twice");
    plan.dimensions.push_back(dimension);
    plan.columns.push_back({dimension->column, dimension->heading, "", CellKind::kText});
  }
  return {};
}

Result<void> add_filters(Plan& plan, const Question& question) {
  for (const Filter& filter : question.filters) {
    OPTIINFRA_TRY(const Dimension* dimension, find_dimension(filter.dimension));
    auto same = std::find_if(plan.filters.begin(), plan.filters.end(),
                             [&](const PlannedFilter& each) { return each.dimension == dimension; });
    if (same == plan.filters.end()) same = plan.filters.insert(same, PlannedFilter{dimension, {}});
    same->values.push_back(filter.value);
  }
  return {};
}

/// Whether the plan's rows or its filter keep currencies apart.
bool is_of_one_currency(const Plan& plan) {
  const auto is_currency = [](const Dimension& dimension) {
    return std::string_view(dimension.name) == "currency";
  };
  return std::any_of(plan.dimensions.begin(), plan.dimensions.end(),
                     [&](const Dimension* each) { return is_currency(*each); }) ||
         std::any_of(plan.filters.begin(), plan.filters.end(), [&](const PlannedFilter& each) {
           return is_currency(*each.dimension) && each.values.size() == 1;
         });
}

bool has_amounts(const FamilyPlan& family) {
  return std::any_of(family.numbers.begin(), family.numbers.end(), [](const FinishedColumn& number) {
    return std::string_view(number.measure->unit) == "currency";
  });
}

Result<void> expect_small_numbers(const PlannedFilter& filter) {
  for (const std::string& value : filter.values) {
    std::uint8_t number = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (code != std::errc{} || end != value.data() + value.size())
      return invalid_argument(std::string(filter.dimension->name) + ": '" + value +
                              "' is no whole number from 0 to 255");
  }
  return {};
}

/// A filter's value that no UUID can be is refused here, where its name is known, and not by the engine.
Result<void> expect_values(const Plan& plan) {
  for (const PlannedFilter& filter : plan.filters) {
    for (const ColumnDefinition& column : plan.families.front().table->columns()) {
      if (std::string_view(column.name) != filter.dimension->column) continue;
      if (std::string_view(column.contract_type) == "UInt8") OPTIINFRA_CHECK(expect_small_numbers(filter));
      if (std::string_view(column.contract_type) != "UUID") continue;
      for (const std::string& value : filter.values) {
        const auto id = Uuid::parse(value);
        if (!id) return with_context(id.error(), filter.dimension->name);
      }
    }
  }
  return {};
}

Result<std::string> order_term(const Plan& plan, const Question& question, const std::string& by) {
  if (by == "begin" && plan.bucket) return std::string("begin");
  std::vector<std::string> known;
  for (const Dimension* dimension : plan.dimensions) {
    if (by == dimension->name || by == dimension->column) return group_name(*dimension);
    known.emplace_back(dimension->name);
  }
  for (std::size_t i = 0; i < plan.measures.size(); ++i) {
    const PlannedMeasure& measure = plan.measures[i];
    known.push_back(question.measures[i]);
    if (by != question.measures[i] && by != plan.columns[plan.columns.size() - plan.measures.size() + i].key)
      continue;
    if (measure.rate != nullptr && plan.bucket)
      return invalid_argument("buckets differ in length at the edges, so they are not ordered by " + by +
                              "; order by " + measure.rate->measure);
    return number_name(measure.family, measure.number);
  }
  return unknown("measure or dimension of this question", by, known);
}

Result<void> add_order(Plan& plan, const Question& question) {
  std::vector<std::string> terms;
  for (const Order& order : question.order) {
    OPTIINFRA_TRY(std::string term, order_term(plan, question, order.by));
    terms.push_back(term);
    plan.order.push_back(std::move(term) + (order.is_descending ? " DESC" : ""));
  }
  // The rest follows, so that equal rows come in the same order each time.
  const auto add = [&](const std::string& term) {
    if (std::find(terms.begin(), terms.end(), term) == terms.end()) plan.order.push_back(term);
  };
  if (plan.bucket) add("begin");
  for (const Dimension* dimension : plan.dimensions) add(group_name(*dimension));
  return {};
}

}  // namespace

bool Plan::is_raw_only() const {
  return std::any_of(families.begin(), families.end(), [](const FamilyPlan& each) { return each.raw_only; });
}

Result<Plan> make_plan(const Question& question) {
  OPTIINFRA_CHECK(expect_bounds(question));
  Plan plan{.bucket = question.bucket, .window = question.range, .limit = question.limit};
  OPTIINFRA_CHECK(add_dimensions(plan, question));
  OPTIINFRA_CHECK(add_filters(plan, question));
  for (const std::string& name : question.measures) OPTIINFRA_CHECK(add_measure(plan, question, name));
  OPTIINFRA_CHECK(expect_values(plan));
  tell_apart(plan);
  OPTIINFRA_CHECK(add_order(plan, question));
  for (FamilyPlan& family : plan.families) {
    family.adds_amounts = has_amounts(family) && !is_of_one_currency(plan);
    const auto is_raw = [&](const Dimension* each) {
      return known_by(family.table->family, *each) == KnownBy::kRaw;
    };
    for (const Dimension* dimension : plan.dimensions) family.raw_only = family.raw_only || is_raw(dimension);
    for (const PlannedFilter& filter : plan.filters)
      family.raw_only = family.raw_only || is_raw(filter.dimension);
  }
  return plan;
}

std::string group_name(const Dimension& dimension) { return std::string("group_") + dimension.column; }

std::string number_name(std::size_t family, std::size_t number) {
  return "number_" + std::to_string(family) + "_" + std::to_string(number);
}

}  // namespace optiinfra
