#include <algorithm>

#include "api/api_answers.hpp"
#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "flags.hpp"
#include "optiinfra/attribution/questions.hpp"
#include "optiinfra/service/computed_report.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {
namespace {

struct ComputedFlags {
  WindowFlags window;
  attribution::GivenValues given;
};

std::string flag_of(const attribution::QuestionParameter& parameter) {
  std::string flag = "--" + parameter.name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

/// Checks what can be known without the store.
void check(const attribution::QuestionParameter& parameter, const std::string& value) {
  if (!parameter.words.empty() &&
      std::find(parameter.words.begin(), parameter.words.end(), value) == parameter.words.end())
    throw CLI::ValidationError(flag_of(parameter), "'" + value + "' is not one of " + parameter.form);
}

void add(CLI::App& app, const attribution::QuestionParameter& parameter, attribution::GivenValues& given) {
  CLI::Option* const option = app.add_option_function<std::vector<std::string>>(
                                     flag_of(parameter),
                                     [&parameter, &given](const std::vector<std::string>& values) {
                                       for (const std::string& value : values) {
                                         check(parameter, value);
                                         given.emplace_back(parameter.name, value);
                                       }
                                     },
                                     parameter.meaning)
                                  ->type_name(parameter.form)
                                  ->allow_extra_args(false);
  if (!parameter.is_list) option->expected(1);
}

/// An API takes each parameter once: a list has commas between its values.
std::vector<NamedValue> in_one_text(const attribution::ComputedQuestion& question,
                                    const attribution::GivenValues& given) {
  std::vector<NamedValue> parameters;
  for (const attribution::QuestionParameter& parameter : question.parameters) {
    std::string text;
    for (const auto& [name, value] : given)
      if (name == parameter.name) text = parameter.is_list && !text.empty() ? text + "," + value : value;
    if (!text.empty()) parameters.emplace_back(parameter.name, std::move(text));
  }
  return parameters;
}

Result<ExitCode> ask(const attribution::ComputedQuestion& question, const ComputedFlags& flags,
                     Context& context) {
  TimeRange range{now(), now()};
  if (question.has_window) {
    OPTIINFRA_TRY(range, flags.window.range());
  }
  OPTIINFRA_TRY(auto api, context.api());
  if (api) {
    std::vector<NamedValue> parameters = in_one_text(question, flags.given);
    if (question.has_window) add_window_parameters(flags.window, parameters);
    return answer_from_api(*api, std::string("/api/v1/query/") + question.name, std::move(parameters),
                           context);
  }
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const Names names, client.names());
  attribution::GivenValues given = flags.given;
  OPTIINFRA_CHECK(attribution::resolve_names(names, given));
  OPTIINFRA_TRY(const Answer answer, question.ask(client, range, given));
  Report report = service::computed_report(question, answer, names);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

}  // namespace

void define_computed_questions(CLI::App& parent, Action& action) {
  for (const attribution::ComputedQuestion& question : attribution::computed_questions()) {
    const auto describe = [&question](CLI::App& app, ComputedFlags& flags) {
      for (const attribution::QuestionParameter& parameter : question.parameters)
        add(app, parameter, flags.given);
      if (question.has_window) add_window(app, flags.window);
    };
    const auto run = [&question](const ComputedFlags& flags, Context& context) {
      return ask(question, flags, context);
    };
    define_command<ComputedFlags>(parent, action, question.name, question.meaning, question.examples,
                                  describe, run);
  }
}

}  // namespace optiinfra::cli
