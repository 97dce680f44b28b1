// Export requests for tests: a small JSON writer's worth of OTLP.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "optiinfra/core/identity.hpp"
#include "optiinfra/otlp/decode.hpp"

namespace optiinfra::testing {

using Json = nlohmann::ordered_json;

inline Json any_value(const Json& value) {
  if (value.is_string()) return {{"stringValue", value}};
  if (value.is_boolean()) return {{"boolValue", value}};
  if (value.is_number_float()) return {{"doubleValue", value}};
  if (value.is_number()) return {{"intValue", std::to_string(value.get<std::int64_t>())}};
  Json values = Json::array();
  for (const Json& each : value) values.push_back(any_value(each));
  return {{"arrayValue", {{"values", values}}}};
}

inline Json attributes(const Json& object) {
  Json list = Json::array();
  for (const auto& [name, value] : object.items())
    list.push_back({{"key", name}, {"value", any_value(value)}});
  return list;
}

constexpr std::uint64_t kStart = 1'772'323'200'123'456'789;

inline Json span(const Json& of, const Json& more = Json::object()) {
  Json object = {{"traceId", "5b8efff798038103d269b633813fc60c"},
                 {"spanId", "eee19b7ec3c1b174"},
                 {"name", "chat llama"},
                 {"startTimeUnixNano", std::to_string(kStart)},
                 {"endTimeUnixNano", std::to_string(kStart + 2'500'000'000)},
                 {"attributes", attributes(of)}};
  object.update(more);
  return object;
}

inline std::string traces(const std::vector<Json>& spans, const Json& resource = {{"service.name", "chat"}},
                          const std::string& scope = "a") {
  return Json{{"resourceSpans",
               {{{"resource", {{"attributes", attributes(resource)}}},
                 {"scopeSpans", {{{"scope", {{"name", scope}}}, {"spans", spans}}}}}}}}
      .dump();
}

inline std::string logs(const std::vector<Json>& records, const Json& resource = {{"service.name", "chat"}}) {
  return Json{
      {"resourceLogs",
       {{{"resource", {{"attributes", attributes(resource)}}}, {"scopeLogs", {{{"logRecords", records}}}}}}}}
      .dump();
}

/// The customer of records that name none is "default".
inline const otlp::IdentityOf kIdentities = [](std::string_view kind, std::string_view text) -> Result<Uuid> {
  if (text == "forbidden") return invalid_argument("not for this token");
  return identity_of(kind, text.empty() ? "default" : text);
};

}  // namespace optiinfra::testing
