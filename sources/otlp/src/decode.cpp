#include "optiinfra/otlp/decode.hpp"

#include "rows.hpp"

namespace optiinfra::otlp {
namespace {

template <Metric Row>
void reject(OtlpRows<Row>& rows, const Error& error) {
  if (rows.rejected++ == 0) rows.reason = error.message;
}

}  // namespace

Result<OtlpRows<PerformanceMetric>> decode_traces(std::string_view body, OtlpEncoding encoding,
                                                  const IdentityOf& identity_of) {
  OtlpRows<PerformanceMetric> rows;
  const OnSpan take = [&](const Resource& resource, const std::string& scope, Span& span) {
    auto row = request_row(resource, scope, span, identity_of);
    if (!row) return reject(rows, row.error());
    if (*row)
      rows.batch.append(**row);
    else
      ++rows.ignored;
  };
  OPTIINFRA_CHECK(encoding == OtlpEncoding::kProtobuf ? read_spans_protobuf(body, take)
                                                      : read_spans_json(body, take));
  return rows;
}

Result<OtlpRows<QualityMetric>> decode_logs(std::string_view body, OtlpEncoding encoding,
                                            const IdentityOf& identity_of) {
  OtlpRows<QualityMetric> rows;
  Evaluations evaluations(identity_of);
  const OnLogRecord take = [&](const Resource& resource, LogRecord& record) {
    const auto is_evaluation = evaluations.add(resource, record);
    if (!is_evaluation) return reject(rows, is_evaluation.error());
    if (!*is_evaluation) ++rows.ignored;
  };
  OPTIINFRA_CHECK(encoding == OtlpEncoding::kProtobuf ? read_logs_protobuf(body, take)
                                                      : read_logs_json(body, take));
  for (const QualityMetric& row : evaluations.take()) rows.batch.append(row);
  return rows;
}

}  // namespace optiinfra::otlp
