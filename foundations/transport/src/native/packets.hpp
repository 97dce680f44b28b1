/// The packets of ClickHouse's native protocol at one revision, without any I/O of their own
/// (docs/formats/native_protocol.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/codec/compression.hpp"
#include "optiinfra/codec/input_buffer.hpp"
#include "optiinfra/codec/output_buffer.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::native {

/// The revision that is spoken: servers since 22.10 know it, and newer ones speak it when asked.
inline constexpr std::uint64_t kRevision = 54460;

/// Limits on what a server may send, checked before memory is taken.
inline constexpr std::uint64_t kNameBytesMax = 4096;
inline constexpr std::uint64_t kExceptionBytesMax = std::uint64_t{1} << 20;
inline constexpr int kNestedExceptionsMax = 16;

enum class ClientPacket : std::uint8_t { kHello = 0, kQuery = 1, kData = 2, kCancel = 3, kPing = 4 };

enum class ServerPacket : std::uint64_t {
  kHello = 0,
  kData = 1,
  kException = 2,
  kProgress = 3,
  kPong = 4,
  kEndOfStream = 5,
  kProfileInfo = 6,
  kTotals = 7,
  kExtremes = 8,
  kLog = 10,
  kTableColumns = 11,
  kProfileEvents = 14,
  kTimezoneUpdate = 17,
};

struct Login {
  std::string user;
  std::string password;
};

struct QueryPacket {
  std::string_view sql;
  /// Settings of ours, which a server that does not know them ignores.
  std::vector<NamedValue> own_settings = {};
  /// Settings of the caller, which a server that does not know them refuses.
  std::vector<NamedValue> settings = {};
  std::vector<NamedValue> parameters = {};  ///< As parameter_text() gives them.
  std::string_view query_id = {};           ///< Empty: the server chooses one.
  bool compressed = false;                  ///< Blocks, in both directions.
};

struct ServerHello {
  std::string name;
  std::uint64_t version_major = 0, version_minor = 0, version_patch = 0;
  std::uint64_t revision = 0;
};

struct Exception {
  int code = 0;
  std::string text;  ///< "Code: 60. DB::Exception: ..."
};

struct Progress {
  std::uint64_t rows_read = 0, bytes_read = 0, rows_written = 0;
};

void write_hello(OutputBuffer& output, const Login& login);
void write_quota_key(OutputBuffer& output);
void write_query(OutputBuffer& output, const QueryPacket& query);

/// What stands before a block inside its frame, and what is read there.
void write_block_info(OutputBuffer& output);
void read_block_info(InputBuffer& input);

/// The bodies of packets, after their kind. After a failure of `input` what they return means nothing.
ServerHello read_hello(InputBuffer& input);
Exception read_exception(InputBuffer& input);
Progress read_progress(InputBuffer& input);
void skip_profile_info(InputBuffer& input);

/// Names of the columns of a block without rows, whatever their types; fails for one with rows.
std::vector<std::string> read_heading(InputBuffer& input);

}  // namespace optiinfra::native
