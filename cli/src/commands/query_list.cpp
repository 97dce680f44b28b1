#include "commands/commands.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
namespace {

Section measures_section() {
  Records records{
      .fields = {{"measure", "measure"}, {"family", "family"}, {"unit", "unit"}, {"key", "in answers"}},
      .rows = {}};
  for (const Measure& measure : measures()) {
    Row& row = records.rows.emplace_back();
    row.emplace_back(measure.name);
    row.emplace_back(std::string(table_of(measure.family).name));
    row.emplace_back(measure.column.unit);
    row.emplace_back(measure.column.key);
  }
  return {.key = "measures", .title = "Measures", .records = std::move(records)};
}

std::string families_of(const Dimension& dimension, KnownBy known) {
  std::string names;
  for (const Family family : kFamilies) {
    if (known_by(family, dimension) == known)
      names += (names.empty() ? "" : ", ") + std::string(table_of(family).name);
  }
  return names;
}

Section dimensions_section() {
  Records records{.fields = {{"dimension", "dimension"},
                             {"families", "families"},
                             {"families_by_raw_rows", "by raw rows alone"},
                             {"key", "in answers"}},
                  .rows = {}};
  for (const Dimension& dimension : dimensions()) {
    Row& row = records.rows.emplace_back();
    row.emplace_back(std::string(dimension.name));
    row.emplace_back(families_of(dimension, KnownBy::kRollup));
    row.emplace_back(families_of(dimension, KnownBy::kRaw));
    row.emplace_back(std::string(dimension.column));
  }
  return {.key = "dimensions", .title = "Dimensions", .records = std::move(records)};
}

Section questions_section() {
  Records records{.fields = {{"question", "question"}, {"meaning", "answers"}}, .rows = {}};
  for (const NamedQuestion& question : named_questions()) {
    Row& row = records.rows.emplace_back();
    row.emplace_back(std::string(question.name));
    row.emplace_back(std::string(question.meaning));
  }
  return {.key = "questions", .title = "Questions with names of their own", .records = std::move(records)};
}

}  // namespace

Result<ExitCode> list_questions(Context& context) {
  const Stopwatch watch;
  Report report{.command = "query --list"};
  report.sections = {measures_section(), dimensions_section(), questions_section()};
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

}  // namespace optiinfra::cli
