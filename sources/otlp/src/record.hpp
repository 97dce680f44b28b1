/// Spans and log records as they are read, whatever their encoding.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::otlp {

/// A value of an attribute. Of an array the first text; what else is nested is nothing.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

class Attributes {
 public:
  /// False when there are too many.
  [[nodiscard]] bool add(std::string name, Value value);

  /// The value of the first of `names` that there is, as text: numbers as they are written, an absent one
  /// empty.
  std::string text(std::initializer_list<std::string_view> names) const;
  /// A number, also one that is written as a text. Absent when there is none, or it is not finite.
  std::optional<double> number(std::initializer_list<std::string_view> names) const;
  /// Calls `take` with each name and its value as text; an absent one is empty.
  void each(const std::function<void(std::string_view name, std::string value)>& take) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

 private:
  const Value* find(std::string_view name) const;
  std::vector<std::pair<std::string, Value>> values_;
};

struct Resource {
  std::size_t number = 0;  ///< Of the request's resources, from 1.
  Attributes attributes;
};

struct Span {
  std::string trace_id, span_id;  ///< Bytes.
  std::string name;
  std::uint64_t start_ns = 0, end_ns = 0;  ///< Since 1970.
  std::int64_t status_code = 0;            ///< 1 ok, 2 error.
  Attributes attributes;
};

struct LogRecord {
  std::string trace_id, span_id;
  std::string event_name;
  std::uint64_t time_ns = 0;  ///< Since 1970; when it was observed when it has no time of its own.
  Attributes attributes;
};

/// What a request holds, one call for each record, in order. `scope` is the name of the instrumentation.
using OnSpan = std::function<void(const Resource& resource, const std::string& scope, Span& span)>;
using OnLogRecord = std::function<void(const Resource& resource, LogRecord& record)>;

Result<void> read_spans_protobuf(std::string_view body, const OnSpan& on_span);
Result<void> read_spans_json(std::string_view body, const OnSpan& on_span);
Result<void> read_logs_protobuf(std::string_view body, const OnLogRecord& on_record);
Result<void> read_logs_json(std::string_view body, const OnLogRecord& on_record);

Error too_many_records();
Error too_many_attributes();

/// The hexadecimal digits of an identifier's bytes.
std::string hexadecimal(std::string_view bytes);

}  // namespace optiinfra::otlp
