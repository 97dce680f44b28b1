#include "optiinfra.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "optiinfra/c_interface/arrow.hpp"
#include "optiinfra/c_interface/questions.hpp"
#include "optiinfra/c_interface/store.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/question_text.hpp"
#include "optiinfra/core/version.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/tables.hpp"

using namespace optiinfra;
using namespace optiinfra::c_interface;
using std::chrono::milliseconds;

struct optiinfra_client {
  Store store;
};
struct optiinfra_writer {
  Writer writer;
};

namespace {

/// A whole copy of a structure that an older caller may have given shorter; zeroed without one.
template <typename Options>
Options read_options(const Options* given) {
  Options options{};
  if (given != nullptr) std::memcpy(&options, given, std::min(given->size, sizeof options));
  return options;
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

struct ErrorTexts {
  std::string message, column, value, rule;
};

/// The header lists the kinds in the order of ErrorKind, after OPTIINFRA_OK; what came later follows
/// OPTIINFRA_OUT_OF_MEMORY.
optiinfra_status status_of(ErrorKind kind) {
  if (kind == ErrorKind::kCancelled) return OPTIINFRA_CANCELLED;
  return static_cast<optiinfra_status>(static_cast<int>(kind) + 1);
}
static_assert(static_cast<int>(ErrorKind::kInvalidArgument) + 1 == OPTIINFRA_INVALID_ARGUMENT);
static_assert(static_cast<int>(ErrorKind::kIncompatible) + 1 == OPTIINFRA_INCOMPATIBLE);
static_assert(static_cast<int>(ErrorKind::kConflict) + 1 == OPTIINFRA_CONFLICT);

optiinfra_status fail(Failure failure, optiinfra_error* error) {
  const optiinfra_status status = status_of(failure.error.kind);
  if (error == nullptr) return status;
  auto texts = std::make_unique<ErrorTexts>();
  texts->message = std::move(failure.error.message);
  if (failure.at) {
    texts->column = std::move(failure.at->column);
    texts->value = std::move(failure.at->value);
    texts->rule = std::move(failure.at->rule);
  }
  error->status = status;
  error->may_be_applied = failure.error.applied == Applied::kUnknown;
  error->retryable = is_retryable(failure.error);
  error->server_code = failure.error.server_code;
  error->row = failure.at ? static_cast<std::int64_t>(failure.at->row) : -1;
  error->message = texts->message.c_str();
  error->column = texts->column.c_str();
  error->value = texts->value.c_str();
  error->rule = texts->rule.c_str();
  error->owned = texts.release();
  return status;
}

/// Runs `call`, which returns the failure or nothing, and lets no exception through.
template <typename Call>
optiinfra_status guarded(optiinfra_error* error, const Call& call) noexcept {
  try {
    std::optional<Failure> failure = call();
    return failure ? fail(std::move(*failure), error) : OPTIINFRA_OK;
  } catch (const std::bad_alloc&) {
    if (error != nullptr) {
      *error = OPTIINFRA_ERROR_INIT;
      error->status = OPTIINFRA_OUT_OF_MEMORY;
      error->may_be_applied = 1;
      error->message = "memory ran out";
    }
    return OPTIINFRA_OUT_OF_MEMORY;
  }
}

Failure missing(const char* what) { return invalid_argument(std::string(what) + " is NULL"); }

/// Empty without a function to call.
LogSink log_sink(optiinfra_log log, void* context) {
  if (log == nullptr) return {};
  return [log, context](LogLevel level, std::string_view message) {
    log(context, level == LogLevel::kInfo ? OPTIINFRA_LOG_INFO : OPTIINFRA_LOG_WARNING,
        std::string(message).c_str());
  };
}

std::optional<Failure> read_batch(const char* family, const ArrowSchema* schema, const ArrowArray* array,
                                  std::optional<AnyBatch>& batch) {
  if (family == nullptr) return missing("family");
  if (schema == nullptr || array == nullptr) return missing("the record batch");
  if (array->length > static_cast<std::int64_t>(kInsertRowsMax))
    return Error{ErrorKind::kTooLarge, std::to_string(array->length) + " rows are more than the " +
                                           std::to_string(kInsertRowsMax) + " of one insert"};
  auto empty = batch_of(family);
  if (!empty) return std::move(empty).error();
  batch = *std::move(empty);
  return append_arrow(*batch, *schema, *array, 0, static_cast<std::size_t>(array->length));
}

Result<Question> question_of(const optiinfra_question& asked) {
  Question question;
  question.measures.assign(asked.measures, asked.measures + asked.measure_count);
  question.dimensions.assign(asked.dimensions, asked.dimensions + asked.dimension_count);
  for (std::size_t i = 0; i < asked.filter_count; ++i)
    question.filters.push_back({text_of(asked.filters[i].dimension), text_of(asked.filters[i].value)});
  for (std::size_t i = 0; i < asked.order_count; ++i)
    question.order.push_back({text_of(asked.order[i].by), asked.order[i].is_descending != 0});
  if (asked.bucket != nullptr) {
    OPTIINFRA_TRY(question.bucket, parse_bucket(asked.bucket));
  }
  if (asked.family != nullptr) {
    OPTIINFRA_TRY(const AnyBatch batch, batch_of(asked.family));
    question.family = kFamilies[batch.index()];
  }
  OPTIINFRA_TRY(question.range, range_of({asked.begin, asked.end, asked.hours}));
  question.limit = asked.limit;
  return question;
}

milliseconds budget(std::int64_t given_ms, milliseconds otherwise) {
  return given_ms == 0 ? otherwise : milliseconds{given_ms};
}

}  // namespace

void optiinfra_error_release(optiinfra_error* error) {
  if (error == nullptr) return;
  delete static_cast<ErrorTexts*>(error->owned);
  *error = OPTIINFRA_ERROR_INIT;
}

const char* optiinfra_status_name(optiinfra_status status) {
  if (status == OPTIINFRA_OK) return "ok";
  if (status == OPTIINFRA_CANCELLED) return to_string(ErrorKind::kCancelled).data();
  if (status < OPTIINFRA_INVALID_ARGUMENT || status > OPTIINFRA_CONFLICT) return "out_of_memory";
  return to_string(static_cast<ErrorKind>(status - 1)).data();
}

const char* optiinfra_version(void) { return optiinfra::version().data(); }

optiinfra_status optiinfra_open(const char* url, const optiinfra_open_options* options,
                                optiinfra_client** client, optiinfra_error* error) {
  return guarded(error, [&]() -> std::optional<Failure> {
    if (client == nullptr) return missing("client");
    *client = nullptr;
    const auto given = read_options(options);
    auto opened = Store::open(url, {.create = given.create != 0,
                                    .call_timeout = budget(given.call_timeout_ms, milliseconds{60'000}),
                                    .log = log_sink(given.log, given.log_context)});
    if (!opened) return std::move(opened).error();
    *client = new optiinfra_client{*std::move(opened)};
    return std::nullopt;
  });
}

void optiinfra_close(optiinfra_client* client) { delete client; }

int optiinfra_ping(optiinfra_client* client) { return client != nullptr && client->store.ping() ? 1 : 0; }

optiinfra_status optiinfra_insert(optiinfra_client* client, const char* family, const ArrowSchema* schema,
                                  const ArrowArray* array, const optiinfra_insert_options* options,
                                  std::int64_t* rows, optiinfra_error* error) {
  return guarded(error, [&]() -> std::optional<Failure> {
    if (rows != nullptr) *rows = 0;
    if (client == nullptr) return missing("client");
    std::optional<AnyBatch> batch;
    if (auto failure = read_batch(family, schema, array, batch)) return failure;
    if (auto failure = client->store.insert(*batch, text_of(read_options(options).token))) return failure;
    if (rows != nullptr) *rows = array->length;
    return std::nullopt;
  });
}

optiinfra_status optiinfra_query(optiinfra_client* client, const optiinfra_question* question,
                                 ArrowArrayStream* stream, optiinfra_error* error) {
  return guarded(error, [&]() -> std::optional<Failure> {
    if (stream == nullptr) return missing("stream");
    *stream = {};
    if (client == nullptr || question == nullptr) return missing("client or question");
    auto asked = question_of(read_options(question));
    if (!asked) return std::move(asked).error();
    auto answer = client->store.query(*asked);
    if (!answer) return std::move(answer).error();
    make_stream(*std::move(answer), *stream);
    return std::nullopt;
  });
}

optiinfra_status optiinfra_query_named(optiinfra_client* client, const optiinfra_named_question* question,
                                       ArrowArrayStream* stream, optiinfra_error* error) {
  return guarded(error, [&]() -> std::optional<Failure> {
    if (stream == nullptr) return missing("stream");
    *stream = {};
    if (client == nullptr || question == nullptr) return missing("client or question");
    const auto given = read_options(question);
    NamedAsk ask{.name = text_of(given.name),
                 .parameters = {},
                 .by = text_of(given.by),
                 .bucket = text_of(given.bucket),
                 .window = {given.begin, given.end, given.hours}};
    for (std::size_t i = 0; i < given.parameter_count; ++i)
      ask.parameters.emplace_back(text_of(given.parameters[i].dimension), text_of(given.parameters[i].value));
    auto answer = client->store.query(ask);
    if (!answer) return std::move(answer).error();
    make_stream(*std::move(answer), *stream);
    return std::nullopt;
  });
}

const char* optiinfra_catalogue(void) { return catalogue_json().c_str(); }

optiinfra_status optiinfra_writer_open(const char* url, const optiinfra_writer_options* options,
                                       optiinfra_writer** writer, optiinfra_error* error) {
  return guarded(error, [&]() -> std::optional<Failure> {
    if (writer == nullptr) return missing("writer");
    *writer = nullptr;
    const auto given = read_options(options);
    auto where = store_url_of(url);
    if (!where) return std::move(where).error();
    WriterOptions chosen;
    chosen.spool_folder = text_of(given.spool_folder);
    if (given.insert_rows != 0) chosen.insert_rows = given.insert_rows;
    if (given.memory_bytes_max != 0) chosen.memory_bytes_max = given.memory_bytes_max;
    chosen.insert_age = budget(given.insert_age_ms, chosen.insert_age);
    chosen.write_timeout = budget(given.write_timeout_ms, chosen.write_timeout);
    chosen.log = log_sink(given.log, given.log_context);
    auto opened = Writer::open(*where, chosen);
    if (!opened) return std::move(opened).error();
    *writer = new optiinfra_writer{*std::move(opened)};
    return std::nullopt;
  });
}

optiinfra_status optiinfra_write(optiinfra_writer* writer, const char* family, const ArrowSchema* schema,
                                 const ArrowArray* array, const char* token,
                                 optiinfra_acknowledgement acknowledgement, std::int64_t timeout_ms,
                                 optiinfra_error* error) {
  return guarded(error, [&]() -> std::optional<Failure> {
    if (writer == nullptr) return missing("writer");
    if (acknowledgement < OPTIINFRA_ACCEPTED || acknowledgement > OPTIINFRA_STORED)
      return invalid_argument("there is no such acknowledgement");
    std::optional<AnyBatch> batch;
    if (auto failure = read_batch(family, schema, array, batch)) return failure;
    return write(writer->writer, *batch,
                 {.acknowledgement = static_cast<Acknowledgement>(acknowledgement), .token = text_of(token)},
                 milliseconds{timeout_ms});
  });
}

optiinfra_status optiinfra_writer_flush(optiinfra_writer* writer, std::int64_t timeout_ms,
                                        optiinfra_error* error) {
  return guarded(error, [&]() -> std::optional<Failure> {
    if (writer == nullptr) return missing("writer");
    auto flushed = writer->writer.flush(milliseconds{timeout_ms});
    if (!flushed) return std::move(flushed).error();
    return std::nullopt;
  });
}

optiinfra_status optiinfra_writer_close(optiinfra_writer* writer, std::int64_t timeout_ms,
                                        optiinfra_error* error) {
  const std::unique_ptr<optiinfra_writer> owned(writer);
  return guarded(error, [&]() -> std::optional<Failure> {
    if (owned == nullptr) return std::nullopt;
    auto closed = owned->writer.close(milliseconds{timeout_ms});
    if (!closed) return std::move(closed).error();
    return std::nullopt;
  });
}

void optiinfra_writer_abandon(optiinfra_writer* writer) { delete writer; }
