#include "messages.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

#include "functions.hpp"

namespace optiinfra::python {
namespace {

/// Messages that wait to be taken; beyond, the oldest go.
constexpr std::size_t kMessagesMax = 1'000;

struct Message {
  LogLevel level;
  std::string text;
};

/// Threads of the library must not wait for Python, which may be ending: they leave messages here.
class Messages {
 public:
  void add(LogLevel level, std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() == kMessagesMax) waiting_.pop_front();
    waiting_.push_back({level, std::string(text)});
    changed_.notify_one();
  }

  /// All that wait; empty after close().
  std::deque<Message> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_closed_ || !waiting_.empty(); });
    return std::exchange(waiting_, {});
  }

  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Message> waiting_;
  bool is_closed_ = false;
};

/// Kept for the process, also after it has ended in Python: threads of the library may still add. A forked
/// process begins with another one, because a thread of its parent may have held the lock of this one.
Messages* messages = new Messages;

}  // namespace

LogSink keep_messages() {
  return [into = messages](LogLevel level, std::string_view text) { into->add(level, text); };
}

PyObject* next_messages(PyObject*, PyObject*) {
  std::deque<Message> taken;
  {
    const WithoutGil unlocked;
    taken = messages->take();
  }
  Ref list(PyList_New(0));
  for (const Message& message : taken) {
    const Ref text(to_python(message.text));
    const Ref pair(
        text ? Py_BuildValue("(iO)", static_cast<int>(message.level == LogLevel::kWarning), text.get())
             : nullptr);
    if (!list || !pair || PyList_Append(list.get(), pair.get()) != 0) return nullptr;
  }
  return list.release();
}

PyObject* end_messages(PyObject*, PyObject*) {
  messages->close();
  Py_RETURN_NONE;
}

PyObject* restart_messages(PyObject*, PyObject*) {
  messages = new Messages;
  Py_RETURN_NONE;
}

}  // namespace optiinfra::python
