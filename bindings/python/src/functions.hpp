/// The functions of the extension module, by file; module.cpp lists them.
#pragma once

#include "python.hpp"
//
#include "optiinfra/client/question.hpp"

namespace optiinfra::python {

PyObject* open_store(PyObject*, PyObject* arguments);
PyObject* close_store(PyObject*, PyObject* arguments);
PyObject* ping(PyObject*, PyObject* arguments);
PyObject* insert(PyObject*, PyObject* arguments);
PyObject* ask(PyObject*, PyObject* arguments);
PyObject* ask_named(PyObject*, PyObject* arguments);
PyObject* list_names(PyObject*, PyObject* arguments);

PyObject* open_writer(PyObject*, PyObject* arguments);
PyObject* write(PyObject*, PyObject* arguments);
PyObject* flush_writer(PyObject*, PyObject* arguments);
PyObject* close_writer(PyObject*, PyObject* arguments);
PyObject* writer_metrics(PyObject*, PyObject* arguments);

/// What the library tells while it works: waits for messages, ends the wait for good, begins again after a
/// fork.
PyObject* next_messages(PyObject*, PyObject*);
PyObject* end_messages(PyObject*, PyObject*);
PyObject* restart_messages(PyObject*, PyObject*);

/// A capsule of an answer, and what is in it.
PyObject* make_answer(Answer answer);
PyObject* answer_facts(PyObject*, PyObject* capsule);
PyObject* answer_rows(PyObject*, PyObject* arguments);
PyObject* answer_columns(PyObject*, PyObject* capsule);
PyObject* answer_stream(PyObject*, PyObject* capsule);
bool prepare_answers();

}  // namespace optiinfra::python
