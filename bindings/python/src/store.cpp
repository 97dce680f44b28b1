#include "optiinfra/c_interface/store.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "batch_reader.hpp"
#include "call.hpp"
#include "data.hpp"
#include "functions.hpp"
#include "messages.hpp"
#include "optiinfra/c_interface/questions.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/question_text.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::python {
namespace {

using c_interface::Store;
using std::chrono::milliseconds;
using Opened = Capsule<Store>;
constexpr const char* kStore = "optiinfra.store";

/// The texts of a list of str; false with a Python error.
bool read_texts(PyObject* list, std::vector<std::string>& texts) {
  const Py_ssize_t size = PyList_Size(list);
  for (Py_ssize_t i = 0; i < size; ++i)
    if (!utf8_of(PyList_GetItem(list, i), texts.emplace_back())) return false;
  return size >= 0;
}

/// Pairs of str in a list of tuples; false with a Python error.
bool read_pairs(PyObject* list, std::vector<std::pair<std::string, std::string>>& pairs) {
  const Py_ssize_t size = PyList_Size(list);
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyObject* const pair = PyList_GetItem(list, i);
    auto& [first, second] = pairs.emplace_back();
    PyObject* const left = PyTuple_GetItem(pair, 0);
    PyObject* const right = left == nullptr ? nullptr : PyTuple_GetItem(pair, 1);
    if (right == nullptr || !utf8_of(left, first) || !utf8_of(right, second)) return false;
  }
  return size >= 0;
}

PyObject* answered(std::optional<Result<Answer>> answer) {
  if (!answer) return nullptr;
  return *answer ? make_answer(**std::move(answer)) : raise(std::move(*answer).error());
}

}  // namespace

PyObject* open_store(PyObject*, PyObject* arguments) {
  const char* text = nullptr;
  int create = 0;
  long long timeout_ms = 0;
  if (PyArg_ParseTuple(arguments, "zpL", &text, &create, &timeout_ms) == 0) return nullptr;
  std::optional<Result<Store>> store;
  {
    // On this thread: the engine closes in order when the thread that opened it first ends.
    const WithoutGil unlocked;
    store.emplace(Store::open(
        text, {.create = create != 0, .call_timeout = milliseconds{timeout_ms}, .log = keep_messages()}));
  }
  return *store ? Opened::make(kStore, **std::move(store)) : raise(store->error());
}

PyObject* close_store(PyObject*, PyObject* arguments) {
  PyObject* capsule = nullptr;
  if (PyArg_ParseTuple(arguments, "O", &capsule) == 0) return nullptr;
  const auto handle = Opened::get(capsule, kStore);
  if (!handle) return nullptr;
  {
    const WithoutGil unlocked;
    const std::optional<Store> closed = handle->close();
  }
  Py_RETURN_NONE;
}

PyObject* ping(PyObject*, PyObject* arguments) {
  PyObject* capsule = nullptr;
  if (PyArg_ParseTuple(arguments, "O", &capsule) == 0) return nullptr;
  const auto handle = Opened::get(capsule, kStore);
  if (!handle) return nullptr;
  const auto answers = call(handle, [](Store& store) { return store.ping(); });
  return answers ? PyBool_FromLong(*answers) : nullptr;
}

PyObject* insert(PyObject*, PyObject* arguments) {
  PyObject *capsule = nullptr, *data = nullptr;
  const char *family = nullptr, *token = nullptr;
  if (PyArg_ParseTuple(arguments, "OsOs", &capsule, &family, &data, &token) == 0) return nullptr;
  const auto handle = Opened::get(capsule, kStore);
  if (!handle) return nullptr;
  return for_each_batch(family, data, token, [&](AnyBatch batch, std::string name) {
    return call(handle, [batch = std::make_shared<AnyBatch>(std::move(batch)), name](Store& store) {
      return store.insert(*batch, name);
    });
  });
}

PyObject* ask(PyObject*, PyObject* arguments) {
  PyObject *capsule = nullptr, *measures = nullptr, *dimensions = nullptr, *filters = nullptr,
           *order = nullptr, *descending = nullptr;
  const char *bucket = nullptr, *family = nullptr;
  c_interface::Window window;
  long long begin = 0, end = 0;
  Py_ssize_t limit = 0;
  if (PyArg_ParseTuple(arguments, "OOOOOOzzLLin", &capsule, &measures, &dimensions, &filters, &order,
                       &descending, &bucket, &family, &begin, &end, &window.hours, &limit) == 0)
    return nullptr;
  window.begin = begin;
  window.end = end;
  const auto handle = Opened::get(capsule, kStore);
  Question question;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<std::string> keys;
  if (!handle || !read_texts(measures, question.measures) || !read_texts(dimensions, question.dimensions) ||
      !read_pairs(filters, pairs) || !read_texts(order, keys))
    return nullptr;
  for (auto& [dimension, value] : pairs) question.filters.push_back({std::move(dimension), std::move(value)});
  for (std::size_t i = 0; i < keys.size(); ++i)
    question.order.push_back({keys[i], PyList_GetItem(descending, static_cast<Py_ssize_t>(i)) == Py_True});
  if (bucket != nullptr) {
    const auto parsed = parse_bucket(bucket);
    if (!parsed) return raise(parsed.error());
    question.bucket = *parsed;
  }
  if (family != nullptr) {
    const auto batch = c_interface::batch_of(family);
    if (!batch) return raise(batch.error());
    question.family = kFamilies[batch->index()];
  }
  const auto range = c_interface::range_of(window);
  if (!range) return raise(range.error());
  question.range = *range;
  question.limit = static_cast<std::size_t>(limit);
  return answered(call(handle, [question](Store& store) { return store.query(question); }));
}

PyObject* ask_named(PyObject*, PyObject* arguments) {
  PyObject *capsule = nullptr, *parameters = nullptr;
  const char *name = nullptr, *by = nullptr, *bucket = nullptr;
  long long begin = 0, end = 0;
  c_interface::NamedAsk named;
  if (PyArg_ParseTuple(arguments, "OsOssLLi", &capsule, &name, &parameters, &by, &bucket, &begin, &end,
                       &named.window.hours) == 0)
    return nullptr;
  const auto handle = Opened::get(capsule, kStore);
  if (!handle || !read_pairs(parameters, named.parameters)) return nullptr;
  named.name = name;
  named.by = by;
  named.bucket = bucket;
  named.window.begin = begin;
  named.window.end = end;
  return answered(call(handle, [named](Store& store) { return store.query(named); }));
}

PyObject* list_names(PyObject*, PyObject* arguments) {
  PyObject *capsule = nullptr, *filters = nullptr;
  const char* kind = nullptr;
  Py_ssize_t limit = 0;
  std::vector<std::pair<std::string, std::string>> pairs;
  if (PyArg_ParseTuple(arguments, "OsOn", &capsule, &kind, &filters, &limit) == 0) return nullptr;
  const auto handle = Opened::get(capsule, kStore);
  if (!handle || !read_pairs(filters, pairs)) return nullptr;
  std::vector<Filter> kept;
  for (auto& [dimension, value] : pairs) kept.push_back({std::move(dimension), std::move(value)});
  return answered(call(handle, [kind = std::string(kind), kept, limit](Store& store) {
    return store.list(kind, kept, static_cast<std::size_t>(limit));
  }));
}

}  // namespace optiinfra::python
