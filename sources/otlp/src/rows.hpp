/// Records as rows of metrics.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/otlp/decode.hpp"
#include "record.hpp"

namespace optiinfra::otlp {

/// nullopt when the span is not an LLM request. Errors: kInvalidArgument when it is one that cannot be a row.
Result<std::optional<PerformanceMetric>> request_row(const Resource& resource, const std::string& scope,
                                                     const Span& span, const IdentityOf& identity_of);

/// Puts the scores of one answer together.
class Evaluations {
 public:
  explicit Evaluations(const IdentityOf& identity_of) : identity_of_(identity_of) {}

  /// False when the record is not the result of an evaluation. Errors: kInvalidArgument when it is one whose
  /// score cannot be taken.
  Result<bool> add(const Resource& resource, const LogRecord& record);

  /// The rows, in the order in which their answers first occurred.
  std::vector<QualityMetric> take();

 private:
  struct Scored {
    QualityMetric row;
    bool has_overall = false;
    double sum = 0;
    int scores = 0;
  };

  const IdentityOf& identity_of_;
  std::map<std::string, std::size_t> places_;
  std::vector<Scored> answers_;
};

/// The customer and the service that a record names, else those of its resource.
struct Owner {
  Uuid customer, service;
};
Result<Owner> owner_of(const Resource& resource, const Attributes& attributes, const IdentityOf& identity_of);

/// A request's UUID: its own identifier when that is one, else one that is made from it, else from trace and
/// span.
Uuid request_id_of(const std::string& id, std::string_view trace_id, std::string_view span_id);

sys_seconds time_of(std::uint64_t ns);

}  // namespace optiinfra::otlp
