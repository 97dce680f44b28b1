#include <dlfcn.h>

#include <cstring>
#include <filesystem>

#include "client.hpp"
#include "optiinfra/schema/tables.hpp"

namespace compare {

using namespace optiinfra;

namespace {

constexpr std::size_t kChunkRows = 2048;  // duckdb_vector_size()

struct QueryResult {  // duckdb_result; its fields are DuckDB's own.
  std::uint64_t counts[3];
  void* columns;
  char* error_message;
  void* internal;
};

/// The part of DuckDB's C API that is used here; its npm package has no header. A call gives 0 when all is
/// well.
struct Api {
  int (*open)(const char*, void**);
  int (*connect)(void*, void**);
  void (*disconnect)(void**);
  void (*close)(void**);
  int (*query)(void*, const char*, QueryResult*);
  const char* (*result_error)(QueryResult*);
  double (*value_double)(QueryResult*, std::uint64_t column, std::uint64_t row);
  void (*destroy_result)(QueryResult*);
  int (*appender_create)(void*, const char* schema, const char* table, void**);
  int (*appender_destroy)(void**);
  int (*append_data_chunk)(void*, void*);
  int (*appender_flush)(void*);
  const char* (*appender_error)(void*);
  void* (*create_logical_type)(int);
  void* (*create_data_chunk)(void**, std::uint64_t);
  void* (*data_chunk_get_vector)(void*, std::uint64_t);
  void* (*vector_get_data)(void*);
  void (*vector_assign_string_element_len)(void*, std::uint64_t, const char*, std::uint64_t);
  void (*data_chunk_set_size)(void*, std::uint64_t);
  void (*data_chunk_reset)(void*);
  const char* (*library_version)();
};

Result<Api> load(const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Error{ErrorKind::kUnavailable, std::string("DuckDB: ") + dlerror()};
  Api api{};
  bool is_whole = true;
  const auto take = [&](auto& function, const char* name) {
    void* symbol = dlsym(handle, name);
    is_whole = is_whole && symbol != nullptr;
    std::memcpy(&function, &symbol, sizeof symbol);
  };
#define TAKE(name) take(api.name, "duckdb_" #name)
  TAKE(open), TAKE(connect), TAKE(disconnect), TAKE(close), TAKE(query), TAKE(result_error);
  TAKE(value_double), TAKE(destroy_result), TAKE(appender_create), TAKE(appender_destroy);
  TAKE(append_data_chunk), TAKE(appender_flush), TAKE(appender_error), TAKE(create_logical_type),
      TAKE(create_data_chunk);
  TAKE(data_chunk_get_vector), TAKE(vector_get_data), TAKE(vector_assign_string_element_len);
  TAKE(data_chunk_set_size), TAKE(data_chunk_reset), TAKE(library_version);
#undef TAKE
  if (!is_whole) return Error{ErrorKind::kIncompatible, library + " lacks a function of DuckDB's C API"};
  return api;
}

struct Type {
  const char* name;
  int number;  // duckdb_type
};

Type type_of(std::string_view contract_type) {
  if (contract_type == "DateTime") return {"TIMESTAMP", 12};
  if (contract_type == "UUID") return {"UUID", 27};
  if (contract_type == "String") return {"VARCHAR", 17};
  if (contract_type == "Float32") return {"FLOAT", 10};
  if (contract_type == "UInt32") return {"UINTEGER", 8};
  return {"UTINYINT", 6};
}

/// One database in one file, with one connection.
struct Database {
  Api api;
  void* database = nullptr;
  void* connection = nullptr;

  ~Database() {
    if (connection != nullptr) api.disconnect(&connection);
    if (database != nullptr) api.close(&database);
  }

  Result<std::vector<double>> query(const std::string& sql, std::uint64_t columns = 0) {
    QueryResult result{};
    std::vector<double> row;
    const bool failed = api.query(connection, sql.c_str(), &result) != 0;
    const std::string why = failed ? std::string("DuckDB: ") + api.result_error(&result) : "";
    for (std::uint64_t column = 0; !failed && column < columns; ++column)
      row.push_back(api.value_double(&result, column, 0));
    api.destroy_result(&result);
    if (failed) return Error{ErrorKind::kRejected, why};
    return row;
  }
};

template <typename T>
const std::vector<T>& plain(const Optionals<T>& values) {
  return values.values;
}
const auto& plain(const auto& values) { return values; }

void fill(const Api& api, void* vector, const auto& values, std::size_t first, std::size_t count,
          bool is_time) {
  void* data = api.vector_get_data(vector);
  using Values = std::remove_cvref_t<decltype(values)>;
  if constexpr (std::is_same_v<Values, std::vector<Uuid>>) {
    auto* out = static_cast<std::uint64_t*>(data);  // A 128-bit integer with its highest bit flipped.
    for (std::size_t row = 0; row < count; ++row) {
      out[2 * row] = values[first + row].low;
      out[2 * row + 1] = values[first + row].high ^ (std::uint64_t{1} << 63);
    }
  } else if constexpr (std::is_same_v<Values, Dictionary> || std::is_same_v<Values, Strings>) {
    for (std::size_t row = 0; row < count; ++row) {
      const std::string_view text = values[first + row];
      api.vector_assign_string_element_len(vector, row, text.data(), text.size());
    }
  } else if (is_time) {
    for (std::size_t row = 0; row < count; ++row)
      static_cast<std::int64_t*>(data)[row] = static_cast<std::int64_t>(values[first + row]) * 1'000'000;
  } else {
    std::memcpy(data, values.data() + first, count * sizeof(values[0]));
  }
}

template <typename Row>
Result<void> append(Database& store, const Batch<Row>& batch) {
  const Api& api = store.api;
  std::vector<void*> types;
  for_each_column<Row>([&](const auto& access) {
    types.push_back(api.create_logical_type(type_of(access.definition.contract_type).number));
  });
  void* chunk = api.create_data_chunk(types.data(), types.size());
  void* appender = nullptr;
  bool went_well = api.appender_create(store.connection, nullptr, "metrics", &appender) == 0;
  for (std::size_t first = 0; went_well && first < batch.size(); first += kChunkRows) {
    const std::size_t count = std::min(kChunkRows, batch.size() - first);
    api.data_chunk_reset(chunk);
    std::uint64_t column = 0;
    for_each_column<Row>([&](const auto& access) {
      fill(api, api.data_chunk_get_vector(chunk, column++), plain(batch.*access.batch), first, count,
           std::string_view(access.definition.contract_type) == "DateTime");
    });
    api.data_chunk_set_size(chunk, count);
    went_well = api.append_data_chunk(appender, chunk) == 0;
  }
  went_well = went_well && api.appender_flush(appender) == 0;
  const char* why = went_well || appender == nullptr ? "" : api.appender_error(appender);
  const std::string refusal = std::string("DuckDB's appender: ") + (why == nullptr ? "no reason" : why);
  api.appender_destroy(&appender);
  if (!went_well) return Error{ErrorKind::kRejected, refusal};
  return {};
}

template <typename Row>
std::string create_table() {
  std::string columns;
  for_each_column<Row>([&](const auto& access) {
    columns += (columns.empty() ? "" : ", ") + std::string(access.definition.name) + " " +
               type_of(access.definition.contract_type).name;
  });
  return "CREATE TABLE metrics (" + columns + ")";
}

std::string question(const Rows& rows) {
  const bool is_performance = std::holds_alternative<PerformanceBatch>(rows.batch);
  return std::string("SELECT ") +
         (is_performance
              ? "avg(latency_ms), quantile_cont(latency_ms, 0.95), quantile_cont(latency_ms, 0.99), "
                "avg(throughput_tokens_per_sec)"
              : "avg(gpu_utilization), max(gpu_utilization), avg(gpu_memory_used_mb), "
                "avg(cpu_utilization)") +
         ", count(*) FROM metrics WHERE customer_id = '" + rows.busiest_customer.to_string() + "' AND " +
         (is_performance ? "service_id" : "instance_id") + " = '" + rows.busiest + "' AND timestamp >= '" +
         format_engine_time(rows.range.begin) + "' AND timestamp < '" + format_engine_time(rows.range.end) +
         "'";
}

template <typename Row>
Result<void> insert(Database& store, const Batch<Row>& batch, Course& course) {
  OPTIINFRA_CHECK(store.query(create_table<Row>()));
  const double begin = clock_seconds(), cpu = cpu_seconds();
  OPTIINFRA_CHECK(append<Row>(store, batch));
  OPTIINFRA_CHECK(store.query("CHECKPOINT"));
  course.seconds = clock_seconds() - begin;
  course.cpu_seconds = cpu_seconds() - cpu;
  return {};
}

}  // namespace

Result<Course> run_duckdb(const std::string& library, const std::string& path, const Rows& rows,
                          int questions) {
  OPTIINFRA_TRY(const Api api, load(library));
  Database store{api};
  if (api.open(path.c_str(), &store.database) != 0 || api.connect(store.database, &store.connection) != 0)
    return Error{ErrorKind::kUnavailable, "DuckDB cannot open " + path};
  Course course;
  course.version = api.library_version();
  if (const auto* batch = std::get_if<PerformanceBatch>(&rows.batch))
    OPTIINFRA_CHECK(insert<PerformanceMetric>(store, *batch, course));
  else
    OPTIINFRA_CHECK(insert<ResourceMetric>(store, std::get<ResourceBatch>(rows.batch), course));
  for (int asked = 0; asked < questions; ++asked) {
    const double begin = clock_seconds();
    OPTIINFRA_TRY(course.answer, store.query(question(rows), 5));
    course.question_ms.push_back((clock_seconds() - begin) * 1e3);
  }
  course.bytes = static_cast<double>(std::filesystem::file_size(path));
  return course;
}

}  // namespace compare
