/// @file optiinfra/testing/program.hpp
/// Another program that runs next to the test, for work that must not happen in the test's own process, such
/// as holding a store, being killed, or ending without closing.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace optiinfra::testing {

struct ProgramOptions {
  /// Set in the program's environment on top of this process's own: "NAME=value".
  std::vector<std::string> environment = {};
  /// The program is killed when it takes longer.
  std::chrono::milliseconds timeout{120'000};
};

struct ProgramResult {
  int exit_code = -1;                     ///< -1 when a signal ended it, 127 when it could not be started.
  int signal = 0;                         ///< The signal that ended it, or 0.
  bool timed_out = false;                 ///< It was killed because its time was over.
  std::chrono::microseconds cpu_time{0};  ///< Of all its threads, and of processes that it waited for.
  std::string output;                     ///< Everything it wrote to standard output.
  std::string error_output;               ///< Everything it wrote to standard error.
};

/// A running program. When the object is destroyed before the program ends, the program is killed.
///
/// It is started by exec, so this is safe while the engine runs in this process. Threads: one at a time.
class Program {
 public:
  /// Starts `arguments[0]`, looked up in PATH when it holds no slash, with all `arguments`. Its
  /// standard input is empty. A program that cannot be started yields exit code 127.
  explicit Program(const std::vector<std::string>& arguments, ProgramOptions options = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  int process_id() const noexcept { return process_id_; }

  /// Waits until standard output holds `text`. False when the program ends or its time is over first.
  bool wait_for_output(std::string_view text);

  /// Waits for a whole line of standard output that starts with `start`, and returns it without its
  /// end. Empty when the program ends or its time is over first.
  std::string wait_for_line(std::string_view start);

  void send_signal(int signal) const;

  /// Whether it has ended by now, its output read or not.
  bool has_ended();

  /// Waits for the end. Repeated calls give the same result.
  ProgramResult wait();

 private:
  bool read_some();
  void collect_status(bool block);

  int process_id_ = -1;
  int output_ = -1, error_output_ = -1;
  std::chrono::steady_clock::time_point deadline_;
  bool ended_ = false;
  ProgramResult result_;
};

/// Runs a program to its end.
ProgramResult run_program(const std::vector<std::string>& arguments, ProgramOptions options = {});

/// The most memory that this process has had resident so far (VmHWM).
std::size_t peak_memory_bytes();

/// Sets the peak back to the present use, so that a following call measures what lies between.
/// False where the system does not allow it.
bool reset_peak_memory();

}  // namespace optiinfra::testing
