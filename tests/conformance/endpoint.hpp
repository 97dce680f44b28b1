/// The kinds of store that one suite holds to one contract (session.hpp), and what each can do.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "optiinfra/transport/url.hpp"

namespace optiinfra::testing {

/// What differs between sessions by their nature. A case that meets an absent capability asserts what the
/// transport does instead; none is left out.
struct Capabilities {
  /// Whether it is a server. Otherwise it is a folder, which this process holds.
  bool server = true;
  bool tls = false;
  /// Whether text comes in every format of the engine. Otherwise only in formats of rows, such as CSV and
  /// JSONEachRow.
  bool every_format = true;
  /// CREATE TEMPORARY TABLE lasts as long as the session. Else it is gone with its statement.
  bool temporary_tables = true;
  /// Bytes of one parameter's text: over HTTP it is a field of a form, which a server bounds.
  std::size_t parameter_bytes_max = std::size_t{1} << 30;
};

struct EndpointKind {
  const char* name;
  Protocol protocol;
  Compression compression;
  Capabilities can;
};

/// GoogleTest's name for it, the same in every run.
inline void PrintTo(const EndpointKind& kind, std::ostream* out) { *out << kind.name; }
inline std::string name_of(const ::testing::TestParamInfo<EndpointKind>& kind) { return kind.param.name; }

const std::vector<EndpointKind>& all_endpoints();
std::vector<EndpointKind> server_endpoints();
std::vector<EndpointKind> tls_endpoints();
std::vector<EndpointKind> endpoints_named(const std::vector<std::string>& names);

inline bool speaks_http(const EndpointKind& kind) {
  return kind.protocol == Protocol::kHttp || kind.protocol == Protocol::kHttps;
}

/// A new store of `kind` that nobody else uses: of an embedded one a folder, of a server one database.
/// Lasts as long as this process.
StoreUrl new_store(const EndpointKind& kind);

}  // namespace optiinfra::testing
