/// Describes the machine on which a benchmark runs.
#pragma once

#include "optiinfra/benchmark/benchmark.hpp"
#include "optiinfra/client/client.hpp"

namespace optiinfra::benchmark {

/// All but the engine and `load_after`.
BenchmarkCircumstances circumstances_of(const StoreUrl& store);

/// The engine's version, as it says itself.
Result<std::string> engine_version(Client& client);

double load_of_last_minute();

/// Of this process, now, and at its highest; 0 where the system does not say.
std::uint64_t resident_bytes();
std::uint64_t resident_bytes_max();

}  // namespace optiinfra::benchmark
