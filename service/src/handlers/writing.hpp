/// What all routes that take rows share.
#pragma once

#include <string_view>

#include "optiinfra/client/names.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "routes.hpp"

namespace optiinfra::service {

/// How long a sender waits for the sync of a busy disk, and for the store to store rows.
inline constexpr std::chrono::seconds kSpooledTime{10}, kStoredTime{30};

/// The media type of the body, without its parameters.
std::string_view media_type(const Request& request);

/// Identifies a repeated request: by the sender and `what` it sends, and by the key that the sender gave or
/// else by the content.
spool::RequestKey key_of(const Call& call, std::string_view what, std::string_view body);

/// Keeps what became of a request's rejected rows for people who look later; the samples need an index,
/// column and reason alone.
void keep_rejected(const Call& call, std::vector<RejectedSample> samples);

/// Finds the ids of names in rows. Reads the names with the first one.
class NamesInRows {
 public:
  explicit NamesInRows(const Call& call) : call_(call) {}

  /// nullopt when `column` has no ids of a named kind, and when `text` is no name.
  std::optional<Uuid> operator()(std::string_view column, std::string_view text);

 private:
  const Call& call_;
  std::optional<Names> names_;
};

}  // namespace optiinfra::service
