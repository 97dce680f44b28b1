#include "interrupt.hpp"

#include <atomic>
#include <csignal>
#include <thread>

namespace optiinfra::cli {
namespace {

constexpr std::chrono::milliseconds kLookEvery{50};

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void request(int) { requested = true; }

void handle(void (*handler)(int), int flags) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  requested = false;
  // SA_RESETHAND lets the second signal end a process whose loop does not come back.
  handle(request, static_cast<int>(SA_RESETHAND | SA_RESTART));
}

InterruptGuard::~InterruptGuard() { handle(SIG_DFL, 0); }

bool InterruptGuard::is_requested() noexcept { return requested; }

void InterruptGuard::sleep_until(std::chrono::steady_clock::time_point time) {
  // In steps, because the signal may be delivered to another thread of the engine.
  while (!is_requested() && std::chrono::steady_clock::now() < time)
    std::this_thread::sleep_until(std::min(time, std::chrono::steady_clock::now() + kLookEvery));
}

}  // namespace optiinfra::cli
