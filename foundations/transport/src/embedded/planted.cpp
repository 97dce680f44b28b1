#include "embedded/planted.hpp"

#include <strings.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

/// As the engine's lists of table functions, engines, disks and dictionary sources name them; a name stands
/// for all that begin with it. tests/access holds this against the lists of the engine that is in use.
constexpr std::string_view kReachOut[] = {"arrowflight",
                                          "arrowstream",
                                          "azure",
                                          "clickhouse",
                                          "cosn",
                                          "deltalake",
                                          "disk",
                                          "executable",
                                          "file",
                                          "gcs",
                                          "hdfs",
                                          "http",
                                          "hudi",
                                          "iceberg",
                                          "jdbc",
                                          "kafka",
                                          "library",
                                          "mongo",
                                          "mysql",
                                          "nats",
                                          "odbc",
                                          "oss",
                                          "paimon",
                                          "postgresql",
                                          "python",
                                          "rabbitmq",
                                          "redis",
                                          "remote",
                                          "s3",
                                          "sqlite",
                                          "url",
                                          "ytsaurus",
                                          "catboostevaluate",
                                          "cassandra",
                                          "keepermap",
                                          "embeddedrocksdb",
                                          "materializedpostgresql",
                                          "backup",
                                          "datalakecatalog",
                                          "queryrunner"};

bool is_word(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_';
}

bool begins_with(std::string_view word, std::string_view name) {
  return word.size() >= name.size() && ::strncasecmp(word.data(), name.data(), name.size()) == 0;
}

/// The end of the quoted text that begins at `at`: after its last quote.
std::size_t end_of_quoted(std::string_view sql, std::size_t at) {
  const char quote = sql[at];
  for (++at; at < sql.size() && sql[at] != quote; ++at) {
    if (sql[at] == '\\') ++at;
  }
  return std::min(at + 1, sql.size());
}

Result<std::string> read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return storage_error(path, "cannot read", errno);
  return std::move(text).str();
}

/// The name that a definition gives: of its file, in the database of its folder.
Error planted(const fs::path& path, const std::string& what) {
  return {ErrorKind::kIncompatible,
          what + " (" + path.string() +
              ") reads files or connects to other hosts, and would do so with this process's rights. A user "
              "of a server may have left it. Start 'optiinfra server' on the store, which prevents both, and "
              "remove it there with DROP or KILL MUTATION"};
}

Result<void> check_definition(const fs::path& path) {
  OPTIINFRA_TRY(const std::string sql, read(path));
  if (sql.starts_with("ATTACH VIEW") || !reaches_out(sql)) return {};
  return planted(path, "the definition of " + path.stem().string());
}

Result<void> check_file(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.ends_with(".sql")) return check_definition(path);
  if (!name.starts_with("mutation_") || !name.ends_with(".txt")) return {};
  OPTIINFRA_TRY(const std::string text, read(path));
  return reaches_out(text) ? Result<void>(planted(path, "an unfinished ALTER")) : Result<void>{};
}

/// Checks the files of `folder`, and of the folders below it, `depth` levels down.
Result<void> check_folder(const fs::path& folder, int depth) {
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    if (depth > 0 && entry->is_directory(code)) {
      OPTIINFRA_CHECK(check_folder(entry->path(), depth - 1));
    } else {
      OPTIINFRA_CHECK(check_file(entry->path()));
    }
  }
  return {};
}

}  // namespace

bool reaches_out(std::string_view sql) {
  for (std::size_t at = 0; at < sql.size();) {
    if (sql[at] == '\'') {
      at = end_of_quoted(sql, at);
      continue;
    }
    std::size_t end = at;
    while (end < sql.size() && is_word(sql[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    const std::string_view word = sql.substr(at, end - at);
    // The name may have quotes of its own: `file`(...).
    const std::size_t next = sql.find_first_not_of(" \t\r\n`\"", end);
    at = end;
    if (next == std::string_view::npos || sql[next] != '(') continue;
    if (std::any_of(std::begin(kReachOut), std::end(kReachOut),
                    [word](std::string_view name) { return begins_with(word, name); }))
      return true;
  }
  return false;
}

Result<void> expect_nothing_planted(const fs::path& engine_path) {
  OPTIINFRA_CHECK(check_folder(engine_path / "metadata", 0));
  // Tables' definitions lie in their database's folder, mutations in their table's: store/<3 digits>/<uuid>.
  return check_folder(engine_path / "store", 2);
}

}  // namespace optiinfra::embedded
