#include "api/api_answers.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/question_text.hpp"
#include "optiinfra/report/asking.hpp"
#include "optiinfra/schema/select.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {
namespace {

struct MetricsFlags {
  std::vector<std::string> measures;
  std::vector<std::string> dimensions;
  std::optional<Bucket> bucket;
  WindowFlags window;
  std::vector<Filter> filters;
  std::vector<Order> order;
  std::size_t limit = 0;
};

Result<std::vector<std::string>> parse_some_names(const std::string& text) {
  auto names = parse_names(text);
  if (names.empty()) return invalid_argument("'" + text + "' names nothing");
  return names;
}

Result<std::vector<Order>> parse_some_order(const std::string& text) { return parse_order(text); }

Result<std::optional<Bucket>> parse_some_bucket(const std::string& text) {
  OPTIINFRA_TRY(const Bucket bucket, parse_bucket(text));
  return std::optional(bucket);
}

std::vector<NamedValue> parameters_of(const MetricsFlags& flags) {
  std::vector<NamedValue> parameters{{"measures", joined(flags.measures, ",")}};
  if (!flags.dimensions.empty()) parameters.emplace_back("by", joined(flags.dimensions, ","));
  if (flags.bucket) parameters.emplace_back("bucket", to_string(*flags.bucket));
  add_window_parameters(flags.window, parameters);
  for (const Filter& filter : flags.filters)
    parameters.emplace_back("where", filter.dimension + "=" + filter.value);
  std::vector<std::string> order;
  for (const Order& each : flags.order) order.push_back(each.by + (each.is_descending ? ":desc" : ""));
  if (!order.empty()) parameters.emplace_back("order", joined(order, ","));
  add_limit_parameter(flags.limit, parameters);
  return parameters;
}

Result<ExitCode> run(const MetricsFlags& flags, Context& context) {
  OPTIINFRA_TRY(const TimeRange range, flags.window.range());
  OPTIINFRA_TRY(auto api, context.api());
  if (api) return answer_from_api(*api, "/api/v1/query/metrics", parameters_of(flags), context);
  OPTIINFRA_TRY(Client client, context.open(false));
  Question question{.measures = flags.measures,
                    .dimensions = flags.dimensions,
                    .bucket = flags.bucket,
                    .range = range,
                    .filters = flags.filters,
                    .order = flags.order};
  OPTIINFRA_TRY(const Asked asked, ask(client, std::move(question), nullptr, {.rows_max = flags.limit}));
  if (!asked.not_found.empty()) return context.not_found(asked.not_found);
  OPTIINFRA_CHECK(context.answer(asked.report));
  if (asked.report.has_more) context.remark("note: there are more rows than these; see --limit");
  return ExitCode::kDone;
}

void describe(CLI::App& app, MetricsFlags& flags) {
  add_parsed(app, "--measures", flags.measures, parse_some_names,
             "What is asked for, with commas between; `optiinfra query --list` names all", "NAMES")
      ->required();
  add_parsed(app, "--by", flags.dimensions, parse_some_names,
             "What the numbers are split by, with commas between: customer, model, ...", "NAMES");
  add_parsed(app, "--bucket", flags.bucket, parse_some_bucket, "A row for each of these too",
             "hour|day|week");
  add_window(app, flags.window);
  app.add_option_function<std::vector<std::string>>(
         "--where",
         [&flags](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             auto filter = parse_filter(text);
             if (!filter) throw CLI::ValidationError("--where", filter.error().message);
             flags.filters.push_back(*std::move(filter));
           }
         },
         "Only rows with this value of a dimension; may be given again, and for one dimension means any of "
         "them")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  add_parsed(app, "--order", flags.order, parse_some_order,
             "What rows are sorted by, with commas between; NAME:desc has the largest first", "NAMES");
  add_count<std::size_t>(app, "--limit", flags.limit, 1, kAnswerRowsMax, "Most rows of the answer");
}

}  // namespace

void define_metrics(CLI::App& parent, Action& action) {
  define_command<MetricsFlags>(
      parent, action, "metrics", "Any measures by any dimensions, over any window",
      "  optiinfra query metrics --measures total_cost --by provider,region --bucket day --from now-30d --to "
      "now\n"
      "  optiinfra query metrics --measures total_tokens,p95_latency --by customer,model \\\n"
      "      --where service=UUID --order p95_latency:desc --limit 10",
      describe, run);
}

}  // namespace optiinfra::cli
