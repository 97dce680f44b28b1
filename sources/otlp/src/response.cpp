#include <nlohmann/json.hpp>
#include <protozero/pbf_writer.hpp>

#include "optiinfra/otlp/decode.hpp"

namespace optiinfra::otlp {
namespace {

std::string dumped(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string otlp_response(OtlpSignal signal, OtlpEncoding encoding, std::size_t rejected,
                          std::string_view reason) {
  if (encoding == OtlpEncoding::kJson) {
    nlohmann::ordered_json body = nlohmann::ordered_json::object();
    if (rejected > 0) {
      const char* const count = signal == OtlpSignal::kTraces ? "rejectedSpans" : "rejectedLogRecords";
      body["partialSuccess"] = {{count, std::to_string(rejected)}, {"errorMessage", reason}};
    }
    return dumped(body);
  }
  std::string body;
  if (rejected == 0) return body;
  protozero::pbf_writer response(body);
  protozero::pbf_writer partial(response, 1);
  partial.add_int64(1, static_cast<std::int64_t>(rejected));
  partial.add_string(2, reason.data(), reason.size());
  partial.commit();
  return body;
}

std::string otlp_status(OtlpEncoding encoding, int code, std::string_view message) {
  if (encoding == OtlpEncoding::kJson) return dumped({{"code", code}, {"message", message}});
  std::string body;
  protozero::pbf_writer status(body);
  status.add_int32(1, code);
  status.add_string(2, message.data(), message.size());
  return body;
}

}  // namespace optiinfra::otlp
