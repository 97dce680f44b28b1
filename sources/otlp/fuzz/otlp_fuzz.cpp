// Any bytes as export requests. What is read passes on as rows; nothing else may happen.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "optiinfra/core/identity.hpp"
#include "optiinfra/otlp/decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace optiinfra;
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const otlp::OtlpEncoding encoding =
      (data[0] & 1) != 0 ? otlp::OtlpEncoding::kJson : otlp::OtlpEncoding::kProtobuf;
  const otlp::IdentityOf identity = [](std::string_view kind, std::string_view text) -> Result<Uuid> {
    return identity_of(kind, text);
  };
  if (const auto rows = otlp::decode_traces(body, encoding, identity); rows && !rows->batch.is_rectangular())
    std::abort();
  if (const auto rows = otlp::decode_logs(body, encoding, identity); rows && !rows->batch.is_rectangular())
    std::abort();
  return 0;
}
