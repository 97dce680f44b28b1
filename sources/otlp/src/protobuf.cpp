// The messages of opentelemetry/proto/{common,resource,trace,logs,collector}/v1, by their field numbers.
#include <protozero/pbf_message.hpp>

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

/// Reads an export request: resources, in them scopes, in them records. A resource's own attributes may come
/// after its scopes, so they are read first.
template <typename OnRecord>
Result<void> read_request(std::string_view body, const OnRecord& on_record) {
  std::size_t records = 0;
  try {
    pbf_reader request(body.data(), body.size());
    while (request.next(1)) {
      const data_view of_resource = request.get_view();
      Resource resource;
      pbf_reader first(of_resource);
      while (first.next(1)) resource = resource_of(first.get_message());
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

}  // namespace optiinfra::otlp
