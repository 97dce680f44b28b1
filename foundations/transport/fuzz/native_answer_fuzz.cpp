// Any bytes from a server, from its greeting on: packets or an error, never a crash, a hang or memory out of
// proportion. The first byte chooses what the client does.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "native/connection.hpp"

namespace {

using namespace optiinfra;

class BytesChannel final : public net::Channel {
 public:
  explicit BytesChannel(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Result<Received> try_receive(std::span<std::byte> into) override {
    const std::size_t step = std::min(into.size(), bytes_.size());
    if (step > 0) std::memcpy(into.data(), bytes_.data(), step);
    bytes_ = bytes_.subspan(step);
    return Received{step, step == 0};
  }
  Result<std::size_t> try_send(std::span<const std::byte> bytes) override { return bytes.size(); }
  Result<bool> wait(For, net::Deadline) override { return true; }

 private:
  std::span<const std::byte> bytes_;
};

/// What a server itself says may stand in an error; the fuzzer finds the word that is looked for.
bool the_server_says(const std::uint8_t* data, std::size_t size, std::string_view word) {
  return std::string_view(reinterpret_cast<const char*>(data), size).find(word) != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Compression compression = data[0] % 2 == 0 ? Compression::kNone : Compression::kLz4;
  const bool is_insert = data[0] / 2 % 2 == 1;
  const auto deadline = net::Deadline::after(std::chrono::minutes(1));
  auto opened =
      native::Connection::open(std::make_unique<BytesChannel>(std::as_bytes(std::span(data + 1, size - 1))),
                               "fuzz:9000", {"ada", "secret"}, compression, deadline);
  if (!opened) {
    if (opened.error().connection_usable) std::abort();
    if (opened.error().message.find("secret") != std::string::npos && !the_server_says(data, size, "secret"))
      std::abort();
    return 0;
  }
  native::Connection& connection = **opened;
  if (!connection.send_query({.sql = "SELECT 1", .compressed = compression != Compression::kNone},
                             deadline) ||
      !connection.send_block("", Block{}))
    std::abort();
  native::Packet packet;
  auto expect = is_insert ? native::Connection::Expect::kHeading : native::Connection::Expect::kBlock;
  while (connection.receive(packet, expect)) {
    if (packet.kind == native::ServerPacket::kData) expect = native::Connection::Expect::kBlock;
  }
  return 0;
}
