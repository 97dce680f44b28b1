/// Runs calls that take time without the GIL, and so that Ctrl-C ends the wait.
#pragma once

#include "python.hpp"
//
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>

#include "raise.hpp"

namespace optiinfra::python {

/// What Python holds a client or a writer by. Calls count themselves in, so that closing waits for them.
template <typename T>
class Handle {
 public:
  explicit Handle(T opened) : object_(std::move(opened)) {}

  bool is_of_this_process() const { return owner_ == ::getpid(); }

  /// nullptr once it is closed. What begins must end().
  T* begin() {
    const std::lock_guard lock(mutex_);
    if (!object_ || is_closing_) return nullptr;
    ++running_;
    return &*object_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) changed_.notify_all();
  }

  /// Waits for the calls that run, and takes the object out: nullopt where it is closed already.
  std::optional<T> close() {
    std::unique_lock lock(mutex_);
    if (!object_ || is_closing_) return std::nullopt;
    is_closing_ = true;
    changed_.wait(lock, [this] { return running_ == 0; });
    std::optional<T> closed(std::move(object_));
    object_.reset();
    return closed;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> object_;
  std::size_t running_ = 0;
  bool is_closing_ = false;
  const pid_t owner_ = ::getpid();
};

/// How far a task in another thread is.
class Progress {
 public:
  void finish() {
    const std::lock_guard lock(mutex_);
    is_done_ = true;
    changed_.notify_one();
  }
  bool wait(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [this] { return is_done_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_done_ = false;
};

/// Runs `task`, which throws nothing, without the GIL and waits for it. On the main thread it runs in another
/// one, and a signal whose handler raises ends the wait: false with a Python error, and the task goes on
/// alone. What it needs is its own.
inline bool run_interruptibly(const std::function<void()>& task) {
  constexpr std::chrono::milliseconds kLookForSignalsEvery{50};
  const auto progress = std::make_shared<Progress>();
  bool is_elsewhere = ::gettid() == ::getpid();
  try {
    if (is_elsewhere) {
      std::thread([progress, task] {
        task();
        progress->finish();
      }).detach();
    }
  } catch (const std::system_error&) {
    is_elsewhere = false;  // No thread can be had.
  }
  if (!is_elsewhere) {
    const WithoutGil unlocked;
    task();
    return true;
  }
  while (true) {
    {
      const WithoutGil unlocked;
      if (progress->wait(kLookForSignalsEvery)) return true;
    }
    if (PyErr_CheckSignals() != 0) return false;
  }
}

/// Calls `use(object)` on the open object of `handle` and gives what it returns; nullopt with a Python error.
template <typename T, typename Use>
auto call(const std::shared_ptr<Handle<T>>& handle, Use use) {
  using Answer = decltype(use(std::declval<T&>()));
  const auto answer = std::make_shared<std::optional<Answer>>();
  T* const object = handle->begin();
  if (object == nullptr) {
    raise(invalid_argument("it is closed"));
    return std::optional<Answer>();
  }
  const bool is_done = run_interruptibly([handle, answer, object, use = std::move(use)]() {
    try {
      answer->emplace(use(*object));
    } catch (const std::bad_alloc&) {
      answer->reset();
    }
    handle->end();
  });
  if (!is_done) return std::optional<Answer>();
  if (!*answer) PyErr_NoMemory();
  return std::move(*answer);
}

/// Handles in capsules. In a process that was forked their object is left alone: its threads are not there.
template <typename T>
struct Capsule {
  using Shared = std::shared_ptr<Handle<T>>;

  static PyObject* make(const char* name, T object) {
    auto shared = std::make_unique<Shared>(std::make_shared<Handle<T>>(std::move(object)));
    PyObject* const capsule = PyCapsule_New(shared.get(), name, [](PyObject* going) {
      auto* const held = static_cast<Shared*>(PyCapsule_GetPointer(going, PyCapsule_GetName(going)));
      if (!(*held)->is_of_this_process()) return;
      const WithoutGil unlocked;
      delete held;
    });
    if (capsule != nullptr) shared.release();
    return capsule;
  }

  /// nullptr with a Python error: no such capsule, or one of the parent process.
  static Shared get(PyObject* capsule, const char* name) {
    auto* const shared = static_cast<Shared*>(PyCapsule_GetPointer(capsule, name));
    if (shared == nullptr) return nullptr;
    if ((*shared)->is_of_this_process()) return *shared;
    raise(Error{
        ErrorKind::kInvalidArgument,
        "it was opened before this process was forked, and belongs to the parent; open another one here. A "
        "program that forks while a store is embedded should use the spawn start method"});
    return nullptr;
  }
};

}  // namespace optiinfra::python
