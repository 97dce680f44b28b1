#include "commands/server_signals.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "exit_code.hpp"

namespace optiinfra::cli {
namespace {

/// Beyond the grace: cancelling, flushing, and the five seconds that the engine gives connections.
constexpr std::chrono::seconds kStopTimeMax{20};

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

/// Whether this process has a terminal that it can still reach.
bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

[[noreturn]] void end_now(ExitCode code, const char* why) {
  std::fprintf(stderr, "%s; the next start repairs what was left\n", why);
  ::_exit(static_cast<int>(code));
}

}  // namespace

ServerSignals::ServerSignals(std::chrono::seconds grace, std::function<void()> on_first,
                             std::function<void()> on_reload)
    : stop_time_max_(grace + kStopTimeMax),
      on_first_(std::move(on_first)),
      on_reload_(std::move(on_reload)),
      had_terminal_(has_terminal()) {
  const sigset_t set = signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([this] { wait(); });
}

ServerSignals::~ServerSignals() {
  is_done_ = true;
  ::pthread_kill(waiter_.native_handle(), SIGUSR1);  // Wakes it.
  waiter_.join();
}

void ServerSignals::wait_for_stop() const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop_.get_token(), [] { return false; });
}

bool ServerSignals::is_reload(int signal) const {
  return signal == SIGHUP && (!had_terminal_ || has_terminal());
}

void ServerSignals::wait() {
  const sigset_t set = signals();
  int signal = SIGUSR1;
  while (!is_done_) {
    ::sigwait(&set, &signal);
    if (is_reload(signal)) {
      on_reload_();
    } else if (signal != SIGUSR1) {
      break;
    }
  }
  if (is_done_) return;
  on_first_();
  stop_.request_stop();
  watch();
}

void ServerSignals::watch() {
  const sigset_t set = signals();
  const auto deadline = std::chrono::steady_clock::now() + stop_time_max_;
  while (!is_done_) {
    const timespec step{.tv_sec = 1, .tv_nsec = 0};
    const int signal = ::sigtimedwait(&set, nullptr, &step);
    if (signal > 0 && signal != SIGUSR1 && signal != SIGHUP)
      end_now(ExitCode::kInterrupted, "stopped at once by a second signal");
    if (!is_done_ && std::chrono::steady_clock::now() > deadline)
      end_now(ExitCode::kFailed, "stopped at once, because the engine did not stop by itself in time");
  }
}

}  // namespace optiinfra::cli
