#include "native/connection.hpp"

#include "engine_error.hpp"
#include "optiinfra/codec/native.hpp"

namespace optiinfra::native {
namespace {

constexpr std::size_t kStagedBytes = 4096;
constexpr std::chrono::milliseconds kPingTimeout{2'000};
constexpr std::string_view kOtherPort =
    "; is this the port of the native protocol (9000)? HTTP's is 8123 and takes http://, TLS takes "
    "clickhouses://";

Error server_left() {
  return {ErrorKind::kUnavailable, "the server closed the connection", Applied::kNo, false};
}

bool is_known(std::uint64_t kind) {
  switch (static_cast<ServerPacket>(kind)) {
    case ServerPacket::kData:
    case ServerPacket::kException:
    case ServerPacket::kProgress:
    case ServerPacket::kPong:
    case ServerPacket::kEndOfStream:
    case ServerPacket::kProfileInfo:
    case ServerPacket::kTotals:
    case ServerPacket::kExtremes:
    case ServerPacket::kLog:
    case ServerPacket::kTableColumns:
    case ServerPacket::kProfileEvents:
    case ServerPacket::kTimezoneUpdate:
      return true;
    case ServerPacket::kHello:
      break;
  }
  return false;
}

/// What the query has written since the last such packet, into all tables. The packets of progress do not
/// count it for an insert.
std::uint64_t rows_written_of(const Block& events) {
  const Column *names = events.find("name"), *values = events.find("value");
  const auto* name = names == nullptr ? nullptr : std::get_if<Strings>(&names->data);
  const auto* value = values == nullptr ? nullptr : std::get_if<std::vector<std::int64_t>>(&values->data);
  std::uint64_t rows = 0;
  for (std::size_t i = 0; name != nullptr && value != nullptr && i < events.row_count(); ++i)
    if ((*name)[i] == "InsertedRows" && (*value)[i] > 0) rows += static_cast<std::uint64_t>((*value)[i]);
  return rows;
}

}  // namespace

struct Connection::Frames {
  Frames(InputBuffer& input, OutputBuffer& output, Compression compression)
      : reader(input),
        blocks([this](std::span<std::byte> into) { return reader.read(into); }, "compressed block"),
        writer(compression, [&output](std::span<const std::byte> bytes) -> Result<void> {
          output.raw(bytes.data(), bytes.size());
          return output.flush();
        }) {}
  FrameReader reader;
  InputBuffer blocks;
  FrameWriter writer;
};

Connection::Connection(std::unique_ptr<net::Channel> channel, std::string name, Compression compression)
    : channel_(std::move(channel)),
      name_(std::move(name)),
      compression_(compression),
      input_([this](std::span<std::byte> into) { return fill(into); }, "answer"),
      output_([this](std::span<const std::byte> bytes) { return send(bytes); }) {
  if (compression_ != Compression::kNone) frames_ = std::make_unique<Frames>(input_, output_, compression_);
}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(std::unique_ptr<net::Channel> channel, std::string name,
                                                     const Login& login, Compression compression,
                                                     net::Deadline deadline) {
  std::unique_ptr<Connection> connection(new Connection(std::move(channel), std::move(name), compression));
  OPTIINFRA_CHECK(connection->greet(login, deadline));
  return connection;
}

Result<void> Connection::greet(const Login& login, net::Deadline deadline) {
  begin(deadline);
  write_hello(output_, login);
  if (auto sent = output_.flush(); !sent) return failed(std::move(sent).error());
  const std::uint64_t kind = input_.varint();
  if (!input_.failure() && kind == static_cast<std::uint64_t>(ServerPacket::kException)) {
    const Exception exception = read_exception(input_);
    if (!input_.failure()) {
      Error error = failed({ErrorKind::kRejected, "the server refuses the connection: " + exception.text +
                                                      std::string(login_advice(exception.code))});
      error.server_code = exception.code;
      return error;
    }
  }
  if (!input_.failure() && kind != static_cast<std::uint64_t>(ServerPacket::kHello))
    input_.fail(ErrorKind::kCorrupt, "no greeting of a ClickHouse server" + std::string(kOtherPort));
  server_ = read_hello(input_);
  if (input_.failure()) {
    Error error = failed(*input_.failure());
    if (error.kind == ErrorKind::kUnavailable)
      error.message += " during the greeting" + std::string(kOtherPort);
    return error;
  }
  if (server_.revision < kRevision) {
    return failed(
        {ErrorKind::kIncompatible, "the server is too old: it speaks revision " +
                                       std::to_string(server_.revision) + " of the protocol, and at least " +
                                       std::to_string(kRevision) + " (ClickHouse 22.10) is needed"});
  }
  write_quota_key(output_);
  if (auto sent = output_.flush(); !sent) return failed(std::move(sent).error());
  idle_ = true;
  return {};
}

void Connection::begin(net::Deadline deadline) {
  deadline_ = deadline;
  idle_ = cancellable_ = cancelled_ = overdue_ = stopped_ = sending_data_ = false;
  early_exception_.reset();
  totals_ = {};
}

bool Connection::is_ready(net::Deadline deadline) {
  if (!idle_ || input_.failure() || input_.buffered_bytes() > 0) return false;
  std::byte unasked{};
  const auto received = channel_->try_receive({&unasked, 1});
  idle_ = received && received->bytes == 0 && !received->ended;
  return idle_ && (!doubtful_ || answers_ping(deadline));
}

bool Connection::answers_ping(net::Deadline deadline) {
  begin(sooner(deadline, net::Deadline::after(kPingTimeout)));
  output_.varint(static_cast<std::uint64_t>(ClientPacket::kPing));
  if (!output_.flush()) return false;
  Packet packet;
  if (!receive(packet) || packet.kind != ServerPacket::kPong) return false;
  doubtful_ = false;
  return idle_ = true;
}

Result<void> Connection::send_query(const QueryPacket& query, net::Deadline deadline) {
  begin(deadline);
  write_query(output_, query);
  return {};
}

Result<void> Connection::send_block(std::string_view table, const Block& block) {
  cancellable_ = false;
  output_.varint(static_cast<std::uint64_t>(ClientPacket::kData));
  output_.text(table);
  sending_data_ = !block.empty();
  if (frames_) {
    OutputBuffer framed([this](std::span<const std::byte> bytes) { return frames_->writer.write(bytes); });
    write_block_info(framed);
    write_native(block, framed, NativeForm::kProtocol);
    if (framed.flush()) (void)frames_->writer.flush().has_value();
  } else {
    write_block_info(output_);
    write_native(block, output_, NativeForm::kProtocol);
  }
  auto sent = output_.flush();
  sending_data_ = false;
  if (!sent) return failed(std::move(sent).error());
  cancellable_ = true;
  return {};
}

Result<void> Connection::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (deadline_.passed()) return overdue("it did not accept the request");
    auto sent = channel_->try_send(bytes);
    if (!sent) {
      // A server that refused may have said why before it closed.
      if (sending_data_) (void)notice_early_packets().has_value();
      return std::move(sent).error();
    }
    bytes = bytes.subspan(*sent);
    if (*sent > 0) continue;
    using For = net::Channel::For;
    OPTIINFRA_TRY(const bool ready, channel_->wait(sending_data_ ? For::kBoth : For::kSend, deadline_));
    if (ready && sending_data_) OPTIINFRA_CHECK(notice_early_packets());
  }
  return {};
}

Result<void> Connection::notice_early_packets() {
  staged_.resize(kStagedBytes);
  auto received = channel_->try_receive(staged_);
  staged_.resize(received ? received->bytes : 0);
  if (!received) return std::move(received).error();
  if (received->ended) return server_left();
  while (!staged_.empty() || input_.buffered_bytes() > 0) {
    Packet packet;
    OPTIINFRA_CHECK(receive(packet));
    if (packet.kind != ServerPacket::kException) continue;
    early_exception_ = std::move(packet.exception);
    return server_left();
  }
  return {};
}

Result<std::size_t> Connection::fill(std::span<std::byte> into) {
  if (!staged_.empty()) {
    const std::size_t step = std::min(into.size(), staged_.size());
    std::copy_n(staged_.begin(), step, into.begin());
    staged_.erase(staged_.begin(), staged_.begin() + static_cast<std::ptrdiff_t>(step));
    return step;
  }
  while (true) {
    if (deadline_.passed() && !try_cancel()) return overdue("it did not answer");
    OPTIINFRA_TRY(const auto received, channel_->try_receive(into));
    if (received.ended) return server_left();
    if (received.bytes > 0) return received.bytes;
    OPTIINFRA_TRY(const bool ready, channel_->wait(net::Channel::For::kReceive, deadline_));
    (void)ready;  // When it is not, the deadline has passed.
  }
}

bool Connection::try_cancel() {
  if (!cancellable_ || cancelled_) return false;
  overdue_ = true;
  stopped_ = deadline_.is_stopped();
  return cancel().has_value();
}

Result<void> Connection::cancel() {
  const auto packet = static_cast<std::byte>(ClientPacket::kCancel);
  cancelled_ = true;
  OPTIINFRA_TRY(const std::size_t sent, channel_->try_send({&packet, 1}));
  if (sent == 0) return overdue("it did not accept the request to cancel");
  deadline_ =
      overdue_ ? net::Deadline::after(kCancelGrace) : sooner(net::Deadline::after(kCancelGrace), deadline_);
  return {};
}

Result<void> Connection::receive(Packet& packet, Expect expect) {
  if (auto read = read_body(packet, expect); !read) return failed(std::move(read).error());
  return {};
}

Result<void> Connection::read_body(Packet& packet, Expect expect) {
  const std::uint64_t kind = input_.varint();
  if (!input_.failure() && !is_known(kind))
    input_.fail(ErrorKind::kCorrupt, "a packet of unknown kind " + std::to_string(kind));
  if (input_.failure()) return *input_.failure();
  packet.kind = static_cast<ServerPacket>(kind);
  switch (packet.kind) {
    case ServerPacket::kData:
    case ServerPacket::kTotals:
    case ServerPacket::kExtremes:
      read_data(packet, expect);
      break;
    case ServerPacket::kLog:
    case ServerPacket::kProfileEvents:
      input_.text(kNameBytesMax, "a table name");
      read_block(packet.block, input_);
      if (packet.kind == ServerPacket::kProfileEvents) totals_.rows_written += rows_written_of(packet.block);
      break;
    case ServerPacket::kException:
      packet.exception = read_exception(input_);
      idle_ = doubtful_ = true;
      break;
    case ServerPacket::kProgress: {
      const Progress step = read_progress(input_);
      totals_.rows_read += step.rows_read;
      totals_.bytes_read += step.bytes_read;
      break;
    }
    case ServerPacket::kProfileInfo:
      skip_profile_info(input_);
      break;
    case ServerPacket::kTableColumns:
      input_.text(kNameBytesMax, "a table name");
      input_.text(kExceptionBytesMax, "a table's columns");
      break;
    case ServerPacket::kTimezoneUpdate:
      input_.text(kNameBytesMax, "a time zone");
      break;
    case ServerPacket::kEndOfStream:
      idle_ = true;
      break;
    case ServerPacket::kPong:
    case ServerPacket::kHello:
      break;
  }
  if (input_.failure()) return *input_.failure();
  return {};
}

void Connection::read_data(Packet& packet, Expect expect) {
  input_.text(kNameBytesMax, "a table name");
  if (input_.failure()) return;
  InputBuffer& input = frames_ ? frames_->blocks : input_;
  if (expect == Expect::kHeading && packet.kind == ServerPacket::kData) {
    read_block_info(input);
    packet.heading = read_heading(input);
  } else {
    read_block(packet.block, input);
  }
  if (!frames_ || input_.failure()) return;
  if (const auto& failure = input.failure()) return input_.fail(failure->kind, failure->message);
  if (input.buffered_bytes() > 0) input_.fail(ErrorKind::kCorrupt, "a block ends before its frame does");
}

void Connection::read_block(Block& block, InputBuffer& input) {
  read_block_info(input);
  if (input.failure()) return;
  NativeReader reader(input, NativeForm::kProtocol);
  const auto read = reader.next(block);
  if (read && !*read) input.fail(ErrorKind::kCorrupt, "the answer ends before a block");
}

Error Connection::overdue(const char* what) const {
  if (stopped_ || deadline_.is_stopped())
    return {ErrorKind::kCancelled, "the caller stopped the call", Applied::kNo, false};
  return {ErrorKind::kTimeout, std::string(what) + " within the call's time budget", Applied::kNo, false};
}

Error Connection::failed(Error error) const {
  error = with_context(std::move(error), name_);
  error.connection_usable = false;
  return error;
}

}  // namespace optiinfra::native
