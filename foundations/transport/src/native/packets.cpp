#include "native/packets.hpp"

#include <unistd.h>

#include <array>

#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/type.hpp"

namespace optiinfra::native {
namespace {

constexpr std::string_view kClientName = "optiinfra";
constexpr std::uint64_t kVersionMajor = 0, kVersionMinor = 1, kVersionPatch = 0;
constexpr std::uint64_t kSettingIsImportant = 1, kSettingIsCustom = 2;
constexpr std::uint64_t kStageComplete = 2;

void kind(OutputBuffer& output, ClientPacket packet) { output.varint(static_cast<std::uint64_t>(packet)); }

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

void write_client_info(OutputBuffer& output) {
  constexpr std::uint8_t kInitialQuery = 1, kTcp = 1, kNoTrace = 0;
  output.number(kInitialQuery);
  output.text("");           // initial user: the one who logged in
  output.text("");           // initial query id
  output.text("0.0.0.0:0");  // initial address: the server knows it
  output.number(std::int64_t{0});
  output.number(kTcp);
  output.text("");  // user of the operating system: not the server's business
  static const std::string host = host_name();
  output.text(host);
  output.text(kClientName);
  output.varint(kVersionMajor);
  output.varint(kVersionMinor);
  output.varint(kRevision);
  output.text("");   // quota key
  output.varint(0);  // depth of distributed queries
  output.varint(kVersionPatch);
  output.number(kNoTrace);
  for (int i = 0; i < 3; ++i) output.varint(0);  // no parallel replicas
}

void write_settings(OutputBuffer& output, const std::vector<NamedValue>& settings, std::uint64_t flags) {
  for (const auto& [name, value] : settings) {
    output.text(name);
    output.varint(flags);
    output.text(value);
  }
}

/// A text as the server reads a custom setting back: in quotes.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

}  // namespace

void write_hello(OutputBuffer& output, const Login& login) {
  kind(output, ClientPacket::kHello);
  output.text(kClientName);
  output.varint(kVersionMajor);
  output.varint(kVersionMinor);
  output.varint(kRevision);
  output.text("");  // Database: the store's need not exist yet, and statements name it.
  output.text(login.user);
  output.text(login.password);
}

void write_quota_key(OutputBuffer& output) { output.text(""); }

void write_query(OutputBuffer& output, const QueryPacket& query) {
  kind(output, ClientPacket::kQuery);
  output.text(query.query_id);
  write_client_info(output);
  write_settings(output, query.own_settings, 0);
  write_settings(output, query.settings, kSettingIsImportant);
  output.text("");
  output.text("");  // secret between servers
  output.varint(kStageComplete);
  output.varint(query.compressed ? 1 : 0);
  output.text(query.sql);
  for (const auto& [name, value] : query.parameters) {
    output.text(name);
    output.varint(kSettingIsCustom);
    output.text(quoted(value));
  }
  output.text("");
}

void write_block_info(OutputBuffer& output) {
  output.varint(1);
  output.number(std::uint8_t{0});  // no overflow row
  output.varint(2);
  output.number(std::int32_t{-1});  // no bucket
  output.varint(0);
}

void read_block_info(InputBuffer& input) {
  while (!input.failure()) {
    switch (input.varint()) {
      case 0:
        return;
      case 1:
        input.number<std::uint8_t>();
        break;
      case 2:
        input.number<std::int32_t>();
        break;
      default:
        return input.fail(ErrorKind::kCorrupt, "a block has information of an unknown kind");
    }
  }
}

ServerHello read_hello(InputBuffer& input) {
  ServerHello hello;
  hello.name = input.text(kNameBytesMax, "the server's name");
  hello.version_major = input.varint();
  hello.version_minor = input.varint();
  hello.revision = input.varint();
  if (input.failure() || hello.revision < kRevision) return hello;
  input.text(kNameBytesMax, "the server's time zone");
  input.text(kNameBytesMax, "the server's display name");
  hello.version_patch = input.varint();
  return hello;
}

Exception read_exception(InputBuffer& input) {
  Exception exception;
  for (int depth = 0; !input.failure(); ++depth) {
    if (depth == kNestedExceptionsMax) {
      input.fail(ErrorKind::kTooLarge, "an exception is nested too deep");
      break;
    }
    const auto code = input.number<std::int32_t>();
    input.text(kNameBytesMax, "an exception's name");
    const std::string message(input.text(kExceptionBytesMax, "an exception's message"));
    input.text(kExceptionBytesMax, "an exception's stack trace");
    if (depth == 0) exception = {code, "Code: " + std::to_string(code) + ". " + message};
    if (input.number<std::uint8_t>() == 0) break;
  }
  return exception;
}

Progress read_progress(InputBuffer& input) {
  Progress progress;
  progress.rows_read = input.varint();
  progress.bytes_read = input.varint();
  input.varint();  // rows to read in all
  progress.rows_written = input.varint();
  input.varint();  // bytes written
  input.varint();  // nanoseconds so far
  return progress;
}

void skip_profile_info(InputBuffer& input) {
  for (int i = 0; i < 3; ++i) input.varint();  // rows, blocks, bytes
  input.number<std::uint8_t>();                // whether a limit was applied
  input.varint();                              // rows before it
  input.number<std::uint8_t>();                // whether they were counted
}

std::vector<std::string> read_heading(InputBuffer& input) {
  std::vector<std::string> names;
  const std::uint64_t columns = input.bounded(input.varint(), kBlockColumnsMax, "a column count");
  if (input.varint() != 0) input.fail(ErrorKind::kCorrupt, "rows came in a block that may only name columns");
  for (std::uint64_t i = 0; i < columns && !input.failure(); ++i) {
    names.emplace_back(input.text(kNameBytesMax, "a column name"));
    input.text(kTypeNameBytesMax, "a type name");
    if (input.number<std::uint8_t>() != 0)
      input.fail(ErrorKind::kCorrupt, "a column without rows has a serialization of its own");
  }
  return names;
}

}  // namespace optiinfra::native
