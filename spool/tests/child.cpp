// Appends to the spool it is given, until it is killed, and prints each sequence when it is synced (S),
// before it is acknowledged (A) and when that is done (D).
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "optiinfra/spool/spool.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  optiinfra::spool::SpoolOptions options;
  options.segment_bytes = 64 << 10;
  options.record_bytes_max = 8 << 10;
  // More than the fastest disk takes until the kill: a full spool would end this process first.
  options.spool_bytes_max = 256 << 20;
  options.checkpoint_interval = std::chrono::milliseconds(0);
  auto spool = optiinfra::spool::Spool::open(argv[1], options);
  if (!spool) return 3;
  for (unsigned i = 0;; ++i) {
    std::byte payload[4'000];
    std::memset(payload, static_cast<int>(i % 251), sizeof payload);
    const std::span<const std::byte> parts[] = {payload};
    const auto sequence = (*spool)->append(parts);
    if (!sequence || !(*spool)->sync(*sequence)) return 4;
    std::printf("S %llu %u\n", static_cast<unsigned long long>(*sequence), i % 251);
    std::fflush(stdout);
    if (i % 3 == 0) continue;
    std::printf("A %llu\n", static_cast<unsigned long long>(*sequence));
    std::fflush(stdout);
    if (!(*spool)->acknowledge(*sequence)) return 5;
    std::printf("D %llu\n", static_cast<unsigned long long>(*sequence));
    std::fflush(stdout);
  }
}
