// OTLP/JSON: protobuf's JSON with identifiers in hexadecimal, whole numbers of 64 bits as text or number,
// enums as numbers; unknown fields are ignored.
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "metric_point.hpp"
#include "optiinfra/otlp/decode.hpp"
#include "record.hpp"

namespace optiinfra::otlp {
namespace {

using Json = nlohmann::json;

/// The member `name`, or null. Senders of earlier versions wrote names_like_this.
const Json& member(const Json& object, const char* name) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::string text(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

template <typename Number>
Number number(const Json& value) {
  if (value.is_number_unsigned()) return static_cast<Number>(value.get<std::uint64_t>());
  if (value.is_number_integer()) return static_cast<Number>(value.get<std::int64_t>());
  if (!value.is_string()) return 0;
  const std::string digits = value.get<std::string>();
  Number whole = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  return code == std::errc{} && end == digits.data() + digits.size() ? whole : 0;
}

std::string bytes(const Json& value) {
  std::string of_bytes;
  const std::string digits = text(value);
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, code] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    if (code != std::errc{} || end != digits.data() + i + 2) return "";
    of_bytes += static_cast<char>(byte);
  }
  return of_bytes;
}

Value any_value(const Json& value, bool may_be_array = true) {
  if (const Json& each = member(value, "stringValue"); each.is_string()) return each.get<std::string>();
  if (const Json& each = member(value, "boolValue"); each.is_boolean()) return each.get<bool>();
  if (const Json& each = member(value, "intValue"); !each.is_null()) return number<std::int64_t>(each);
  if (const Json& each = member(value, "doubleValue"); each.is_number()) return each.get<double>();
  if (!may_be_array) return {};
  const Json& values = member(member(value, "arrayValue"), "values");
  return values.is_array() && !values.empty() ? any_value(values.front(), false) : Value{};
}

/// Calls `take` with each element of an array; another value has none.
template <typename Take>
Result<void> each_of(const Json& array, Take&& take) {
  if (!array.is_array()) return {};
  for (const Json& each : array) OPTIINFRA_CHECK(take(each));
  return {};
}

Result<Attributes> attributes_of(const Json& object) {
  Attributes attributes;
  OPTIINFRA_CHECK(each_of(member(object, "attributes"), [&](const Json& each) -> Result<void> {
    if (attributes.add(text(member(each, "key")), any_value(member(each, "value")))) return {};
    return too_many_attributes();
  }));
  return attributes;
}

Result<Span> span_of(const Json& object) {
  Span span{.trace_id = bytes(member(object, "traceId")),
            .span_id = bytes(member(object, "spanId")),
            .name = text(member(object, "name")),
            .start_ns = number<std::uint64_t>(member(object, "startTimeUnixNano")),
            .end_ns = number<std::uint64_t>(member(object, "endTimeUnixNano")),
            .status_code = number<std::int64_t>(member(member(object, "status"), "code")),
            .attributes = {}};
  OPTIINFRA_TRY(span.attributes, attributes_of(object));
  return span;
}

Result<LogRecord> record_of(const Json& object) {
  LogRecord record{.trace_id = bytes(member(object, "traceId")),
                   .span_id = bytes(member(object, "spanId")),
                   .event_name = text(member(object, "eventName")),
                   .time_ns = number<std::uint64_t>(member(object, "timeUnixNano")),
                   .attributes = {}};
  if (record.time_ns == 0) record.time_ns = number<std::uint64_t>(member(object, "observedTimeUnixNano"));
  OPTIINFRA_TRY(record.attributes, attributes_of(object));
  return record;
}

double real(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return 0;
  const std::string digits = value.get<std::string>();
  if (digits == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (digits == "Infinity") return std::numeric_limits<double>::infinity();
  if (digits == "-Infinity") return -std::numeric_limits<double>::infinity();
  double of_text = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), of_text);
  return code == std::errc{} && end == digits.data() + digits.size() ? of_text : 0;
}

template <typename Value, typename Read>
std::vector<Value> numbers(const Json& array, Read&& read) {
  std::vector<Value> values;
  if (!array.is_array()) return values;
  values.reserve(array.size());
  for (const Json& each : array) values.push_back(read(each));
  return values;
}

ExponentialBuckets buckets_of(const Json& object) {
  return {.offset = number<std::int32_t>(member(object, "offset")),
          .counts = numbers<std::uint64_t>(member(object, "bucketCounts"), number<std::uint64_t>)};
}

Result<MetricPoint> point_of(const Json& object) {
  MetricPoint point{.start_ns = number<std::uint64_t>(member(object, "startTimeUnixNano")),
                    .time_ns = number<std::uint64_t>(member(object, "timeUnixNano")),
                    .is_absent = (number<std::uint32_t>(member(object, "flags")) & 1) != 0,
                    .count = number<std::uint64_t>(member(object, "count")),
                    .bounds = numbers<double>(member(object, "explicitBounds"), real),
                    .counts = numbers<std::uint64_t>(member(object, "bucketCounts"), number<std::uint64_t>),
                    .scale = number<std::int32_t>(member(object, "scale")),
                    .zero_count = number<std::uint64_t>(member(object, "zeroCount")),
                    .positive = buckets_of(member(object, "positive")),
                    .negative = buckets_of(member(object, "negative"))};
  const Json& whole = member(object, "asInt");
  point.value =
      whole.is_null() ? real(member(object, "asDouble")) : static_cast<double>(number<std::int64_t>(whole));
  if (const Json& sum = member(object, "sum"); !sum.is_null()) point.sum = real(sum);
  OPTIINFRA_TRY(point.attributes, attributes_of(object));
  return point;
}

bool is_delta(const Json& temporality) {
  return temporality.is_string() ? temporality == "AGGREGATION_TEMPORALITY_DELTA" || temporality == "1"
                                 : number<int>(temporality) == 1;
}

/// Calls `take` with each point of a metric.
template <typename Take>
Result<void> each_point(const Json& object, const Take& take) {
  constexpr std::pair<const char*, PointKind> kKinds[] = {
      {"gauge", PointKind::kGauge},
      {"sum", PointKind::kSum},
      {"histogram", PointKind::kHistogram},
      {"exponentialHistogram", PointKind::kExponentialHistogram},
      {"summary", PointKind::kSummary}};
  for (const auto& [name, kind] : kKinds) {
    const Json& data = member(object, name);
    if (!data.is_object()) continue;
    const MetricInfo metric{.name = text(member(object, "name")),
                            .unit = text(member(object, "unit")),
                            .kind = kind,
                            .is_monotonic = member(data, "isMonotonic") == true,
                            .is_delta = is_delta(member(data, "aggregationTemporality"))};
    return each_of(member(data, "dataPoints"), [&](const Json& each) -> Result<void> {
      OPTIINFRA_TRY(MetricPoint point, point_of(each));
      return take(metric, point);
    });
  }
  return {};
}

/// What a request's resources, scopes and records are called.
struct Names {
  const char *resources, *scopes, *records;
};

template <typename OnRecord>
Result<void> read_request(std::string_view body, const Names& names, const OnRecord& on_record) {
  if (body.size() > kOtlpJsonBytesMax)
    return Error{ErrorKind::kTooLarge, "a request in JSON has at most " +
                                           std::to_string(kOtlpJsonBytesMax >> 20) +
                                           " MiB; export smaller batches, or protobuf"};
  const Json request = Json::parse(body, nullptr, false);
  if (!request.is_object()) return invalid_argument("the body is not JSON of an OTLP export request");
  std::size_t records = 0, resources = 0;
  return each_of(member(request, names.resources), [&](const Json& of_resource) -> Result<void> {
    Resource resource;
    OPTIINFRA_TRY(resource.attributes, attributes_of(member(of_resource, "resource")));
    resource.number = ++resources;
    return each_of(member(of_resource, names.scopes), [&](const Json& of_scope) -> Result<void> {
      const std::string scope = text(member(member(of_scope, "scope"), "name"));
      return each_of(member(of_scope, names.records), [&](const Json& each) -> Result<void> {
        if (++records > kOtlpRecordsMax) return too_many_records();
        return on_record(resource, scope, each);
      });
    });
  });
}

}  // namespace

Result<void> read_spans_json(std::string_view body, const OnSpan& on_span) {
  return read_request(
      body, {"resourceSpans", "scopeSpans", "spans"},
      [&](const Resource& resource, const std::string& scope, const Json& object) -> Result<void> {
        OPTIINFRA_TRY(Span span, span_of(object));
        on_span(resource, scope, span);
        return {};
      });
}

Result<void> read_logs_json(std::string_view body, const OnLogRecord& on_record) {
  return read_request(body, {"resourceLogs", "scopeLogs", "logRecords"},
                      [&](const Resource& resource, const std::string&, const Json& object) -> Result<void> {
                        OPTIINFRA_TRY(LogRecord record, record_of(object));
                        on_record(resource, record);
                        return {};
                      });
}

Result<void> read_metrics_json(std::string_view body, const OnPoint& on_point) {
  std::size_t points = 0;
  return read_request(body, {"resourceMetrics", "scopeMetrics", "metrics"},
                      [&](const Resource& resource, const std::string&, const Json& object) -> Result<void> {
                        return each_point(object,
                                          [&](const MetricInfo& metric, MetricPoint& point) -> Result<void> {
                                            if (++points > kOtlpRecordsMax) return too_many_records();
                                            on_point(resource, metric, point);
                                            return {};
                                          });
                      });
}

}  // namespace optiinfra::otlp
