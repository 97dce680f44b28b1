// OpenTelemetry's exporters: POST /v1/traces, /v1/logs and /v1/metrics, as the OTLP/HTTP specification has
// them.
#include <algorithm>
#include <variant>

#include "decompress.hpp"
#include "handlers/writing.hpp"
#include "http/server.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/otlp/decode.hpp"
#include "optiinfra/schema/validate.hpp"
#include "problem.hpp"
#include "remote_write_receiver.hpp"

namespace optiinfra::service {
namespace {

constexpr const char* kProtobuf = "application/x-protobuf";
constexpr const char* kJson = "application/json";
/// Whose records are that name nobody, when the caller may write for all.
constexpr const char* kDefaultName = "default";
/// Names that one request may add.
constexpr std::size_t kNewNamesMax = 100;

/// Codes of gRPC.
enum Code : int { kInvalid = 3, kUnavailableCode = 14, kExhausted = 8 };

Response in(otlp::OtlpEncoding encoding, int status, std::string body) {
  return {.status = status,
          .content_type = encoding == otlp::OtlpEncoding::kJson ? kJson : kProtobuf,
          .body = std::move(body)};
}

/// Exporters repeat only after 429, 502, 503 and 504.
Response refusal(otlp::OtlpEncoding encoding, const Error& error) {
  const auto answer = [&](int status, Code code) {
    return in(encoding, status, otlp::otlp_status(encoding, code, error.message));
  };
  const bool is_passing = error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTimeout ||
                          error.kind == ErrorKind::kStorage;
  if (is_passing) {
    Response response = answer(error.kind == ErrorKind::kUnavailable ? 429 : 503, kUnavailableCode);
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  if (error.kind == ErrorKind::kTooLarge) return answer(413, kExhausted);
  return answer(400, kInvalid);
}

/// Whose the records of a request are: by UUID, by a name that the store has, or by a text that then becomes
/// one.
class Identities {
 public:
  explicit Identities(const Call& call) : call_(call), names_(call) {}

  Result<Uuid> of(std::string_view kind, std::string_view text) {
    const bool is_customer = kind == to_string(NameKind::kCustomer);
    const auto& own = call_.caller.customers;
    const Uuid id = is_customer && text.empty() && own.size() == 1
                        ? own.front()
                        : id_of(kind, text.empty() ? kDefaultName : text);
    if (is_customer) customer_ = id;
    if (!is_customer || call_.caller.sees_all() || call_.caller.sees(id)) return id;
    return invalid_argument(text.empty()
                                ? "the record names no customer, in optiinfra.customer, customer.id or "
                                  "tenant.id, and the token has several"
                                : "this token must not write for the customer " + std::string(text));
  }

  /// Gives the texts that were no names yet to the ids that stand for them, so that answers show them. The
  /// rows do not depend on it.
  void keep_names() {
    if (!new_names_.empty()) static_cast<void>(set_names(call_.backend.client, new_names_, "otlp"));
  }

 private:
  /// Customers that a sender may make up: one who sees all.
  Uuid id_of(std::string_view kind, std::string_view text) {
    if (const auto uuid = Uuid::parse(text)) return *uuid;
    if (const auto named = names_(std::string(kind) + "_id", text)) return *named;
    const Uuid id = identity_of(kind, text);
    const auto known = parse_name_kind(kind);
    const bool is_new = std::none_of(new_names_.begin(), new_names_.end(), [&](const NewName& each) {
      return each.kind == *known && each.name == text;
    });
    const bool may_be_named = *known == NameKind::kService || call_.caller.sees_all();
    if (is_new && may_be_named && new_names_.size() < kNewNamesMax)
      new_names_.push_back(
          {*known, std::string(text), id.to_string(), *known == NameKind::kCustomer ? id : customer_});
    return id;
  }

  const Call& call_;
  NamesInRows names_;
  Uuid customer_;  ///< Of the record; a service is asked for after its customer.
  std::vector<NewName> new_names_;
};

template <Metric Row>
Result<void> store(const Call& call, const char* what, const std::string& body, otlp::OtlpRows<Row>& rows) {
  RowCounts counts;
  if (rows.batch.size() != 0) {
    OPTIINFRA_TRY(auto receipt,
                  call.backend.writer->write(rows.batch, {.acknowledgement = Acknowledgement::kSpooled,
                                                          .on_refused_rows = OnRefusedRows::kStoreOthers,
                                                          .request = key_of(call, what, body)}));
    if (receipt.is_repeated) {
      // The writer did not look at the rows again.
      Validation validation = validate(rows.batch, now());
      receipt.refused = std::move(validation.refused);
      receipt.refused_rows = std::move(validation.refused_rows);
    }
    if (!receipt.refused.empty() && rows.reason.empty()) rows.reason = receipt.refused.front().to_string();
    rows.rejected += receipt.refused_rows.size();
    OPTIINFRA_CHECK(receipt.ticket.wait(kSpooledTime));
    const std::uint64_t taken = rows.batch.size() - receipt.refused_rows.size();
    (receipt.is_repeated ? counts.duplicates : counts.accepted) += taken;
  }
  counts.rejected = rows.rejected;
  if (rows.rejected != 0) keep_rejected(call, {{.reason = rows.reason}});
  call.backend.statistics.count_rows(MetricTraits<Row>::kFamily, counts);
  return {};
}

/// A request's body, and how it and its answer are written.
struct Export {
  otlp::OtlpEncoding encoding{};
  std::string body;
};

/// Errors: the response.
std::variant<Export, Response> exported(const Call& call, const std::string& why_not) {
  const std::string_view type = media_type(call.request);
  if (type != kProtobuf && type != kJson)
    return problem(415, std::string("Content-Type must be ") + kProtobuf + " or " + kJson);
  const otlp::OtlpEncoding encoding =
      type == kJson ? otlp::OtlpEncoding::kJson : otlp::OtlpEncoding::kProtobuf;
  if (!why_not.empty()) return refusal(encoding, {ErrorKind::kStorage, why_not});
  auto body = decompressed(call.request.body, call.request.header("content-encoding"), kBodyBytesMax);
  if (!body) return refusal(encoding, body.error());
  return Export{encoding, *std::move(body)};
}

template <Metric Row>
Response answer(const Call& call, otlp::OtlpSignal signal, const char* what,
                Result<otlp::OtlpRows<Row>> (*decode)(std::string_view, otlp::OtlpEncoding,
                                                      const otlp::IdentityOf&)) {
  auto request = exported(call, call.backend.writer == nullptr ? call.backend.why_no_writer : std::string());
  if (auto* refused = std::get_if<Response>(&request)) return std::move(*refused);
  const auto& [encoding, body] = std::get<Export>(request);
  Identities identities(call);
  auto rows = decode(body, encoding,
                     [&](std::string_view kind, std::string_view text) { return identities.of(kind, text); });
  if (!rows) return refusal(encoding, rows.error());
  if (auto stored = store(call, what, body, *rows); !stored) return refusal(encoding, stored.error());
  identities.keep_names();
  return in(encoding, 200, otlp::otlp_response(signal, encoding, rows->rejected, rows->reason));
}

Response answer_otlp_metrics(const Call& call) {
  auto request =
      exported(call, call.backend.remote_write == nullptr ? call.backend.why_no_remote_write : std::string());
  if (auto* refused = std::get_if<Response>(&request)) return std::move(*refused);
  const auto& [encoding, body] = std::get<Export>(request);
  Identities identities(call);
  auto metrics = otlp::decode_metrics(body, encoding, [&](std::string_view kind, std::string_view text) {
    return identities.of(kind, text);
  });
  if (!metrics) return refusal(encoding, metrics.error());
  if (!metrics->body.empty()) {
    const auto taken = call.backend.remote_write->take({.protocol = remote_write::RemoteWriteProtocol::kV2,
                                                        .encoding = "",
                                                        .origin = {.customers = call.caller.customers},
                                                        .body = metrics->body});
    if (!taken) return refusal(encoding, taken.error());
    // A point of a histogram is many samples.
    if (taken->refused != 0 && metrics->reason.empty()) metrics->reason = taken->reason;
    metrics->rejected += std::min<std::size_t>(taken->refused, metrics->points);
  }
  if (metrics->rejected != 0) keep_rejected(call, {{.reason = metrics->reason}});
  identities.keep_names();
  return in(encoding, 200,
            otlp::otlp_response(otlp::OtlpSignal::kMetrics, encoding, metrics->rejected, metrics->reason));
}

Route route_of(const char* path, const char* name, const char* meaning,
               std::function<Response(const Call&)> handle) {
  return {
      .method = "POST",
      .path = path,
      .name = name,
      .tag = kInsertTag,
      .meaning = meaning,
      .scope = Scope::kWrite,
      .body =
          RequestBody{"An OTLP export request; gzip or zstd may compress it. The answer comes when the rows "
                      "are on disk",
                      {kProtobuf, kJson}},
      .handle = std::move(handle)};
}

}  // namespace

std::vector<Route> otlp_routes() {
  return {route_of("/v1/traces", "otlp_traces",
                   "Spans of OpenTelemetry: those of LLM requests become performance rows",
                   [](const Call& call) {
                     return answer<PerformanceMetric>(call, otlp::OtlpSignal::kTraces, "/v1/traces",
                                                      otlp::decode_traces);
                   }),
          route_of("/v1/logs", "otlp_logs",
                   "Log records of OpenTelemetry: results of evaluations become quality rows",
                   [](const Call& call) {
                     return answer<QualityMetric>(call, otlp::OtlpSignal::kLogs, "/v1/logs",
                                                  otlp::decode_logs);
                   }),
          route_of("/v1/metrics", "otlp_metrics",
                   "Metrics of OpenTelemetry: those of engines, GPUs and hosts become rows, as those of "
                   "remote write do",
                   answer_otlp_metrics)};
}

}  // namespace optiinfra::service
