// Any bytes as requests of remote write, twice and with time that passes: nothing but rows and counts may
// come of them.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "optiinfra/remote_write/gather.hpp"
#include "optiinfra/remote_write/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace optiinfra;
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto protocol =
      (data[0] & 1) != 0 ? remote_write::RemoteWriteProtocol::kV2 : remote_write::RemoteWriteProtocol::kV1;
  static_cast<void>(remote_write::parse_remote_write_record(body));
  const auto request = remote_write::decode_remote_write(body, protocol);
  if (!request) return 0;
  remote_write::RemoteWriteGatherer gatherer(exposition::AliasTable::builtin());
  const remote_write::RemoteWriteOrigin origin{.customers = {}, .customer = "acme", .service = "chat"};
  exposition::sys_milliseconds now{std::chrono::milliseconds{1'000}};
  for (const remote_write::RemoteSample& each : request->samples)
    if (each.timestamp_ms > 0 && each.timestamp_ms < 4'000'000'000'000)
      now = std::max(now, exposition::sys_milliseconds{std::chrono::milliseconds{each.timestamp_ms}});
  for (std::uint64_t record = 1; record <= 3; ++record) {
    const remote_write::RemoteWriteAnswer answer = gatherer.add({record, now, now}, *request, origin);
    if (answer.samples + answer.refused != request->samples.size()) std::abort();
    now += remote_write::kRemoteWriteSettle * (record - 1);
  }
  gatherer.settle(now + remote_write::kRemoteWriteSettle);
  if (gatherer.usage().samples_waiting != 0) std::abort();
  return 0;
}
