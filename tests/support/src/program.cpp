#include "optiinfra/testing/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "optiinfra/core/error.hpp"

extern char** environ;

namespace optiinfra::testing {
namespace {

using std::chrono::steady_clock;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
  std::vector<std::string> result = additions;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view name(*variable, std::strcspn(*variable, "=") + 1);
    const bool replaced = std::any_of(additions.begin(), additions.end(),
                                      [&](const auto& added) { return added.starts_with(name); });
    if (!replaced) result.emplace_back(*variable);
  }
  return result;
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) detail::broken_invariant("cannot create a pipe");
    read_end = ends[0], write_end = ends[1];
  }
  int read_end, write_end;
};

/// Moves what is there into `text`. False at the end of the file, which is closed then.
bool drain(int& file, std::string& text) {
  char buffer[16 << 10];
  const auto size = ::read(file, buffer, sizeof buffer);
  if (size > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
    return true;
  }
  ::close(file);
  file = -1;
  return false;
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments, ProgramOptions options)
    : deadline_(steady_clock::now() + options.timeout) {
  const Pipe output, error_output;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output.write_end, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, error_output.write_end, STDERR_FILENO);
  std::vector<std::string> arguments_copy = arguments, environment = environment_with(options.environment);
  const int code = ::posix_spawnp(&process_id_, arguments[0].c_str(), &actions, nullptr,
                                  pointers(arguments_copy).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(output.write_end);
  ::close(error_output.write_end);
  output_ = output.read_end, error_output_ = error_output.read_end;
  if (code != 0) {
    process_id_ = -1, ended_ = true;
    result_.exit_code = 127;
    result_.error_output = "cannot start " + arguments[0] + ": " + std::strerror(code);
  }
}

Program::~Program() {
  if (!ended_) {
    send_signal(SIGKILL);
    collect_status(true);
  }
  for (const int file : {output_, error_output_}) {
    if (file >= 0) ::close(file);
  }
}

void Program::send_signal(int signal) const {
  if (!ended_) ::kill(process_id_, signal);
}

/// Waits for output and takes it. False when there is none to come or the time is over.
bool Program::read_some() {
  pollfd files[] = {{output_, POLLIN, 0}, {error_output_, POLLIN, 0}};
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - steady_clock::now()).count();
  if ((output_ < 0 && error_output_ < 0) || left <= 0) return false;
  ::poll(files, 2, static_cast<int>(left));
  if (files[0].revents != 0) drain(output_, result_.output);
  if (files[1].revents != 0) drain(error_output_, result_.error_output);
  return true;
}

bool Program::wait_for_output(std::string_view text) {
  while (result_.output.find(text) == std::string::npos) {
    if (!read_some()) return false;
  }
  return true;
}

std::string Program::wait_for_line(std::string_view start) {
  const auto find = [&]() -> std::string {
    for (std::size_t at = 0, end; (end = result_.output.find('\n', at)) != std::string::npos; at = end + 1) {
      if (std::string_view(result_.output).substr(at).starts_with(start))
        return result_.output.substr(at, end - at);
    }
    return {};
  };
  std::string line = find();
  while (line.empty() && read_some()) line = find();
  return line;
}

void Program::collect_status(bool block) {
  int status = 0;
  rusage usage = {};
  if (ended_ || ::wait4(process_id_, &status, block ? 0 : WNOHANG, &usage) != process_id_) return;
  ended_ = true;
  for (const timeval& time : {usage.ru_utime, usage.ru_stime})
    result_.cpu_time += std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
}

bool Program::has_ended() {
  collect_status(false);
  return ended_;
}

ProgramResult Program::wait() {
  while (read_some()) {
  }
  while (!ended_ && steady_clock::now() < deadline_) {
    collect_status(false);
    if (!ended_) ::usleep(2'000);
  }
  if (!ended_) {
    result_.timed_out = true;
    send_signal(SIGKILL);
    collect_status(true);
  }
  return result_;
}

ProgramResult run_program(const std::vector<std::string>& arguments, ProgramOptions options) {
  return Program(arguments, std::move(options)).wait();
}

std::size_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    std::size_t kibibytes = 0;
    std::istringstream(line.substr(6)) >> kibibytes;
    return kibibytes << 10;
  }
  return 0;
}

bool reset_peak_memory() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

}  // namespace optiinfra::testing
