#include <algorithm>
#include <cctype>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "output/result_table.hpp"

namespace optiinfra::cli {
namespace {

/// The engine's code for a statement that a read-only session refuses.
constexpr int kReadOnly = 164;
constexpr std::chrono::hours kLongestStatement{24};
constexpr const char* kRowsFormat = "JSONCompactEachRowWithNamesAndTypes";

struct SqlFlags {
  std::string statement;
  bool write = false;
  std::string format;
};

/// The engine writes a file for `SELECT ... INTO OUTFILE` even in a read-only session. A statement
/// that uses the word as data rather than as a command needs --write as well: a lexer of our own could err.
bool names_an_outfile(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text.find("outfile") != std::string::npos;
}

/// Tables need no database before their names. HTTP has no sessions, and each of its requests names the
/// database.
Result<void> use_database(Session& session, const StoreUrl& url) {
  if (url.protocol == Protocol::kHttp || url.protocol == Protocol::kHttps) return {};
  return session.execute({.sql = "USE `" + std::string(session.database()) + "`"});
}

/// Settings of the whole session, because the statement is the user's and may end in settings or a format of
/// its own. A session that only reads keeps this time budget: it may not set another.
Result<void> prepare(Session& session, bool write, std::chrono::milliseconds timeout) {
  OPTIINFRA_TRY(const auto only_reads,  // A server user may not be allowed to set it again.
                query_number(session, {.sql = "SELECT toUInt64(getSetting('readonly'))"}));
  return session.execute(
      {.sql = std::string("SET date_time_output_format = 'iso', output_format_json_quote_denormals = 0, "
                          "output_format_json_quote_64bit_integers = 0, "
                          "output_format_pretty_max_rows = 1000000000") +
              (write || only_reads != 0 ? "" : ", readonly = 1"),
       .timeout = timeout});
}

std::unique_ptr<ResultWriter> make_writer(Context& context) {
  const auto output = [&context](std::string_view text) { return context.screen.write(text); };
  switch (context.output) {
    case OutputFormat::kJson:
      return make_json_writer(output, "sql");
    case OutputFormat::kCsv:
      return make_csv_writer(output);
    case OutputFormat::kTable:
      break;
  }
  return make_table_writer(context.screen, context.screen_terminal);
}

/// Hands the answer to `take` piece by piece until it fails or nobody reads any more.
template <typename Take>
Result<void> stream(Session& session, const SqlFlags& flags, const std::string& format, const Screen& screen,
                    std::chrono::milliseconds timeout, Take take) {
  Result<void> taken;
  auto summary =
      session.query_text({.sql = flags.statement, .timeout = timeout}, format, [&](std::string_view piece) {
        taken = take(piece);
        return taken.has_value() && !screen.is_closed();
      });
  if (!taken) return taken;
  if (!summary) return std::move(summary).error();
  return {};
}

Result<void> print_rows(Session& session, const SqlFlags& flags, Context& context,
                        std::chrono::milliseconds timeout, const Stopwatch& watch) {
  const auto writer = make_writer(context);
  ResultReader reader(*writer);
  OPTIINFRA_CHECK(stream(session, flags, kRowsFormat, context.screen, timeout,
                         [&](std::string_view piece) { return reader.take(piece); }));
  return reader.finish(watch.elapsed().count() * 1000);
}

Result<void> print_answer(Session& session, const SqlFlags& flags, Context& context,
                          std::chrono::milliseconds timeout) {
  const Stopwatch watch;
  if (flags.format.empty()) return print_rows(session, flags, context, timeout, watch);
  return stream(session, flags, flags.format, context.screen, timeout,
                [&](std::string_view piece) { return context.screen.write(piece); });
}

Error explained(Error error) {
  if (error.server_code == kReadOnly)
    error.message +=
        " (without --write, sql only reads, and neither settings nor table functions that reach outside the "
        "store are allowed)";
  return error;
}

Result<ExitCode> run(const SqlFlags& flags, Context& context) {
  if (!flags.write && names_an_outfile(flags.statement))
    return invalid_argument(
        "the statement holds the word OUTFILE, which writes a file; allow it with --write");
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  OPTIINFRA_TRY(const auto connector, make_connector(url, IfAbsent::kFail));
  OPTIINFRA_TRY(const auto session, connector->connect());
  OPTIINFRA_CHECK(store::expect_current_schema(*session));
  OPTIINFRA_TRY(const auto timeout, statement_time_up_to(*session, kLongestStatement));
  OPTIINFRA_CHECK(use_database(*session, url));
  OPTIINFRA_CHECK(prepare(*session, flags.write, timeout));
  auto printed = print_answer(*session, flags, context, timeout);
  if (!printed) return explained(std::move(printed).error());
  return ExitCode::kDone;
}

void describe(CLI::App& app, SqlFlags& flags) {
  app.add_option("statement", flags.statement, "One SQL statement of the ClickHouse dialect")
      ->type_name("SQL")
      ->required();
  app.add_flag("--write", flags.write, "Allow statements that change the store or write files");
  app.add_option("--format", flags.format, "Print in a format of the engine instead: Vertical, Parquet, ...")
      ->type_name("NAME");
}

}  // namespace

void define_sql(CLI::App& parent, Action& action) {
  define_command<SqlFlags>(
      parent, action, "sql", "Run SQL in the store; read-only unless --write",
      "  optiinfra sql \"SELECT model_name, count() FROM performance_metrics_ts GROUP BY 1\"\n"
      "  optiinfra sql \"SELECT * FROM cost_hourly ORDER BY hour\" --output csv\n"
      "  optiinfra sql \"SELECT * FROM cost_metrics_ts\" --format Parquet > cost.parquet\n"
      "  optiinfra sql --write \"OPTIMIZE TABLE cost_metrics_ts FINAL\"",
      describe, run);
}

}  // namespace optiinfra::cli
