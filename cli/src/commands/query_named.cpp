#include "api/api_answers.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/question_text.hpp"
#include "optiinfra/report/asking.hpp"
#include "optiinfra/report/stored_names.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {
namespace {

struct NamedFlags {
  std::vector<std::optional<std::string>> values;  ///< One for each parameter of the question.
  WindowFlags window;
  std::string dimension;  ///< Of the choice.
  Bucket bucket = Bucket::kHour;
};

Result<std::string> parse_choice(const NamedQuestion& question, const std::string& text) {
  std::string names;
  for (const Choice& choice : question.choices) {
    if (text == choice.name) return std::string(choice.dimension);
    names += (names.empty() ? "" : ", ") + std::string(choice.name);
  }
  return invalid_argument("'" + text + "' is not one of " + names);
}

void describe_choices(CLI::App& app, const NamedQuestion& question, NamedFlags& flags) {
  if (question.choices.empty()) return;
  std::string names;
  for (const Choice& choice : question.choices)
    names += (names.empty() ? "" : "|") + std::string(choice.name);
  flags.dimension = question.choices.front().dimension;
  add_parsed(
      app, "--by", flags.dimension,
      [&question](const std::string& text) { return parse_choice(question, text); },
      "What the numbers are split by; default " + std::string(question.choices.front().name), names);
}

void describe(CLI::App& app, const NamedQuestion& question, NamedFlags& flags) {
  flags.values.resize(question.parameters.size());
  for (std::size_t i = 0; i < question.parameters.size(); ++i) {
    const Parameter& parameter = question.parameters[i];
    const std::string name = std::string("--") + parameter.name;
    CLI::Option* const option =
        takes_uuid(question, parameter)
            ? add_id(app, name, flags.values[i], parameter.meaning)
            : app.add_option(name, flags.values[i], parameter.meaning)->type_name("NAME");
    option->required(parameter.is_required);
  }
  add_window(app, flags.window);
  describe_choices(app, question, flags);
  if (!question.bucket_may_differ) return;
  flags.bucket = *question.bucket;
  add_parsed(app, "--bucket", flags.bucket, parse_bucket,
             std::string("How long each step is; default ") + to_string(*question.bucket), "hour|day|week");
}

Question question_of(const NamedQuestion& named, const NamedFlags& flags, TimeRange range) {
  Question question = named.over(range);
  for (std::size_t i = 0; i < flags.values.size(); ++i)
    if (flags.values[i]) question.filters.push_back({named.parameters[i].dimension, *flags.values[i]});
  if (!named.choices.empty()) question.dimensions.front() = flags.dimension;
  if (named.bucket_may_differ) question.bucket = flags.bucket;
  return question;
}

std::vector<NamedValue> parameters_of(const NamedQuestion& named, const NamedFlags& flags) {
  std::vector<NamedValue> parameters;
  for (std::size_t i = 0; i < flags.values.size(); ++i)
    if (flags.values[i]) parameters.emplace_back(named.parameters[i].name, *flags.values[i]);
  add_window_parameters(flags.window, parameters);
  for (const Choice& choice : named.choices)
    if (flags.dimension == choice.dimension) parameters.emplace_back("by", choice.name);
  if (named.bucket_may_differ) parameters.emplace_back("bucket", to_string(flags.bucket));
  if (!named.is_object) add_limit_parameter(0, parameters);
  return parameters;
}

Result<ExitCode> run(const NamedQuestion& named, const NamedFlags& flags, Context& context) {
  OPTIINFRA_TRY(const TimeRange range, flags.window.range());
  OPTIINFRA_TRY(auto api, context.api());
  if (api)
    return answer_from_api(*api, std::string("/api/v1/query/") + named.name, parameters_of(named, flags),
                           context);
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const Asked asked, ask(client, question_of(named, flags, range), &named));
  if (!asked.not_found.empty()) return context.not_found(asked.not_found);
  OPTIINFRA_CHECK(context.answer(asked.report));
  return ExitCode::kDone;
}

}  // namespace

void define_named_questions(CLI::App& parent, Action& action) {
  for (const NamedQuestion& question : named_questions()) {
    define_command<NamedFlags>(
        parent, action, question.name, question.meaning, question.examples,
        [&question](CLI::App& app, NamedFlags& flags) { describe(app, question, flags); },
        [&question](const NamedFlags& flags, Context& context) { return run(question, flags, context); });
  }
}

}  // namespace optiinfra::cli
