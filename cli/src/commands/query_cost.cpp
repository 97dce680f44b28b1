#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/hours.hpp"
#include "flags.hpp"

namespace optiinfra::cli {
namespace {

struct CostFlags {
  Uuid customer_id;
  WindowFlags window;
  CostDimension dimension = CostDimension::kProvider;
  Bucket bucket = Bucket::kDay;
};

Result<CostDimension> parse_dimension(const std::string& text) {
  if (text == "provider") return CostDimension::kProvider;
  if (text == "service") return CostDimension::kService;
  if (text == "region") return CostDimension::kRegion;
  if (text == "instance-type") return CostDimension::kInstanceType;
  return Error{ErrorKind::kInvalidArgument,
               "'" + text + "' is not one of provider, service, region, instance-type"};
}

Result<Bucket> parse_bucket(const std::string& text) {
  if (text == "hour") return Bucket::kHour;
  if (text == "day") return Bucket::kDay;
  if (text == "week") return Bucket::kWeek;
  return Error{ErrorKind::kInvalidArgument, "'" + text + "' is not one of hour, day, week"};
}

std::chrono::seconds length_of(Bucket bucket) {
  return bucket == Bucket::kHour  ? std::chrono::hours{1}
         : bucket == Bucket::kDay ? std::chrono::hours{24}
                                  : std::chrono::hours{168};
}

const char* name_of(CostDimension dimension) {
  switch (dimension) {
    case CostDimension::kProvider:
      return "provider";
    case CostDimension::kService:
      return "service";
    case CostDimension::kRegion:
      return "region";
    case CostDimension::kInstanceType:
      break;
  }
  return "instance type";
}

Section points_section(const std::vector<CostPoint>& points, CostDimension dimension) {
  Records records{.fields = {{"begin", "from (UTC)", Look::kTime},
                             {"group", name_of(dimension)},
                             {"total_cost", "cost, currency", Look::kDecimal, 2},
                             {"avg_utilization", "utilization, %", Look::kDecimal, 1},
                             {"sample_count", "samples", Look::kCount}},
                  .rows = {}};
  for (const CostPoint& each : points)
    records.rows.push_back(
        {each.begin, each.group, each.total_cost, each.avg_utilization, each.sample_count});
  return {.key = "points", .title = {}, .records = std::move(records)};
}

Result<ExitCode> run(const CostFlags& flags, Context& context) {
  OPTIINFRA_TRY(const TimeRange window, flags.window.range());
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  std::vector<CostPoint> points;
  OPTIINFRA_CHECK(client.query_cost_series(flags.customer_id, window, flags.bucket, flags.dimension,
                                           [&](const CostPoint& point) {
                                             points.push_back(point);
                                             return true;
                                           }));
  Report report{.command = "query cost", .window = window};
  report.elapsed = watch.elapsed();
  report.sections.push_back(points_section(points, flags.dimension));
  report.charts.push_back(series_of(
      "cost, all of the above, currency", points, length_of(flags.bucket),
      [](const CostPoint& each) { return each.begin; },
      [](const CostPoint& each) { return each.total_cost; }));
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, CostFlags& flags) {
  add_uuid(app, "--customer", flags.customer_id, "The customer who pays")->required();
  add_range(app, flags.window);
  add_parsed(app, "--by", flags.dimension, parse_dimension, "What cost is added up by; default provider",
             "provider|service|region|instance-type");
  add_parsed(app, "--bucket", flags.bucket, parse_bucket, "How long each step is; default day",
             "hour|day|week");
}

}  // namespace

void define_cost(CLI::App& parent, Action& action) {
  define_command<CostFlags>(
      parent, action, "cost",
      "Cost by provider, service, region or instance type, in hours, days or weeks. Region and "
      "instance type come from raw rows, and so reach back as far as those are kept",
      "  optiinfra query cost --customer UUID --from now-30d --to now --by region --bucket day", describe,
      run);
}

}  // namespace optiinfra::cli
