// The messages of opentelemetry/proto/{common,resource,trace,logs,collector}/v1, by their field numbers.
#include <protozero/pbf_message.hpp>

#include "metric_point.hpp"
#include "optiinfra/otlp/decode.hpp"
#include "record.hpp"

namespace optiinfra::otlp {
namespace {

using protozero::data_view;
using protozero::pbf_reader;

/// Leaves the reading of a message; caught where the request is read.
struct Refused {
  Error error;
};

std::string text(data_view view) { return {view.data(), view.size()}; }

Value any_value(pbf_reader message, bool may_be_array = true) {
  Value value;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        value = text(message.get_view());
        break;
      case 2:
        value = message.get_bool();
        break;
      case 3:
        value = message.get_int64();
        break;
      case 4:
        value = message.get_double();
        break;
      case 5: {
        pbf_reader array = message.get_message();
        if (may_be_array && array.next(1)) value = any_value(array.get_message(), false);
        break;
      }
      default:
        message.skip();
    }
  }
  return value;
}

void add_attribute(Attributes& attributes, pbf_reader message) {
  std::string name;
  Value value;
  while (message.next()) {
    if (message.tag() == 1)
      name = text(message.get_view());
    else if (message.tag() == 2)
      value = any_value(message.get_message());
    else
      message.skip();
  }
  if (!attributes.add(std::move(name), std::move(value))) throw Refused{too_many_attributes()};
}

Resource resource_of(pbf_reader message) {
  Resource resource;
  while (message.next(1)) add_attribute(resource.attributes, message.get_message());
  return resource;
}

Span span_of(pbf_reader message) {
  Span span;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        span.trace_id = text(message.get_view());
        break;
      case 2:
        span.span_id = text(message.get_view());
        break;
      case 5:
        span.name = text(message.get_view());
        break;
      case 7:
        span.start_ns = message.get_fixed64();
        break;
      case 8:
        span.end_ns = message.get_fixed64();
        break;
      case 9:
        add_attribute(span.attributes, message.get_message());
        break;
      case 15: {
        pbf_reader status = message.get_message();
        while (status.next(3)) span.status_code = status.get_enum();
        break;
      }
      default:
        message.skip();
    }
  }
  return span;
}

LogRecord record_of(pbf_reader message) {
  LogRecord record;
  std::uint64_t observed_ns = 0;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        record.time_ns = message.get_fixed64();
        break;
      case 6:
        add_attribute(record.attributes, message.get_message());
        break;
      case 9:
        record.trace_id = text(message.get_view());
        break;
      case 10:
        record.span_id = text(message.get_view());
        break;
      case 11:
        observed_ns = message.get_fixed64();
        break;
      case 12:
        record.event_name = text(message.get_view());
        break;
      default:
        message.skip();
    }
  }
  if (record.time_ns == 0) record.time_ns = observed_ns;
  return record;
}

/// The fields that all data points have, by their numbers in the point's message.
struct PointFields {
  protozero::pbf_tag_type attributes, start, time, flags;
};
constexpr PointFields kNumberFields{7, 2, 3, 8}, kHistogramFields{9, 2, 3, 10},
    kExponentialFields{1, 2, 3, 10}, kSummaryFields{7, 2, 3, 8};

/// Whether the field was one of those.
bool read_shared(MetricPoint& point, pbf_reader& message, const PointFields& fields) {
  const auto tag = message.tag();
  if (tag == fields.attributes) {
    add_attribute(point.attributes, message.get_message());
  } else if (tag == fields.start) {
    point.start_ns = message.get_fixed64();
  } else if (tag == fields.time) {
    point.time_ns = message.get_fixed64();
  } else if (tag == fields.flags) {
    point.is_absent = (message.get_uint32() & 1) != 0;
  } else {
    return false;
  }
  return true;
}

/// Whether the field was the count or the sum: they have the same numbers in all points but plain numbers.
bool read_count_or_sum(MetricPoint& point, pbf_reader& message) {
  if (message.tag() == 4) {
    point.count = message.get_fixed64();
  } else if (message.tag() == 5) {
    point.sum = message.get_double();
  } else {
    return false;
  }
  return true;
}

MetricPoint number_of(pbf_reader message) {
  MetricPoint point;
  while (message.next()) {
    if (read_shared(point, message, kNumberFields)) continue;
    switch (message.tag()) {
      case 4:
        point.value = message.get_double();
        break;
      case 6:
        point.value = static_cast<double>(message.get_sfixed64());
        break;
      default:
        message.skip();
    }
  }
  return point;
}

/// Repeated numbers, packed or one by one.
template <typename Value, typename One, typename Packed>
void read_numbers(std::vector<Value>& values, pbf_reader& message, One&& one, Packed&& packed) {
  if (message.wire_type() != protozero::pbf_wire_type::length_delimited) {
    values.push_back(one());
    return;
  }
  for (const Value value : packed()) values.push_back(value);
}

MetricPoint histogram_of(pbf_reader message) {
  MetricPoint point;
  while (message.next()) {
    if (read_shared(point, message, kHistogramFields) || read_count_or_sum(point, message)) continue;
    switch (message.tag()) {
      case 6:
        read_numbers(
            point.counts, message, [&] { return message.get_fixed64(); },
            [&] { return message.get_packed_fixed64(); });
        break;
      case 7:
        read_numbers(
            point.bounds, message, [&] { return message.get_double(); },
            [&] { return message.get_packed_double(); });
        break;
      default:
        message.skip();
    }
  }
  return point;
}

ExponentialBuckets buckets_of(pbf_reader message) {
  ExponentialBuckets buckets;
  while (message.next()) {
    if (message.tag() == 1) {
      buckets.offset = message.get_sint32();
    } else if (message.tag() == 2) {
      read_numbers(
          buckets.counts, message, [&] { return message.get_uint64(); },
          [&] { return message.get_packed_uint64(); });
    } else {
      message.skip();
    }
  }
  return buckets;
}

MetricPoint exponential_of(pbf_reader message) {
  MetricPoint point;
  while (message.next()) {
    if (read_shared(point, message, kExponentialFields) || read_count_or_sum(point, message)) continue;
    switch (message.tag()) {
      case 6:
        point.scale = message.get_sint32();
        break;
      case 7:
        point.zero_count = message.get_fixed64();
        break;
      case 8:
        point.positive = buckets_of(message.get_message());
        break;
      case 9:
        point.negative = buckets_of(message.get_message());
        break;
      default:
        message.skip();
    }
  }
  return point;
}

MetricPoint summary_of(pbf_reader message) {
  MetricPoint point;
  while (message.next()) {
    if (!read_shared(point, message, kSummaryFields) && !read_count_or_sum(point, message)) message.skip();
  }
  return point;
}

/// What a metric's message says of all its points. They may come before it, so it is read first.
void read_kind(MetricInfo& metric, pbf_reader data) {
  constexpr std::int32_t kDelta = 1;
  while (data.next()) {
    if (data.tag() == 2)
      metric.is_delta = data.get_enum() == kDelta;
    else if (data.tag() == 3 && metric.kind == PointKind::kSum)
      metric.is_monotonic = data.get_bool();
    else
      data.skip();
  }
}

/// Calls `take` with each point of a Metric.
template <typename Take>
void each_point(pbf_reader message, const Take& take) {
  MetricInfo metric;
  data_view data;
  MetricPoint (*read)(pbf_reader) = nullptr;
  const auto is = [&](PointKind kind, MetricPoint (*reads)(pbf_reader)) {
    metric.kind = kind;
    read = reads;
    data = message.get_view();
  };
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        metric.name = text(message.get_view());
        break;
      case 3:
        metric.unit = text(message.get_view());
        break;
      case 5:
        is(PointKind::kGauge, number_of);
        break;
      case 7:
        is(PointKind::kSum, number_of);
        break;
      case 9:
        is(PointKind::kHistogram, histogram_of);
        break;
      case 10:
        is(PointKind::kExponentialHistogram, exponential_of);
        break;
      case 11:
        is(PointKind::kSummary, summary_of);
        break;
      default:
        message.skip();
    }
  }
  if (read == nullptr) return;
  const bool has_temporality = metric.kind != PointKind::kGauge && metric.kind != PointKind::kSummary;
  if (has_temporality) read_kind(metric, pbf_reader(data));
  pbf_reader points(data);
  while (points.next(1)) {
    MetricPoint point = read(points.get_message());
    take(metric, point);
  }
}

/// Reads an export request: resources, in them scopes, in them records. A resource's own attributes may come
/// after its scopes, so they are read first.
template <typename OnRecord>
Result<void> read_request(std::string_view body, const OnRecord& on_record) {
  std::size_t records = 0, resources = 0;
  try {
    pbf_reader request(body.data(), body.size());
    while (request.next(1)) {
      const data_view of_resource = request.get_view();
      Resource resource;
      pbf_reader first(of_resource);
      while (first.next(1)) resource = resource_of(first.get_message());
      resource.number = ++resources;
      pbf_reader scopes(of_resource);
      while (scopes.next(2)) {
        const data_view of_scope = scopes.get_view();
        std::string scope;
        pbf_reader names(of_scope);
        while (names.next(1)) {
          pbf_reader instrumentation = names.get_message();
          while (instrumentation.next(1)) scope = text(instrumentation.get_view());
        }
        pbf_reader messages(of_scope);
        while (messages.next(2)) {
          if (++records > kOtlpRecordsMax) return too_many_records();
          on_record(resource, scope, messages.get_message());
        }
      }
    }
  } catch (const protozero::exception& problem) {
    return invalid_argument(std::string("the body is not protobuf of an OTLP export request: ") +
                            problem.what());
  } catch (const Refused& refused) {
    return refused.error;
  }
  return {};
}

}  // namespace

Result<void> read_spans_protobuf(std::string_view body, const OnSpan& on_span) {
  return read_request(body, [&](const Resource& resource, const std::string& scope, pbf_reader message) {
    Span span = span_of(message);
    on_span(resource, scope, span);
  });
}

Result<void> read_logs_protobuf(std::string_view body, const OnLogRecord& on_record) {
  return read_request(body, [&](const Resource& resource, const std::string&, pbf_reader message) {
    LogRecord record = record_of(message);
    on_record(resource, record);
  });
}

Result<void> read_metrics_protobuf(std::string_view body, const OnPoint& on_point) {
  std::size_t points = 0;
  return read_request(body, [&](const Resource& resource, const std::string&, pbf_reader message) {
    each_point(std::move(message), [&](const MetricInfo& metric, MetricPoint& point) {
      if (++points > kOtlpRecordsMax) throw Refused{too_many_records()};
      on_point(resource, metric, point);
    });
  });
}

}  // namespace optiinfra::otlp
