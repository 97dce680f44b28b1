#include "optiinfra/otlp/decode.hpp"

#include "rows.hpp"

namespace optiinfra {
namespace {

template <Metric Row>
void reject(OtlpRows<Row>& rows, const Error& error) {
  if (rows.rejected++ == 0) rows.reason = error.message;
}

}  // namespace

Result<OtlpRows<PerformanceMetric>> decode_traces(std::string_view body, OtlpEncoding encoding,
                                                  const IdentityOf& identity_of) {
  OtlpRows<PerformanceMetric> rows;
  const otlp::OnSpan take = [&](const otlp::Resource& resource, const std::string& scope, otlp::Span& span) {
    auto row = otlp::request_row(resource, scope, span, identity_of);
    if (!row) return reject(rows, row.error());
    if (*row)
      rows.batch.append(**row);
    else
      ++rows.ignored;
  };
  OPTIINFRA_CHECK(encoding == OtlpEncoding::kProtobuf ? otlp::read_spans_protobuf(body, take)
                                                      : otlp::read_spans_json(body, take));
  return rows;
}

Result<OtlpRows<QualityMetric>> decode_logs(std::string_view body, OtlpEncoding encoding,
                                            const IdentityOf& identity_of) {
  OtlpRows<QualityMetric> rows;
  otlp::Evaluations evaluations(identity_of);
  const otlp::OnLogRecord take = [&](const otlp::Resource& resource, otlp::LogRecord& record) {
    const auto is_evaluation = evaluations.add(resource, record);
    if (!is_evaluation) return reject(rows, is_evaluation.error());
    if (!*is_evaluation) ++rows.ignored;
  };
  OPTIINFRA_CHECK(encoding == OtlpEncoding::kProtobuf ? otlp::read_logs_protobuf(body, take)
                                                      : otlp::read_logs_json(body, take));
  for (const QualityMetric& row : evaluations.take()) rows.batch.append(row);
  return rows;
}

}  // namespace optiinfra
