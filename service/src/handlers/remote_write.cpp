// Prometheus' remote write, versions 1.0 and 2.0: POST /api/v1/write.
#include "handlers/writing.hpp"
#include "problem.hpp"
#include "remote_write_receiver.hpp"

namespace optiinfra::service {
namespace {

constexpr const char* kRemoteWriteType = "application/x-protobuf";
constexpr std::string_view kMessageV1 = "prometheus.WriteRequest";
constexpr std::string_view kMessageV2 = "io.prometheus.write.v2.Request";

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The message that the Content-Type names; version 1.0's when it names none. nullopt for one that nobody
/// here can read: the sender then tries another.
std::optional<remote_write::RemoteWriteProtocol> protocol_of(const Request& request) {
  if (media_type(request) != kRemoteWriteType) return std::nullopt;
  const std::string_view type = request.header("content-type");
  std::string_view rest = type.substr(std::min(type.size(), type.find(';')));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view parameter = without_blanks(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(rest.size(), rest.find(';')));
    if (!parameter.starts_with("proto=")) continue;
    const std::string_view message = parameter.substr(6);
    if (message == kMessageV2) return remote_write::RemoteWriteProtocol::kV2;
    return message == kMessageV1 ? std::optional(remote_write::RemoteWriteProtocol::kV1) : std::nullopt;
  }
  return remote_write::RemoteWriteProtocol::kV1;
}

/// Senders repeat a request after 5xx alone: some drop it after 429, too.
Response refusal(const Error& error) {
  if (error.kind == ErrorKind::kInvalidArgument) return problem(400, error.message);
  if (error.kind == ErrorKind::kTooLarge) return problem(413, error.message);
  return problem(503, error.message, 1);
}

Response answer_write(const Call& call) {
  const auto protocol = protocol_of(call.request);
  if (!protocol)
    return problem(415, std::string("Content-Type must be ") + kRemoteWriteType + ", of " +
                            std::string(kMessageV1) + " or " + std::string(kMessageV2));
  const std::string_view encoding = call.request.header("content-encoding");
  if (encoding != "snappy" && encoding != "zstd")
    return problem(415, "Content-Encoding must be snappy or zstd");
  if (call.backend.remote_write == nullptr) return problem(503, call.backend.why_no_remote_write, 1);
  auto taken = call.backend.remote_write->take(
      {.protocol = *protocol,
       .encoding = encoding,
       .origin = {.customers = call.caller.customers,
                  .customer = value_of(call.request.parameters, "customer").value_or(""),
                  .service = value_of(call.request.parameters, "service").value_or("")},
       .body = call.request.body});
  if (!taken) return refusal(taken.error());
  Response response{.status = 204};
  if (taken->refused != 0) {
    keep_rejected(call, {{.reason = taken->reason}});
    response = problem(
        400, std::to_string(taken->refused) + " samples are refused, the others are taken: " + taken->reason);
  }
  if (*protocol == remote_write::RemoteWriteProtocol::kV2) {
    const auto add = [&](const char* what, std::uint64_t count) {
      response.headers.emplace_back(std::string("X-Prometheus-Remote-Write-") + what + "-Written",
                                    std::to_string(count));
    };
    add("Samples", taken->samples);
    add("Histograms", taken->histograms);
    add("Exemplars", 0);
  }
  return response;
}

}  // namespace

std::vector<Route> remote_write_routes() {
  return {
      {.method = "POST",
       .path = "/api/v1/write",
       .name = "remote_write",
       .tag = kInsertTag,
       .meaning = "Prometheus remote write 1.0 and 2.0: samples of engines, GPUs and hosts become rows",
       .success = 204,
       .scope = Scope::kWrite,
       .parameters = {{.name = "customer",
                       .meaning = "Whose the series are that have no label 'customer': a name or a UUID"},
                      {.name = "service",
                       .meaning = "The service of series without a label 'service'; else their job is it"}},
       .body = RequestBody{"A request of remote write, as snappy or zstd. The answer comes when it is on "
                           "disk; rows are made of it when all samples of their time are there",
                           {kRemoteWriteType}},
       .handle = answer_write}};
}

}  // namespace optiinfra::service
