#include <algorithm>
#include <cstdlib>

#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "flags.hpp"
#include "optiinfra/attribution/unit_cost.hpp"
#include "optiinfra/client/question_text.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {
namespace {

struct UnitCostFlags {
  UnitCostQuestion question;
  WindowFlags window;
  std::vector<std::optional<std::string>> filters;  ///< One for each dimension.
  std::vector<std::string> dimensions;
};

std::string flag_of(const Dimension& dimension) {
  std::string flag = "--" + std::string(dimension.name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string names_of_dimensions() {
  std::string names;
  for (const Dimension& dimension : unit_cost_dimensions())
    names += (names.empty() ? "" : "|") + std::string(dimension.name);
  return names;
}

Result<std::string> parse_dimension(const std::string& text) {
  for (const Dimension& dimension : unit_cost_dimensions())
    if (text == dimension.name) return text;
  return Error{ErrorKind::kInvalidArgument, "'" + text + "' is not one of " + names_of_dimensions()};
}

Result<std::optional<double>> parse_score(const std::string& text) {
  char* end = nullptr;
  const double score = std::strtod(text.c_str(), &end);
  if (!text.empty() && *end == '\0' && score >= 0 && score <= 1) return std::optional(score);
  return Error{ErrorKind::kInvalidArgument, "'" + text + "' is not a score from 0 to 1"};
}

void describe(CLI::App& app, UnitCostFlags& flags) {
  const auto dimensions = unit_cost_dimensions();
  flags.filters.resize(dimensions.size());
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const bool is_uuid = i < 2;  // Customers and services.
    const std::string meaning = "Only this " + std::string(dimensions[i].heading);
    if (is_uuid)
      add_parsed(app, flag_of(dimensions[i]), flags.filters[i], parse_uuid_text, meaning, "UUID");
    else
      app.add_option(flag_of(dimensions[i]), flags.filters[i], meaning)->type_name("NAME");
  }
  add_window(app, flags.window);
  app.add_option_function<std::vector<std::string>>(
         "--by",
         [&flags](const std::vector<std::string>& names) {
           for (const std::string& name : names) {
             const auto known = parse_dimension(name);
             if (!known) throw CLI::ValidationError("--by", known.error().message);
             flags.dimensions.push_back(*known);
           }
         },
         "What the numbers are split by; again for one more")
      ->allow_extra_args(false)
      ->type_name(names_of_dimensions());
  add_parsed(
      app, "--bucket", flags.question.bucket,
      [](const std::string& text) -> Result<std::optional<Bucket>> {
        OPTIINFRA_TRY(const Bucket bucket, parse_bucket(text));
        return std::optional(bucket);
      },
      "A row for each hour, day or week", "hour|day|week");
  add_parsed(app, "--basis", flags.question.basis, parse_cost_basis,
             "What costs per token and request are made of: all that is held, or time with requests alone; "
             "default reservation",
             "reservation|usage");
  add_parsed(app, "--idle", flags.question.idle, parse_idle_policy,
             "Time without requests: with who pays, shared among the requests of the instance and hour, or "
             "left out; default separate",
             "separate|share|hide");
  add_parsed(app, "--good-score", flags.question.good_score, parse_score,
             "The least overall score of a good answer, from 0 to 1", "SCORE");
}

Result<ExitCode> run(const UnitCostFlags& flags, Context& context) {
  UnitCostQuestion question = flags.question;
  OPTIINFRA_TRY(question.range, flags.window.range());
  question.dimensions = flags.dimensions;
  const auto dimensions = unit_cost_dimensions();
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    if (flags.filters[i]) question.filters.push_back({dimensions[i].name, *flags.filters[i]});
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const Answer answer, query_unit_cost(client, question));
  Report report{.command = "query unit-cost"};
  report.elapsed = watch.elapsed();
  add_answer(report, answer, false);
  if (answer.rows.empty())
    report.instead = "No hour of this window is attributed. Attribute it with: optiinfra attribute --from " +
                     format_time(answer.window.begin) + " --to " + format_time(answer.window.end);
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

}  // namespace

void define_unit_cost(CLI::App& parent, Action& action) {
  define_command<UnitCostFlags>(
      parent, action, "unit-cost",
      "What was paid for, and what a token, a request and a good answer cost, from hours that optiinfra "
      "attribute has split",
      "  optiinfra query unit-cost --hours 720 --by customer\n"
      "  optiinfra query unit-cost --by model --idle share --basis reservation\n"
      "  optiinfra query unit-cost --customer UUID --bucket day --good-score 0.8",
      describe, run);
}

}  // namespace optiinfra::cli
