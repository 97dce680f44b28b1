#include "parallel.hpp"

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace optiinfra::benchmark {

Result<void> in_parallel(unsigned threads, std::size_t count,
                         const std::function<Result<void>(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Result<void> outcome;
  const auto run = [&] {
    for (std::size_t index = next++; index < count; index = next++) {
      auto done = work(index);
      if (done) continue;
      next = count;
      const std::lock_guard lock(mutex);
      if (outcome) outcome = std::move(done);
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
  return outcome;
}

}  // namespace optiinfra::benchmark
