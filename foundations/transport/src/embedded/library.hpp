/// libchdb, loaded on first use. The package ships no header, so its C interface is declared here,
/// as chdb-core 26.7 documents it.
#pragma once

#include <cstddef>
#include <string>

#include "optiinfra/core/error.hpp"

extern "C" {
struct chdb_connection_;
struct chdb_result;
using chdb_connection = chdb_connection_*;
using chdb_insert_stream = void*;
}

namespace optiinfra::embedded {

/// The functions of libchdb that are used. Valid for the rest of the process.
struct Library {
  chdb_connection* (*connect)(int argc, char** argv);
  void (*close_conn)(chdb_connection* connection);
  void (*set_signal_handlers_enabled)(int enabled);
  /// Boots an engine, runs the statements that the arguments name, and stops it. Once in a process.
  chdb_result* (*query_cmdline)(int argc, char** argv);
  chdb_result* (*query_with_params_n)(chdb_connection, const char* query, std::size_t, const char* format,
                                      std::size_t, const char* const* names, const std::size_t* name_sizes,
                                      const char* const* values, const std::size_t* value_sizes,
                                      std::size_t count);
  chdb_result* (*stream_query_with_params_n)(chdb_connection, const char* query, std::size_t,
                                             const char* format, std::size_t, const char* const* names,
                                             const std::size_t* name_sizes, const char* const* values,
                                             const std::size_t* value_sizes, std::size_t count);
  chdb_result* (*stream_fetch_result)(chdb_connection, chdb_result* stream);
  void (*stream_cancel_query)(chdb_connection, chdb_result* stream);
  chdb_insert_stream (*stream_insert_n)(chdb_connection, const char* query, std::size_t, const char* format,
                                        std::size_t);
  const char* (*stream_insert_error)(chdb_insert_stream);
  int (*stream_append)(chdb_insert_stream, const void* data, std::size_t);
  chdb_result* (*stream_done)(chdb_insert_stream);
  void (*stream_cancel_insert)(chdb_insert_stream);
  void (*destroy_insert_stream)(chdb_insert_stream);
  void (*destroy_query_result)(chdb_result*);
  char* (*result_buffer)(chdb_result*);
  std::size_t (*result_length)(chdb_result*);
  const char* (*result_error)(chdb_result*);
  std::size_t (*result_rows_written)(chdb_result*);
  std::size_t (*result_storage_rows_read)(chdb_result*);
  std::size_t (*result_storage_bytes_read)(chdb_result*);

  /// Loads the library once per process. Looks at OPTIINFRA_LIBCHDB, then in the program's folder
  /// (../lib, ../lib/optiinfra), then where the loader looks, which is the program's run path first: the
  /// installed package sets it to its prefix; then where an installation puts it (/usr/local/lib/optiinfra,
  /// /usr/lib/optiinfra).
  /// Errors: kUnavailable that lists what was tried and how to get the library.
  static Result<const Library*> load();
};

}  // namespace optiinfra::embedded
