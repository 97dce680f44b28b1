/// Runs work on several threads.
#pragma once

#include <cstddef>
#include <functional>

#include "optiinfra/core/error.hpp"

namespace optiinfra::benchmark {

/// Calls `work(index)` for each index under `count`, on `threads` threads. After an error nothing new is
/// begun, and the first is returned.
Result<void> in_parallel(unsigned threads, std::size_t count,
                         const std::function<Result<void>(std::size_t index)>& work);

}  // namespace optiinfra::benchmark
