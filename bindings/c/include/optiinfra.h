/**
 * @file optiinfra.h
 * The C interface of OptiInfra metrics, for C and for every language that calls C.
 *
 * Versions:  functions and enumerators are only ever added. A structure that callers fill begins with its size,
 *            so that a library that knows more members takes a structure of an older caller.
 * Errors:    a function that can fail returns OPTIINFRA_OK or the kind of the error, and fills `error` when it
 *            is not NULL. No function throws, and none ends the process unless memory is corrupt.
 * Ownership: a handle belongs to the caller until the function that its comment names. Functions copy the text
 *            that they are given; text in an error belongs to the error.
 * Threads:   a client and a writer may be used by several threads at once; no other call may run while one is
 *            closed. An embedded store belongs to one process: never use a handle after fork().
 * Time:      seconds since 1970-01-01T00:00:00Z. Ranges are half-open.
 */
#ifndef OPTIINFRA_H
#define OPTIINFRA_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define OPTIINFRA_API __attribute__((visibility("default")))
#else
#define OPTIINFRA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The Arrow C data interface, as https://arrow.apache.org/docs/format/CDataInterface.html defines it. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};
#endif

/** What went wrong, sorted by what a caller can do about it. */
typedef enum optiinfra_status {
  OPTIINFRA_OK = 0,
  OPTIINFRA_INVALID_ARGUMENT = 1, /**< The call was wrong; repeated unchanged, it fails again. */
  OPTIINFRA_REJECTED = 2,         /**< The engine understood and refused; see server_code. */
  OPTIINFRA_TIMEOUT = 3,          /**< The call's time budget ran out. */
  OPTIINFRA_UNAVAILABLE = 4,      /**< No healthy connection, or the store is held elsewhere; try later. */
  OPTIINFRA_CORRUPT = 5,          /**< Bytes did not decode, or stored data contradicts itself. */
  OPTIINFRA_TOO_LARGE = 6,        /**< A documented limit was reached; nothing was sent. */
  OPTIINFRA_STORAGE = 7,          /**< The disk is full, read-only or unreadable. */
  OPTIINFRA_INCOMPATIBLE = 8,     /**< The store belongs to a newer program or to another one. */
  OPTIINFRA_CONFLICT = 9,         /**< The name of a request was used before for another content. */
  OPTIINFRA_OUT_OF_MEMORY = 10,   /**< Nothing is known of the call but that memory ran out. */
  OPTIINFRA_CANCELLED = 11        /**< The caller asked the call to stop. */
} optiinfra_status;

/**
 * What a failed call says. Begin with OPTIINFRA_ERROR_INIT. A function overwrites it without releasing what it
 * held: release it after each failure.
 */
typedef struct optiinfra_error {
  optiinfra_status status;
  int may_be_applied; /**< 1: part of a write may be stored; repeat it with the same token. */
  int retryable;      /**< 1: the same call may succeed later. */
  int server_code;    /**< The ClickHouse error code; 0 without one. */
  int64_t row;        /**< The row that was refused, from 0; -1 when the error is about no row. */
  const char* message; /**< For people. The four texts are never NULL after a failure. */
  const char* column;  /**< Of the refused value; "" otherwise. */
  const char* value;   /**< The refused value as text, cut when long. */
  const char* rule;    /**< What the value must be: "a percentage, 0 to 100". */
  void* owned;         /**< What the texts lie in. */
} optiinfra_error;

#define OPTIINFRA_ERROR_INIT {OPTIINFRA_OK, 0, 0, 0, -1, "", "", "", "", NULL}

/** Frees the texts of `error` and makes it as OPTIINFRA_ERROR_INIT. NULL is allowed. Threads: any. */
OPTIINFRA_API void optiinfra_error_release(optiinfra_error* error);

/** The name of a status, as JSON shows it: "invalid_argument". Static; never NULL. Threads: any. */
OPTIINFRA_API const char* optiinfra_status_name(optiinfra_status status);

/** "0.1.0". Static. Threads: any. */
OPTIINFRA_API const char* optiinfra_version(void);

/* --- A store --- */

typedef struct optiinfra_client optiinfra_client;

/** How a message is meant. */
typedef enum optiinfra_log_level {
  OPTIINFRA_LOG_INFO = 0,   /**< As it should be, and worth knowing. */
  OPTIINFRA_LOG_WARNING = 1 /**< It goes on by itself; somebody should look. */
} optiinfra_log_level;

/**
 * Receives a message: an attempt that is repeated, a store that is out of reach, rows that a spool gives back. `message`
 * is one line, valid during the call. Threads: called from any, several at once; it should be short, because the call
 * that it tells of waits for it, and must call no function of this library.
 */
typedef void (*optiinfra_log)(void* context, optiinfra_log_level level, const char* message);

typedef struct optiinfra_open_options {
  size_t size;            /**< sizeof(optiinfra_open_options). */
  int create;             /**< 1: create the store, or bring its schema up to date. */
  int64_t call_timeout_ms; /**< Budget of one call; 0 for 60,000. */
  optiinfra_log log;      /**< Told of what happens during calls; NULL for nobody. */
  void* log_context;      /**< What `log` is called with; must live as long as the client. */
} optiinfra_open_options;

/**
 * Opens the store at `url`: "embedded:/folder", "clickhouse://host/optiinfra" and the other forms of
 * optiinfra/transport/url.hpp; or the HTTP API of `optiinfra server`, which needs no engine: "api://host:7070", or
 * "apis://host" with TLS, with the token in OPTIINFRA_TOKEN or in the file that OPTIINFRA_TOKEN_FILE names. An answer
 * through an API has at most 100,000 rows. NULL takes OPTIINFRA_URL, CLICKHOUSE_URL, the CLICKHOUSE_* variables or the default
 * store below ~/.local/share. `options` may be NULL. *client is NULL on an error; otherwise it belongs to the
 * caller until optiinfra_close. Threads: any; close it on the main thread, before main returns.
 */
OPTIINFRA_API optiinfra_status optiinfra_open(const char* url, const optiinfra_open_options* options,
                                              optiinfra_client** client, optiinfra_error* error);

/** Closes the store and frees `client`, which no call and no writer may use any more. NULL is allowed. */
OPTIINFRA_API void optiinfra_close(optiinfra_client* client);

/** 1 when the store answers, else 0. Threads: any. */
OPTIINFRA_API int optiinfra_ping(optiinfra_client* client);

/* --- Inserting --- */

typedef struct optiinfra_insert_options {
  size_t size; /**< sizeof(optiinfra_insert_options). */
  /** Names these rows across retries: repeated with the same token they are stored once. NULL: none. */
  const char* token;
} optiinfra_insert_options;

/**
 * Stores the rows of one record batch in a family: "cost", "performance", "resource" or "quality". `array` is a
 * struct array whose fields have the names of the family's columns (docs/tables.md), in any order; columns that a
 * row may leave out may be missing. At most 1,000,000 rows.
 *
 * What a column takes: numbers from any integer or floating type, where the value fits; flags from bool too; text
 * from utf8, large_utf8 and utf8_view, also dictionary-encoded; times from timestamp of any unit, cut to the
 * second; identifiers from fixed-size binary of 16 bytes, or from text. A null, and a NaN of a number that may be
 * absent, is a value that nobody measured.
 *
 * The call reads `schema` and `array` and leaves them to the caller, who may release them when it returns. On
 * success *rows (which may be NULL) is what was stored. On an error nothing is stored unless may_be_applied says
 * otherwise; the error names row, column and rule of a bad value. Threads: any.
 */
OPTIINFRA_API optiinfra_status optiinfra_insert(optiinfra_client* client, const char* family,
                                                const struct ArrowSchema* schema, const struct ArrowArray* array,
                                                const optiinfra_insert_options* options, int64_t* rows,
                                                optiinfra_error* error);

/* --- Asking --- */

typedef struct optiinfra_filter {
  const char* dimension;
  const char* value; /**< As text, also when the dimension is an identifier. */
} optiinfra_filter;

typedef struct optiinfra_order {
  const char* by; /**< A measure or a dimension of the question, or "begin" for its buckets. */
  int is_descending;
} optiinfra_order;

/**
 * A question: measures by dimensions, in buckets, over a window. Every list is an array and its length; all names
 * are those of optiinfra_catalogue. Zeroed members are absent.
 */
typedef struct optiinfra_question {
  size_t size; /**< sizeof(optiinfra_question). */
  const char* const* measures;
  size_t measure_count;
  const char* const* dimensions;
  size_t dimension_count;
  const optiinfra_filter* filters;
  size_t filter_count;
  const optiinfra_order* order;
  size_t order_count;
  const char* bucket; /**< "hour", "day", "week", or NULL for none. */
  const char* family; /**< The family whose measures are meant when several have a name, or NULL. */
  int64_t begin;      /**< Seconds; included. */
  int64_t end;        /**< Seconds; not included. */
  int hours;          /**< Instead of begin and end: the last hours, up to now. */
  size_t limit;       /**< Most rows; 0 for all. */
} optiinfra_question;

/**
 * Asks `question`. The answer is one record batch in *stream, which the caller releases: times as
 * timestamp[s, UTC], texts as utf8, counts as uint64, numbers as float64; a number is null when there is nothing
 * to compute it from. A field's metadata has `unit` and `heading`; the schema's has `begin` and `end` of the window
 * that was used, in seconds, and for each family `rows.<family>`, how many raw rows the answer is computed from.
 * The stream does not need the client any more. On an error *stream is already released. At most 1,000,000 rows.
 * Threads: any; a stream by one thread at a time.
 */
OPTIINFRA_API optiinfra_status optiinfra_query(optiinfra_client* client, const optiinfra_question* question,
                                               struct ArrowArrayStream* stream, optiinfra_error* error);

/** A question with a name: see `questions` of optiinfra_catalogue. */
typedef struct optiinfra_named_question {
  size_t size; /**< sizeof(optiinfra_named_question). */
  const char* name; /**< "performance-p95". */
  /** Values of its parameters; `dimension` holds the parameter's name: "customer". */
  const optiinfra_filter* parameters;
  size_t parameter_count;
  const char* by;     /**< One of its choices, or NULL for the first. */
  const char* bucket; /**< Another bucket, where the question allows it, or NULL. */
  int64_t begin;
  int64_t end;
  int hours; /**< Instead of begin and end: the last hours, up to now. */
} optiinfra_named_question;

/** Asks it, as optiinfra_query does. */
OPTIINFRA_API optiinfra_status optiinfra_query_named(optiinfra_client* client,
                                                     const optiinfra_named_question* question,
                                                     struct ArrowArrayStream* stream, optiinfra_error* error);

/**
 * What can be inserted and asked, as JSON: families with their columns, types, rules and units; measures;
 * dimensions; named questions with their parameters. Static; never NULL. Threads: any.
 */
OPTIINFRA_API const char* optiinfra_catalogue(void);

/* --- A writer: stores the rows of many threads in large inserts, through a spool on disk if one is named --- */

typedef struct optiinfra_writer optiinfra_writer;

typedef enum optiinfra_acknowledgement {
  OPTIINFRA_ACCEPTED = 0, /**< In the writer's memory: survives only an orderly close. */
  OPTIINFRA_SPOOLED = 1,  /**< On this machine's disk, synced: the next writer stores it. */
  OPTIINFRA_STORED = 2    /**< In the store, once, synced. */
} optiinfra_acknowledgement;

typedef struct optiinfra_writer_options {
  size_t size;               /**< sizeof(optiinfra_writer_options). */
  const char* spool_folder;  /**< NULL: no spool. */
  size_t insert_rows;        /**< Rows that make an insert; 0 for 524,288. */
  int64_t insert_age_ms;     /**< Rows are sent after this time even when they are fewer; 0 for 1,000. */
  size_t memory_bytes_max;   /**< Most bytes that wait in memory; 0 for 512 MiB. */
  int64_t write_timeout_ms;  /**< Budget of one write; 0 for 60,000. */
  optiinfra_log log;         /**< Told of failing inserts and of what the spool gives back; NULL for nobody. */
  void* log_context;         /**< What `log` is called with; must live as long as the writer. */
} optiinfra_writer_options;

/**
 * Opens a writer of the store at `url`, as optiinfra_open takes it, but for an API: its service has a writer. With a spool the store may be unreachable. *writer
 * belongs to the caller until optiinfra_writer_close or optiinfra_writer_abandon.
 */
OPTIINFRA_API optiinfra_status optiinfra_writer_open(const char* url, const optiinfra_writer_options* options,
                                                     optiinfra_writer** writer, optiinfra_error* error);

/**
 * Hands over the rows of one record batch, as optiinfra_insert takes them, and waits until they have reached
 * `acknowledgement`, at most `timeout_ms`. After OPTIINFRA_TIMEOUT with may_be_applied the writer has the rows and
 * keeps trying. `token` may be NULL. Threads: any.
 */
OPTIINFRA_API optiinfra_status optiinfra_write(optiinfra_writer* writer, const char* family,
                                               const struct ArrowSchema* schema, const struct ArrowArray* array,
                                               const char* token, optiinfra_acknowledgement acknowledgement,
                                               int64_t timeout_ms, optiinfra_error* error);

/** Returns when everything that was written before is stored, or with OPTIINFRA_TIMEOUT. Threads: any. */
OPTIINFRA_API optiinfra_status optiinfra_writer_flush(optiinfra_writer* writer, int64_t timeout_ms,
                                                      optiinfra_error* error);

/**
 * Flushes, stops and frees the writer, also on an error: rows that were not stored are then in the spool, or lost
 * when there is none, and the message says how many. NULL is allowed.
 */
OPTIINFRA_API optiinfra_status optiinfra_writer_close(optiinfra_writer* writer, int64_t timeout_ms,
                                                      optiinfra_error* error);

/** Stops at once and frees the writer. Rows that are only in memory are lost. NULL is allowed. */
OPTIINFRA_API void optiinfra_writer_abandon(optiinfra_writer* writer);

#ifdef __cplusplus
}
#endif

#endif
