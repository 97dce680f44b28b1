#include "api/api_answers.hpp"

#include "optiinfra/api/answers.hpp"

namespace optiinfra::cli {

Result<ExitCode> answer_from_api(api::ApiStore& store, const std::string& path,
                                 std::vector<NamedValue> parameters, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(api::ApiAnswer answer, store.ask(path, std::move(parameters)));
  if (!answer.not_found.empty()) return context.not_found(answer.not_found);
  answer.report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(answer.report));
  if (answer.report.has_more) context.remark("note: there are more rows than these; see --limit");
  return ExitCode::kDone;
}

void add_window_parameters(const WindowFlags& window, std::vector<NamedValue>& parameters) {
  if (!window.is_exact()) {
    parameters.emplace_back("hours", std::to_string(window.hours));
    return;
  }
  parameters.emplace_back("from", format_time(*window.from));
  parameters.emplace_back("to", format_time(*window.to));
}

void add_limit_parameter(std::size_t limit, std::vector<NamedValue>& parameters) {
  parameters.emplace_back("limit", std::to_string(limit == 0 ? api::kApiAnswerRowsMax : limit));
}

}  // namespace optiinfra::cli
