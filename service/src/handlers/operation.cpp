// What runs and watches the service: health, readiness, metrics, SQL, and what it is.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "metric_text.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/core/version.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/report/result_stream.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/transport/session.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

constexpr std::size_t kSqlBytesMax = 256 << 10, kSqlAnswerBytesMax = std::size_t{64} << 20;
constexpr std::uint64_t kSqlSecondsDefault = 30, kSqlSecondsMax = 600;
constexpr std::chrono::seconds kStoreSizeTimeout{2};
constexpr std::size_t kWhyBytesMax = 300;
constexpr const char* kText = "text/plain; charset=utf-8";

Response answer_health(const Call&) { return {.body = "{\"status\":\"ok\"}\n"}; }

Response answer_ready(const Call& call) {
  if (call.backend.client.ping()) return {.body = "{\"status\":\"ready\"}\n"};
  return problem(503, "the store does not answer; rows are taken and spooled, questions fail", 1);
}

/// Of one table, in its active parts.
struct TableSize {
  std::string name;
  std::uint64_t rows = 0, parts = 0, bytes = 0;
};

Result<std::vector<TableSize>> table_sizes(Session& session) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT CAST(table, 'String'), toString(sum(rows)), "
                                   "toString(count()), toString(sum(bytes_on_disk)) FROM system.parts "
                                   "WHERE active AND database = {database:String} GROUP BY 1 ORDER BY 1",
                            .parameters = {{"database", std::string(session.database())}},
                            .timeout = kStoreSizeTimeout}));
  std::vector<TableSize> sizes;
  for (const auto& row : rows)
    sizes.push_back({row[0], std::stoull(row[1]), std::stoull(row[2]), std::stoull(row[3])});
  return sizes;
}

/// What the store holds and has room for, as it says itself; why not, as a comment, where it does not answer.
std::string store_metrics(Client& client) {
  std::string text;
  const auto asked = client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(const auto sizes, table_sizes(session));
    OPTIINFRA_TRY(const store::DiskRoom room, store::disk_room(session));
    const auto add = [&](const char* name, const char* meaning, std::uint64_t TableSize::* value) {
      MetricText metric(text, name, "gauge", meaning);
      for (const TableSize& each : sizes) metric.add(label_text("table", each.name), each.*value);
    };
    add("optiinfra_store_rows", "Rows of a table", &TableSize::rows);
    add("optiinfra_store_parts", "Parts of a table; hundreds mean that inserts are too small",
        &TableSize::parts);
    add("optiinfra_store_bytes", "Bytes of a table on disk", &TableSize::bytes);
    MetricText(text, "optiinfra_store_disk_free_bytes", "gauge",
               "Bytes that the store's disk has free for parts")
        .add("", room.free_bytes);
    MetricText(text, "optiinfra_store_disk_bytes", "gauge", "Size of the store's disk")
        .add("", room.total_bytes);
    return {};
  });
  if (!asked) {
    std::string why = asked.error().message.substr(0, kWhyBytesMax);
    std::replace(why.begin(), why.end(), '\n', ' ');
    text += "# What the store holds is not known: " + why + "\n";
  }
  return text;
}

Response answer_metrics(const Call& call) {
  std::string text = call.backend.statistics.text(
      call.backend.writer == nullptr ? WriterMetrics{} : call.backend.writer->metrics(),
      call.backend.http_counts(), call.backend.client.ping());
  text += store_metrics(call.backend.client);
  if (call.backend.remote_write != nullptr) text += call.backend.remote_write->metrics_text();
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(text)};
}

/// What the caller may do, for programs that show only what they can get.
Response answer_me(const Call& call) {
  nlohmann::ordered_json customers;
  for (const Uuid& customer : call.caller.customers) customers.push_back(customer.to_string());
  const nlohmann::ordered_json me = {
      {"name", call.caller.name},
      {"scope", std::string(to_string(call.caller.scope))},
      {"customers", customers},
      {"may_sql", call.caller.scope == Scope::kAdmin && call.caller.sees_all()},
      {"takes_rows", call.backend.writer != nullptr},
      {"version", std::string(version())}};
  return {.body = me.dump() + "\n"};
}

Response answer_reload(const Call& call) {
  const auto reloaded = call.backend.reload();
  if (!reloaded) return problem(500, reloaded.error().message);
  return {.body = "{\"reloaded\":true}\n"};
}

Response answer_openapi(const Call&) {
  static const std::string document = openapi_document();
  return {.body = document, .headers = {{"Cache-Control", "no-cache"}}};
}

Response answer_llms(const Call&) { return {.content_type = kText, .body = llms_text()}; }

/// Makes the session read and nothing else. A session that only reads keeps the time budget of this
/// statement: it may not set another. Tables need no database before their names; HTTP refuses a USE, and
/// each of its requests names the database.
Result<void> bind(Session& session, std::chrono::seconds timeout) {
  const auto used = session.execute({.sql = "USE `" + std::string(session.database()) + "`"});
  if (!used && used.error().kind != ErrorKind::kInvalidArgument) return used;
  return session.execute({.sql =
                              "SET date_time_output_format = 'iso', output_format_json_quote_denormals = 0, "
                              "output_format_json_quote_64bit_integers = 0, readonly = 1",
                          .timeout = timeout});
}

/// Rows in the format that the caller asks for, piece by piece.
Result<void> stream_rows(Session& session, const Request& request, std::chrono::seconds timeout,
                         const report::TextOutput& take, std::string& content_type) {
  const Statement statement{.sql = request.body, .timeout = timeout};
  const std::string format = value_of(request.parameters, "format").value_or("json");
  Result<void> taken;
  const auto send = [&](const char* engine_format, auto&& use) -> Result<void> {
    const auto summary = session.query_text(statement, engine_format, [&](std::string_view piece) {
      taken = use(piece);
      return taken.has_value();
    });
    if (!taken) return taken;
    return summary ? Result<void>{} : Result<void>(summary.error());
  };
  if (format == "ndjson") {
    content_type = "application/x-ndjson";
    return send("JSONEachRow", take);
  }
  if (format == "csv") content_type = "text/csv; charset=utf-8";
  const auto begin = std::chrono::steady_clock::now();
  const auto writer = format == "csv" ? report::make_csv_writer(take) : report::make_json_writer(take, "sql");
  report::ResultReader reader(*writer);
  OPTIINFRA_CHECK(send("JSONCompactEachRowWithNamesAndTypes",
                       [&](std::string_view piece) { return reader.take(piece); }));
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - begin;
  return reader.finish(elapsed.count());
}

Response answer_sql(const Call& call) {
  const std::string& sql = call.request.body;
  if (sql.empty() || sql.size() > kSqlBytesMax)
    return problem(400,
                   "the body is one SQL statement of at most " + std::to_string(kSqlBytesMax) + " bytes");
  auto seconds = number_of(call.request.parameters, "timeout_s", 1, kSqlSecondsMax, kSqlSecondsDefault);
  if (!seconds) return problem_of(seconds.error());
  // A session of its own, which ends with the statement: what binds it binds nobody else.
  auto session = call.backend.connector.connect();
  if (!session) return problem_of(session.error());
  const std::chrono::seconds timeout{*seconds};
  if (const auto bound = bind(**session, timeout); !bound) return problem_of(bound.error());
  Response response;
  const auto take = [&response](std::string_view piece) -> Result<void> {
    if (response.body.size() + piece.size() > kSqlAnswerBytesMax)
      return Error{ErrorKind::kTooLarge, "the answer is longer than " + std::to_string(kSqlAnswerBytesMax) +
                                             " bytes; ask for less"};
    response.body += piece;
    return {};
  };
  const auto answered = stream_rows(**session, call.request, timeout, take, response.content_type);
  return answered ? response : problem_of(answered.error());
}

Route open_route(const char* path, const char* name, const char* meaning, Response (*handle)(const Call&)) {
  return {.method = "GET",
          .path = path,
          .name = name,
          .tag = "operation",
          .meaning = meaning,
          .openness = Openness::kAll,
          .handle = handle};
}

}  // namespace

std::vector<Route> operation_routes() {
  Route metrics =
      open_route("/metrics", "metrics", "Metrics of the service, in Prometheus' text format", answer_metrics);
  metrics.openness = Openness::kSeesAll;
  metrics.content_type = "text/plain";
  Route sql{
      .method = "POST",
      .path = "/api/v1/sql",
      .name = "sql",
      .tag = "query",
      .meaning = "One SQL statement that reads, in ClickHouse's dialect",
      .is_question = true,
      .openness = Openness::kSeesAll,
      .scope = Scope::kAdmin,
      .parameters = {{.name = "timeout_s",
                      .meaning = "The longest that it may run, up to 600; 30 by default",
                      .form = "integer"},
                     {.name = "format", .meaning = "json by default", .words = {"json", "csv", "ndjson"}}},
      .body = RequestBody{"The statement", {"text/plain", "application/sql"}},
      .handle = answer_sql};
  Route reload{.method = "POST",
               .path = "/-/reload",
               .name = "reload",
               .tag = "operation",
               .meaning = "Reads the certificate and the tokens again, and says what is wrong with them",
               .openness = Openness::kSeesAll,
               .scope = Scope::kAdmin,
               .handle = answer_reload};
  Route me = open_route("/api/v1/me", "me", "Who the caller is, and what it may do", answer_me);
  me.openness = Openness::kToken;
  Route llms = open_route("/llms.txt", "llms", "What an agent reads first", answer_llms);
  llms.content_type = "text/plain";
  return {open_route("/healthz", "health", "Whether the service runs", answer_health),
          open_route("/readyz", "ready", "Whether the store answers, too", answer_ready),
          std::move(me),
          std::move(metrics),
          open_route("/openapi.json", "openapi", "This interface as OpenAPI 3.1", answer_openapi),
          std::move(llms),
          std::move(sql),
          std::move(reload),
          verify_route(),
          forget_route(),
          rejected_route()};
}

}  // namespace optiinfra::service
