/// Figures from several rounds.
#pragma once

#include <chrono>
#include <vector>

#include "optiinfra/benchmark/benchmark.hpp"

namespace optiinfra::benchmark {

/// Nearest rank: the smallest value that at least `share` of all do not exceed. `values` must not be empty.
double quantile(std::vector<double> values, double share);

/// The median of an even number of values is the mean of the two in the middle. Zeros for none.
Spread spread_of(std::vector<double> values);

/// The median of values[i] / base[i]; 0 for none. Both are of one length.
double median_ratio(const std::vector<double>& values, const std::vector<double>& base);

/// Processor time of this process so far, all threads.
double cpu_seconds();

class Timer {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  double cpu() const { return cpu_seconds() - cpu_begin_; }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double cpu_begin_ = cpu_seconds();
};

}  // namespace optiinfra::benchmark
