/// The context of every command: the global flags, the output, and the store.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "exit_code.hpp"
#include "optiinfra/api/api_store.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/url.hpp"
#include "output/reports.hpp"
#include "output/screen.hpp"
#include "output/terminal.hpp"

namespace optiinfra::cli {

enum class OutputFormat { kTable, kJson, kCsv };

struct Context {
  std::string url;  ///< As given; empty for the store that the environment names.
  OutputFormat output = OutputFormat::kTable;
  bool quiet = false;
  Terminal screen_terminal;   ///< Of standard output.
  Terminal console_terminal;  ///< Of standard error.
  Screen screen{1};

  /// Where the store is: --url, else what the environment names (store_url_of_environment). Errors:
  /// kInvalidArgument for an API, which is no store to be opened.
  Result<StoreUrl> store_url() const;

  /// The API to ask instead of opening a store: --url names one (api://), or a running server holds the
  /// embedded store. Nothing for a store that is to be opened here.
  Result<std::optional<api::ApiStore>> api() const;

  /// Opens the store. `create` makes it, and brings an older one up to date.
  Result<Client> open(bool create) const;

  /// Opens a store that is there to free space, on a full disk too.
  Result<Client> open_to_free_space() const;

  /// Writes an answer in the format asked for.
  Result<void> answer(const Report& report);

  /// An error on standard error, as JSON where answers are JSON.
  void complain(const Error& error) const;
  void complain(std::string_view kind, const std::string& message, int server_code,
                std::string_view query_id = {}) const;

  /// Says that the store has not what was asked about; the exit code says it, too.
  ExitCode not_found(const std::string& sentence) const;

  /// A sentence for people on standard error. Nothing with --quiet.
  void remark(const std::string& sentence) const;

 private:
  /// As it was given, in a flag or in OPTIINFRA_URL.
  std::string named_url() const;
};

/// What a command line asks for, ready to run. A command must close what it opens before it returns.
using Action = std::function<Result<ExitCode>(Context&)>;

/// The time since it was made.
class Stopwatch {
 public:
  std::chrono::duration<double> elapsed() const { return std::chrono::steady_clock::now() - begin_; }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace optiinfra::cli
