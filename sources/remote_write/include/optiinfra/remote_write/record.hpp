/// @file optiinfra/remote_write/record.hpp
/// What a receiver of remote write keeps on disk: requests until no later row needs them, and the time until
/// which readings were made of them.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/remote_write/gather.hpp"

namespace optiinfra::remote_write {

struct RemoteWriteRecord {
  exposition::sys_milliseconds time{}, clock{};  ///< As in RemoteWriteArrival.
  RemoteWriteProtocol protocol = RemoteWriteProtocol::kV1;
  std::string_view encoding;  ///< Its Content-Encoding.
  RemoteWriteOrigin origin = {};
  std::string_view body;  ///< As it came. Empty: readings were made at `time`, and this is no request.

  bool is_request() const { return !body.empty(); }
};

std::string remote_write_record_text(const RemoteWriteRecord& record);

/// Views of the result lie in `text`. Errors: kCorrupt.
Result<RemoteWriteRecord> parse_remote_write_record(std::string_view text);

}  // namespace optiinfra::remote_write
