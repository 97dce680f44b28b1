/// How far a long command has come, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "output/terminal.hpp"

namespace optiinfra::cli {

/// One line that says done, total, rate and time left. `total` 0: not known.
std::string progress_line(std::uint64_t done, std::uint64_t total, std::chrono::duration<double> elapsed,
                          const std::string& unit, const Terminal& terminal);

/// On a terminal a line that is rewritten, otherwise a line every few seconds, and nothing when quiet.
/// Threads: any.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  Progress(std::string label, std::string unit, std::uint64_t total, bool quiet, Terminal terminal);

  /// Clears a line that was rewritten.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set(std::uint64_t done, std::uint64_t total);
  void add(std::uint64_t more);

 private:
  void show(Clock::time_point at);

  const std::string label_;
  const std::string unit_;
  const bool quiet_;
  const Terminal terminal_;
  const Clock::time_point begin_ = Clock::now();
  std::mutex mutex_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  Clock::time_point shown_ = begin_;
  bool is_line_open_ = false;
};

}  // namespace optiinfra::cli
