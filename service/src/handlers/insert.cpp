// Rows of each family, in: POST /api/v1/insert/{cost|performance|...}.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "decompress.hpp"
#include "handlers/answers.hpp"
#include "handlers/writing.hpp"
#include "http/server.hpp"
#include "optiinfra/rows/decode.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/schema/validate.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kKeyBytesMax = 256;
constexpr const char* kNativeType = "application/vnd.clickhouse.native";
/// Rejected rows that an answer describes; all are counted.
constexpr std::size_t kRejectedShownMax = 100;

std::optional<rows::RowFormat> row_format_of(const Request& request) {
  const std::string_view type = media_type(request);
  if (type == "application/json") return rows::RowFormat::kJson;
  if (type == "application/x-ndjson" || type == "application/jsonl" || type == "application/json-lines")
    return rows::RowFormat::kJsonLines;
  if (type == "text/csv") return rows::RowFormat::kCsv;
  if (type == kNativeType) return rows::RowFormat::kNative;
  return std::nullopt;
}

/// What becomes of the rows of one request.
class Outcome {
 public:
  explicit Outcome(Family family) : family_(family) {}

  void reject(std::size_t index, std::string column, std::string reason) {
    ++counts_.rejected;
    ++counts_.rejected_by_column[is_column(column) ? column : "other"];
    if (shown_.size() < kRejectedShownMax) shown_.push_back({index, std::move(column), std::move(reason)});
  }
  void count_rejected(std::size_t more) { counts_.rejected += more; }
  void take(std::size_t rows, bool is_repeated) {
    (is_repeated ? counts_.duplicates : counts_.accepted) += rows;
  }

  const RowCounts& counts() const { return counts_; }

  std::vector<RejectedSample> samples() const {
    std::vector<RejectedSample> samples;
    for (const rows::RejectedRow& each : shown_)
      samples.push_back({.index = each.index, .column = each.column, .reason = each.reason});
    return samples;
  }

  Response response() const {
    Json rejected = Json::array();
    for (const rows::RejectedRow& each : shown_)
      rejected.push_back({{"index", each.index}, {"column", each.column}, {"reason", each.reason}});
    Json body = {{"accepted", counts_.accepted}, {"duplicates", counts_.duplicates}, {"rejected", rejected}};
    if (counts_.rejected > shown_.size()) body["rejected_count"] = counts_.rejected;
    return {.body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
  }

 private:
  /// A sender may name anything else, and what metrics are labelled with is bounded.
  bool is_column(const std::string& name) const {
    return std::ranges::any_of(table_of(family_).columns(),
                               [&](const ColumnDefinition& column) { return name == column.name; });
  }

  const Family family_;
  RowCounts counts_;
  std::vector<rows::RejectedRow> shown_;
};

/// Leaves the rows of the caller's customers; the others are rejected.
template <typename Row>
void keep_own(const Caller& caller, rows::DecodedRows<Row>& rows, Outcome& outcome) {
  if (caller.sees_all()) return;
  std::vector<std::uint32_t> own, indexes;
  for (std::uint32_t i = 0; i < rows.batch.size(); ++i) {
    if (!caller.sees(rows.batch.customer_id[i])) {
      outcome.reject(rows.indexes[i], "customer_id", "this token must not write for this customer");
      continue;
    }
    own.push_back(i);
    indexes.push_back(rows.indexes[i]);
  }
  if (own.size() == rows.batch.size()) return;
  Batch<Row> batch;
  append_batch<Row>(batch, rows.batch, own);
  rows.batch = std::move(batch);
  rows.indexes = std::move(indexes);
}

/// The response to the sender of the rows after an error of the writer.
Response refusal_of(const Error& error) {
  if (error.kind == ErrorKind::kConflict)
    return problem_of(
        {ErrorKind::kConflict,
         "this Idempotency-Key was used with other rows before; use another key for these rows"});
  if (error.kind == ErrorKind::kUnavailable) return problem(429, error.message, 1);
  return problem_of(error);
}

/// How long the caller waits, and for what.
struct Wait {
  Acknowledgement level = Acknowledgement::kSpooled;
  std::chrono::milliseconds time = kSpooledTime;
};

template <typename Row>
void take(Outcome& outcome, const rows::DecodedRows<Row>& rows, WriteReceipt& receipt) {
  if (receipt.is_repeated) {
    // The writer did not look at the rows again, and which of them it refused is to be said again.
    Validation validation = validate(rows.batch, now());
    receipt.refused = std::move(validation.refused);
    receipt.refused_rows = std::move(validation.refused_rows);
  }
  std::set<std::size_t> described;
  for (const RefusedValue& each : receipt.refused)
    if (described.insert(each.row).second)
      outcome.reject(rows.indexes[each.row], each.column, each.value + " must be " + each.rule);
  outcome.count_rejected(receipt.refused_rows.size() - described.size());
  outcome.take(rows.batch.size() - receipt.refused_rows.size(), receipt.is_repeated);
}

template <typename Row>
Response store(const Call& call, std::string body, rows::RowFormat format, const Wait& wait) {
  constexpr Family kFamily = MetricTraits<Row>::kFamily;
  auto rows = decode_rows<Row>(body, format, NamesInRows(call));
  if (!rows) return problem_of(rows.error());
  Outcome outcome(kFamily);
  for (rows::RejectedRow& each : rows->rejected)
    outcome.reject(each.index, std::move(each.column), std::move(each.reason));
  outcome.count_rejected(rows->rejected_count - rows->rejected.size());
  keep_own(call.caller, *rows, outcome);
  if (rows->batch.size() != 0) {
    auto receipt =
        call.backend.writer->write(rows->batch, {.acknowledgement = wait.level,
                                                 .on_refused_rows = OnRefusedRows::kStoreOthers,
                                                 .request = key_of(call, table_of(kFamily).name, body)});
    if (!receipt) return refusal_of(receipt.error());
    take(outcome, *rows, *receipt);
    if (auto reached = receipt->ticket.wait(wait.time); !reached) return refusal_of(reached.error());
  }
  call.backend.statistics.count_rows(kFamily, outcome.counts());
  keep_rejected(call, outcome.samples());
  return outcome.response();
}

template <typename Row>
Response insert(const Call& call) {
  if (call.backend.writer == nullptr) return problem(507, call.backend.why_no_writer);
  const auto format = row_format_of(call.request);
  if (!format)
    return problem(415,
                   "Content-Type must be application/json (an array of rows), application/x-ndjson (one row "
                   "on each line), text/csv or application/vnd.clickhouse.native");
  if (call.request.header("idempotency-key").size() > kKeyBytesMax)
    return problem(400, "an Idempotency-Key has at most " + std::to_string(kKeyBytesMax) + " bytes");
  auto body = decompressed(call.request.body, call.request.header("content-encoding"), kBodyBytesMax);
  if (!body) return problem_of(body.error());
  const bool is_stored = value_of(call.request.parameters, "wait") == "stored";
  return store<Row>(call, *std::move(body), *format,
                    is_stored ? Wait{Acknowledgement::kStored, kStoredTime} : Wait{});
}

}  // namespace

std::vector<Route> insert_routes() {
  std::vector<Route> routes;
  for (const Family family : kFamilies) {
    const std::string name = table_of(family).name;
    with_metric(family, [&]<typename Row>() {
      routes.push_back(
          {.method = "POST",
           .path = "/api/v1/insert/" + name,
           .name = "insert_" + name,
           .tag = kInsertTag,
           .meaning = "Rows of the family " + name + "; answered when they are on disk",
           .scope = Scope::kWrite,
           .parameters = {{.name = "wait",
                           .meaning = "stored: answered when the rows are in their table and rollup, too",
                           .words = {"spooled", "stored"}}},
           .body =
               RequestBody{"Rows whose keys are the columns of the family's table; gzip or zstd may compress "
                           "them. A row that breaks a rule is rejected by itself",
                           {"application/json", "application/x-ndjson", "text/csv", kNativeType}},
           .handle = insert<Row>});
    });
  }
  routes.push_back(generated_fleet_route());
  return routes;
}

}  // namespace optiinfra::service
