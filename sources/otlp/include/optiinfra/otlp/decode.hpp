/// @file optiinfra/otlp/decode.hpp
/// Reads OTLP export requests (opentelemetry-proto 1.x, protobuf and JSON) into rows.
///
/// Traces: each span of one LLM request becomes a performance row. A span is one when it names a model
/// (gen_ai.response.model or gen_ai.request.model) and its gen_ai.operation.name, if any, is one that
/// generates: chat, text_completion, generate_content or completion. Other spans are ignored.
///
/// Logs: each event gen_ai.evaluation.result gives one score; the scores of one answer in one request of the
/// exporter become one quality row. Other records are ignored.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::otlp {

enum class OtlpEncoding { kProtobuf, kJson };

/// Most spans, or log records, of one request.
inline constexpr std::size_t kOtlpRecordsMax = 1'000'000;
/// Most attributes of one span, log record or resource.
inline constexpr std::size_t kOtlpAttributesMax = 1'024;
/// Most bytes of a request in JSON: the parser takes many times as much memory.
inline constexpr std::size_t kOtlpJsonBytesMax = 16u << 20;

/// Whose a record is; asked for the customer first, then for the service. `kind` is "customer" or "service";
/// `text` is what the exporter calls it, which may be a UUID. An empty text asks for the customer, or the
/// service, of records that name none. Errors: kInvalidArgument when there is none; the record is then
/// rejected.
using IdentityOf = std::function<Result<Uuid>(std::string_view kind, std::string_view text)>;

template <Metric Row>
struct OtlpRows {
  Batch<Row> batch;
  std::size_t ignored = 0;   ///< Records that are about something else.
  std::size_t rejected = 0;  ///< Records that should be a row and cannot.
  std::string reason;        ///< Why the first of them cannot; empty when none is rejected.
};

/// Errors: kInvalidArgument when `body` is no such request; kTooLarge beyond the bounds above.
Result<OtlpRows<PerformanceMetric>> decode_traces(std::string_view body, OtlpEncoding encoding,
                                                  const IdentityOf& identity_of);
Result<OtlpRows<QualityMetric>> decode_logs(std::string_view body, OtlpEncoding encoding,
                                            const IdentityOf& identity_of);

/// What is exported, for the response.
enum class OtlpSignal { kTraces, kLogs };

/// The body of a response to a request that was taken: an Export*ServiceResponse, with a partial success when
/// records were rejected.
std::string otlp_response(OtlpSignal signal, OtlpEncoding encoding, std::size_t rejected,
                          std::string_view reason);

/// The body of a response to a request that was not taken: a google.rpc.Status. `code` is gRPC's.
std::string otlp_status(OtlpEncoding encoding, int code, std::string_view message);

}  // namespace optiinfra::otlp
