/// @file optiinfra/agent/outbox.hpp
/// Rows on their way to a service, on this machine's disk until the service has them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/api/api_store.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::agent {

inline constexpr std::uint64_t kOutboxBytesMin = std::uint64_t{64} << 20;
/// Most bytes of one request's rows.
inline constexpr std::uint64_t kOutboxRequestBytesMax = std::uint64_t{30} << 20;

struct OutboxOptions {
  std::filesystem::path
      folder;  ///< Created when absent (its parent must exist); used by one outbox at a time.
  /// Most disk space, at least kOutboxBytesMin. When it is reached, put() is refused until the service took
  /// some.
  std::uint64_t bytes_max = std::uint64_t{2} << 30;
};

struct OutboxCounts {
  std::uint64_t requests_waiting = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t rows_sent = 0;  ///< That the service has, since open(); those that it had before included.
  std::uint64_t rows_refused =
      0;  ///< That it does not take: they break a rule, or the token may not write them.
};

/// Sends requests in the order in which they were put, in a thread of its own, each until the service has it.
/// The service recognizes a request by its key and the name of the token, so that one that is sent again
/// counts once. Rows are dropped when the service itself says that it can never take them, and for no other
/// answer (ApiStore::send_rows).
///
/// Threads: put(), counts() and take_remarks() from any; close() once.
class Outbox {
 public:
  /// Requests of an earlier outbox are sent first. The service may be away. Errors: those of a spool:
  /// kUnavailable when another process has the folder, kStorage, kInvalidArgument.
  static Result<std::unique_ptr<Outbox>> open(const OutboxOptions& options, api::ApiStore store);

  /// Stops soon. What was not sent waits for the next outbox of the folder.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Takes rows of a family as JSON lines. When it returns they are on the disk, synced. Errors, with nothing
  /// taken: kUnavailable while the box is full; kStorage; kTooLarge above kOutboxRequestBytesMax. After an
  /// error of the disk they may be there all the same: put them again with the same key.
  Result<void> put(Family family, const Uuid& key, std::string_view lines);

  OutboxCounts counts() const;

  /// What happened since the last call that people should know, a sentence each.
  std::vector<std::string> take_remarks();

  /// Sends what is left, for up to `patience`, and stops. Errors: kStorage; what is not sent waits on the
  /// disk.
  Result<void> close(std::chrono::milliseconds patience);

 private:
  class State;
  explicit Outbox(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::agent
