#include "optiinfra/ingest/writer.hpp"

#include <memory>
#include <string>

#include "call.hpp"
#include "data.hpp"
#include "functions.hpp"
#include "messages.hpp"
#include "optiinfra/c_interface/store.hpp"

namespace optiinfra::python {
namespace {

using std::chrono::milliseconds;
using Writing = Capsule<Writer>;
constexpr const char* kWriter = "optiinfra.writer";

PyObject* done(const Result<void>& result) {
  if (!result) return raise(result.error());
  Py_RETURN_NONE;
}

}  // namespace

PyObject* open_writer(PyObject*, PyObject* arguments) {
  const char *text = nullptr, *spool = nullptr;
  Py_ssize_t insert_rows = 0, memory_bytes = 0;
  long long age_ms = 0, timeout_ms = 0;
  if (PyArg_ParseTuple(arguments, "zsnLnL", &text, &spool, &insert_rows, &age_ms, &memory_bytes,
                       &timeout_ms) == 0)
    return nullptr;
  const auto url = c_interface::store_url_of(text);
  if (!url) return raise(url.error());
  WriterOptions options;
  options.spool_folder = spool;
  options.insert_rows = static_cast<std::size_t>(insert_rows);
  options.memory_bytes_max = static_cast<std::size_t>(memory_bytes);
  options.insert_age = milliseconds{age_ms};
  options.write_timeout = milliseconds{timeout_ms};
  options.log = keep_messages();
  std::optional<Result<Writer>> writer;
  {
    const WithoutGil unlocked;
    writer.emplace(Writer::open(*url, options));
  }
  return *writer ? Writing::make(kWriter, **std::move(writer)) : raise(writer->error());
}

PyObject* write(PyObject*, PyObject* arguments) {
  PyObject *capsule = nullptr, *data = nullptr;
  const char *family = nullptr, *token = nullptr;
  int acknowledgement = 0;
  long long timeout_ms = 0;
  if (PyArg_ParseTuple(arguments, "OsOsiL", &capsule, &family, &data, &token, &acknowledgement,
                       &timeout_ms) == 0)
    return nullptr;
  const auto handle = Writing::get(capsule, kWriter);
  if (!handle) return nullptr;
  return for_each_batch(family, data, token, [&](AnyBatch batch, std::string name) {
    const WriteOptions options{.acknowledgement = static_cast<Acknowledgement>(acknowledgement),
                               .token = name};
    return call(handle,
                [batch = std::make_shared<AnyBatch>(std::move(batch)), options, timeout_ms](Writer& writer) {
                  return c_interface::write(writer, *batch, options, milliseconds{timeout_ms});
                });
  });
}

PyObject* flush_writer(PyObject*, PyObject* arguments) {
  PyObject* capsule = nullptr;
  long long timeout_ms = 0;
  if (PyArg_ParseTuple(arguments, "OL", &capsule, &timeout_ms) == 0) return nullptr;
  const auto handle = Writing::get(capsule, kWriter);
  if (!handle) return nullptr;
  const auto flushed =
      call(handle, [timeout_ms](Writer& writer) { return writer.flush(milliseconds{timeout_ms}); });
  return flushed ? done(*flushed) : nullptr;
}

PyObject* close_writer(PyObject*, PyObject* arguments) {
  PyObject* capsule = nullptr;
  long long timeout_ms = 0;
  if (PyArg_ParseTuple(arguments, "OL", &capsule, &timeout_ms) == 0) return nullptr;
  const auto handle = Writing::get(capsule, kWriter);
  if (!handle) return nullptr;
  Result<void> closed;
  {
    const WithoutGil unlocked;
    if (std::optional<Writer> writer = handle->close()) closed = writer->close(milliseconds{timeout_ms});
  }
  return done(closed);
}

PyObject* writer_metrics(PyObject*, PyObject* arguments) {
  PyObject* capsule = nullptr;
  if (PyArg_ParseTuple(arguments, "O", &capsule) == 0) return nullptr;
  const auto handle = Writing::get(capsule, kWriter);
  if (!handle) return nullptr;
  const auto metrics = call(handle, [](Writer& writer) { return writer.metrics(); });
  if (!metrics) return nullptr;
  Ref problems(PyList_New(0));
  for (const std::string& problem : metrics->spool_problems) {
    const Ref text(to_python(problem));
    if (!problems || !text || PyList_Append(problems.get(), text.get()) != 0) return nullptr;
  }
  const Ref error(to_python(metrics->last_error));
  if (!error) return nullptr;
  return Py_BuildValue("{sK sK sK sK sK sK sK sK sK sL sO sO}", "rows_accepted", metrics->rows_accepted,
                       "rows_stored", metrics->rows_stored, "rows_refused", metrics->rows_refused,
                       "rows_recovered", metrics->rows_recovered, "inserts", metrics->inserts, "retries",
                       metrics->retries, "rows_queued", metrics->rows_queued, "bytes_queued",
                       metrics->bytes_queued, "spool_bytes", metrics->spool_bytes, "lag_ms",
                       static_cast<long long>(metrics->lag.count()), "last_error", error.get(),
                       "spool_problems", problems.get());
}

}  // namespace optiinfra::python
