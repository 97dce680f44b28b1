/// One connection that speaks the native protocol: packets out, packets in, each within a deadline.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/packets.hpp"
#include "optiinfra/codec/block.hpp"
#include "socket/channel.hpp"

namespace optiinfra::native {

/// How long a server has to answer a Cancel before its connection is dropped. A call whose budget is over
/// ends this much later at the latest.
inline constexpr std::chrono::milliseconds kCancelGrace{500};

/// What a packet brought; which members mean something depends on `kind`.
struct Packet {
  ServerPacket kind = ServerPacket::kEndOfStream;
  Block block;                       ///< Data.
  std::vector<std::string> heading;  ///< Data, when it was asked for as a heading.
  Exception exception;               ///< Exception.
};

/// Threads: one at a time. Errors: kUnavailable when the connection broke, kTimeout, kCorrupt and kTooLarge
/// for what no server may send, kInvalidArgument for a type without a layout here. After any of them the
/// connection is of no more use, and the error says so.
class Connection {
 public:
  /// Greets the server. Errors: kRejected when it refuses the user, kIncompatible for one too old; also those
  /// of the class.
  static Result<std::unique_ptr<Connection>> open(std::unique_ptr<net::Channel> channel, std::string name,
                                                  const Login& login, Compression compression,
                                                  net::Deadline deadline);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  const std::string& name() const noexcept { return name_; }
  const ServerHello& server() const noexcept { return server_; }
  Compression compression() const noexcept { return compression_; }

  /// Whether a query may be sent: nothing is under way, and the server has neither left nor said anything
  /// unasked. After an exception the server is asked, since it closes the connection after some.
  bool is_ready(net::Deadline deadline);

  /// Sends a query, with nothing after it, and begins to count `totals`.
  Result<void> send_query(const QueryPacket& query, net::Deadline deadline);

  /// Sends one block under the name of `table`, "" for the block of an insert. While it is sent, an exception
  /// of the server is noticed: early_exception() then.
  Result<void> send_block(std::string_view table, const Block& block);

  /// Reads the next packet of the answer. `heading`: a Data packet must hold no rows, and its types do not
  /// matter. When the deadline passes here, the query is cancelled and the server has kCancelGrace more to
  /// end it.
  enum class Expect { kBlock, kHeading };
  Result<void> receive(Packet& packet, Expect expect = Expect::kBlock);

  /// Asks the server to stop; what is still under way is read by the caller, within kCancelGrace.
  Result<void> cancel();

  /// The deadline passed, and the answer now being read is that to a Cancel.
  bool is_overdue() const noexcept { return overdue_; }
  /// Whether it is the caller who ended the call, and not its time budget.
  bool is_stopped() const noexcept { return stopped_; }
  const std::optional<Exception>& early_exception() const noexcept { return early_exception_; }
  const Progress& totals() const noexcept { return totals_; }

 private:
  Connection(std::unique_ptr<net::Channel> channel, std::string name, Compression compression);
  Result<void> greet(const Login& login, net::Deadline deadline);
  Result<std::size_t> fill(std::span<std::byte> into);
  Result<void> send(std::span<const std::byte> bytes);
  Result<void> notice_early_packets();
  bool try_cancel();
  bool answers_ping(net::Deadline deadline);
  Error failed(Error error) const;
  Result<void> read_body(Packet& packet, Expect expect);
  void read_data(Packet& packet, Expect expect);
  void read_block(Block& block, InputBuffer& input);
  void begin(net::Deadline deadline);
  Error overdue(const char* what) const;

  std::unique_ptr<net::Channel> channel_;
  const std::string name_;
  const Compression compression_;
  ServerHello server_;
  net::Deadline deadline_{net::Deadline::Clock::time_point{}};
  bool idle_ = false;
  bool doubtful_ = false;     ///< The last answer was an exception.
  bool cancellable_ = false;  ///< A query is under way, and all that was to be sent is sent.
  bool cancelled_ = false;
  bool overdue_ = false, stopped_ = false;
  bool sending_data_ = false;
  std::optional<Exception> early_exception_;
  std::vector<std::byte> staged_;  ///< Received while sending, not yet taken by input_.
  Progress totals_;
  InputBuffer input_;
  OutputBuffer output_;
  struct Frames;  ///< Compressed blocks; absent without compression.
  std::unique_ptr<Frames> frames_;
};

}  // namespace optiinfra::native
