/// Parses the head of an answer. Header lines come from the network: nothing here trusts them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace optiinfra::http {

/// The longest exception tag that is taken for one; the server's has 16 letters.
inline constexpr std::size_t kExceptionTagBytesMax = 64;

/// The longest value of a header that is kept. Longer ones count as absent.
inline constexpr std::size_t kHeaderValueBytesMax = 4096;

/// Headers of our own services, "OptiInfra-...", that are kept; further ones are ignored.
inline constexpr std::size_t kOwnHeadersMax = 16;

/// Counters of X-ClickHouse-Summary; 0 where it says nothing.
struct Summary {
  std::uint64_t rows_read = 0, bytes_read = 0, rows_written = 0;
};

/// Reads {"read_rows":"1","read_bytes":"4",...}. What is not understood is 0.
Summary parse_summary(std::string_view json);

/// The status and those headers that matter here. Names of headers are matched in any case.
class AnswerHead {
 public:
  /// Takes one line with or without its end. The line of another status starts a new head, as after
  /// "100 Continue". Lines after the empty one (trailers) are ignored.
  void take_line(std::string_view line);

  /// Whether the empty line after a final status has come.
  bool complete() const noexcept { return complete_; }

  int status() const noexcept { return status_; }
  const std::string& query_id() const noexcept { return query_id_; }
  const std::string& format() const noexcept { return format_; }
  int exception_code() const noexcept { return exception_code_; }
  /// Marks an exception after the head; empty when the server announces none.
  const std::string& exception_tag() const noexcept { return exception_tag_; }
  const Summary& summary() const noexcept { return summary_; }
  /// Whether the body is encoded in a way that nobody asked for.
  bool encoded() const noexcept { return encoded_; }
  /// Those whose names begin with "optiinfra-", in lower case, and their values.
  const std::vector<std::pair<std::string, std::string>>& own_headers() const noexcept {
    return own_headers_;
  }
  /// How long the server keeps an idle connection.
  std::optional<std::chrono::seconds> keep_alive() const noexcept { return keep_alive_; }

 private:
  void take_header(std::string_view name, std::string_view value);

  bool complete_ = false, encoded_ = false;
  int status_ = 0, exception_code_ = 0;
  std::string query_id_, format_, exception_tag_;
  Summary summary_;
  std::vector<std::pair<std::string, std::string>> own_headers_;
  std::optional<std::chrono::seconds> keep_alive_;
};

}  // namespace optiinfra::http
