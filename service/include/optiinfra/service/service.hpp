/// @file optiinfra/service/service.hpp
/// The front door of a store: an HTTP API through which many programs insert and ask at the same time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::service {

struct ServiceOptions {
  std::string listen = "127.0.0.1";  ///< An IP address.
  std::uint16_t port = 7070;         ///< 0: a free one.
  /// Where the service keeps its spool and its tokens; made when absent.
  std::filesystem::path folder = {};
  /// Names by which clients reach it, in addition to IP addresses, localhost and this machine's own name.
  std::vector<std::string> host_names = {};
  std::size_t connections_max = 1024;
  /// A certificate with its chain and its key, in PEM; both or neither.
  std::string certificate_file = {}, key_file = {};
  /// Whether this machine's own programs need a token, too; others always do.
  bool is_token_needed = false;
  /// Serves an address that other machines reach without TLS: tokens travel in the clear.
  bool is_insecure_allowed = false;
};

/// Threads: the object alone, but for stop(), which any may call once start() has returned.
class Service {
 public:
  /// Opens the port; clients that connect wait until start(). Errors: kInvalidArgument for options that
  /// contradict each other, kUnavailable for a port that is taken.
  static Result<Service> listen(const ServiceOptions& options);

  ~Service();
  Service(Service&&) noexcept;
  Service& operator=(Service&&) noexcept;

  /// "127.0.0.1:7070".
  std::string address() const;

  /// Opens the store, and the spool, whose rows of an earlier run are stored in the background; then answers.
  /// With `why_only_reading`, or when the spool's disk refuses writes, the service answers questions only;
  /// inserts fail with that reason, and nothing is written. Errors: those of Client::open and Writer::open.
  Result<void> start(const StoreUrl& store, const std::string& why_only_reading = {});

  /// Answers what is there for up to `grace`, then stores what was taken, for as long again. What is not
  /// stored by then lies in the spool, and the next run stores it: nothing that was acknowledged is lost.
  void stop(std::chrono::milliseconds grace);

 private:
  class State;
  explicit Service(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::service
