/* Stores two requests in a temporary store, asks for their latency, and shows the error for a bad row. A test runs
 * this program. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "optiinfra.h"

static int complain(const char* what, optiinfra_error* error) {
  fprintf(stderr, "%s: %s (%s)\n", what, error->message, optiinfra_status_name(error->status));
  optiinfra_error_release(error);
  return 1;
}

/* A record batch over the program's own columns: it owns nothing, so there is nothing to release. */
enum { COLUMNS = 4, ROWS = 2 };
struct requests {
  const void* buffers[COLUMNS][2];
  const void* no_buffer;
  struct ArrowSchema fields[COLUMNS], *field_list[COLUMNS], schema;
  struct ArrowArray columns[COLUMNS], *column_list[COLUMNS], batch;
};

static void add_column(struct requests* all, int i, const char* name, const char* format, const void* values) {
  all->buffers[i][1] = values;
  all->fields[i].name = name;
  all->fields[i].format = format;
  all->columns[i].length = ROWS;
  all->columns[i].n_buffers = 2;
  all->columns[i].buffers = all->buffers[i];
  all->field_list[i] = &all->fields[i];
  all->column_list[i] = &all->columns[i];
}

static void finish(struct requests* all) {
  all->schema.format = "+s";
  all->schema.n_children = COLUMNS;
  all->schema.children = all->field_list;
  all->batch.length = ROWS;
  all->batch.n_buffers = 1;
  all->batch.buffers = &all->no_buffer;
  all->batch.n_children = COLUMNS;
  all->batch.children = all->column_list;
}

/* The last column of the answer, whose rows are one. */
static double last_number(const struct ArrowArray* answer) {
  const struct ArrowArray* column = answer->children[answer->n_children - 1];
  return ((const double*)column->buffers[1])[column->offset];
}

static int ask(optiinfra_client* client, optiinfra_error* error) {
  const char* measures[] = {"request_count", "p95_latency"};
  const optiinfra_question question = {
      .size = sizeof question, .measures = measures, .measure_count = 2, .family = "performance", .hours = 1};
  struct ArrowArrayStream stream;
  struct ArrowArray answer;
  if (optiinfra_query(client, &question, &stream, error) != OPTIINFRA_OK) return complain("query", error);
  if (stream.get_next(&stream, &answer) != 0) return 1;
  printf("%" PRIu64 " requests, p95 %.1f ms\n", ((const uint64_t*)answer.children[0]->buffers[1])[0],
         last_number(&answer));
  answer.release(&answer);
  stream.release(&stream);
  return 0;
}

int main(void) {
  const int64_t times[ROWS] = {time(NULL) - 60, time(NULL) - 30};
  float latencies[ROWS] = {812.5f, 640.0f};
  uint8_t ids[2][16 * ROWS];
  struct requests all;
  optiinfra_client* client;
  optiinfra_error error = OPTIINFRA_ERROR_INIT;
  int64_t stored = 0;
  int failed;

  memset(&all, 0, sizeof all);
  memset(ids, 7, sizeof ids);
  add_column(&all, 0, "timestamp", "tss:UTC", times);
  add_column(&all, 1, "customer_id", "w:16", ids[0]);
  add_column(&all, 2, "service_id", "w:16", ids[1]);
  add_column(&all, 3, "latency_ms", "f", latencies);
  finish(&all);

  const optiinfra_open_options options = {.size = sizeof options, .create = 1, .call_timeout_ms = 0};
  if (optiinfra_open("embedded:", &options, &client, &error) != OPTIINFRA_OK) return complain("open", &error);
  failed = optiinfra_insert(client, "performance", &all.schema, &all.batch, NULL, &stored, &error) != OPTIINFRA_OK
               ? complain("insert", &error)
               : ask(client, &error);

  latencies[1] = -1.0f;
  if (optiinfra_insert(client, "performance", &all.schema, &all.batch, NULL, NULL, &error) != OPTIINFRA_OK) {
    printf("refused: row %" PRId64 ", column %s: %s must be %s\n", error.row, error.column, error.value, error.rule);
    optiinfra_error_release(&error);
  }
  optiinfra_close(client);
  return failed;
}
