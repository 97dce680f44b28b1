// Servers that break the native protocol, or break off, at every point of it: always an error, in time.
#include <gtest/gtest.h>

#include "native/packets.hpp"
#include "native/session.hpp"
#include "optiinfra/codec/native.hpp"
#include "optiinfra/transport/connector.hpp"
#include "scripted_server.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
using native::ServerPacket;
using testing::bytes_of;
using testing::Peer;
using testing::ScriptedServer;

constexpr auto kPatience = 5s;

std::string packet(ServerPacket kind, const std::function<void(OutputBuffer&)>& body = [](OutputBuffer&) {}) {
  return bytes_of([&](OutputBuffer& output) {
    output.varint(static_cast<std::uint64_t>(kind));
    body(output);
  });
}

std::string hello(std::uint64_t revision = native::kRevision) {
  return packet(ServerPacket::kHello, [&](OutputBuffer& output) {
    output.text("ClickHouse");
    output.varint(26);
    output.varint(7);
    output.varint(revision);
    output.text("UTC");
    output.text("display");
    output.varint(1);
  });
}

std::string exception(int code, const std::string& message) {
  return packet(ServerPacket::kException, [&](OutputBuffer& output) {
    output.number(static_cast<std::int32_t>(code));
    output.text("DB::Exception");
    output.text("DB::Exception: " + message);
    output.text("");
    output.number(std::uint8_t{0});
  });
}

std::string data(const Block& block) {
  return packet(ServerPacket::kData, [&](OutputBuffer& output) {
    output.text("");
    native::write_block_info(output);
    write_native(block, output, NativeForm::kProtocol);
  });
}

Block numbers(std::size_t rows) {
  Block block;
  block.add({"a", "UInt32", std::vector<std::uint32_t>(rows, 7)});
  return block;
}

/// Greets, then plays `script` with the query that came.
std::function<void(const Peer&)> after_greeting(std::function<void(const Peer&)> script) {
  return [script = std::move(script)](const Peer& peer) {
    peer.receive(20ms);
    peer.send(hello());
    script(peer);
  };
}

std::string url_of(const ScriptedServer& server, const std::string& scheme = "clickhouse") {
  return scheme + "://ada:geheim@127.0.0.1:" + std::to_string(server.port()) + "/x?compression=none";
}

Result<std::unique_ptr<Session>> open(const ScriptedServer& server) {
  OPTIINFRA_TRY(const auto connector, make_connector(url_of(server), IfAbsent::kFail));
  return connector->connect();
}

/// The error of connecting to a server that answers the greeting with `bytes` and closes.
Error greeted_with(const std::string& bytes) {
  ScriptedServer server([&](const Peer& peer) {
    peer.receive(20ms);
    peer.send(bytes);
  });
  const auto begin = std::chrono::steady_clock::now();
  auto session = open(server);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
  if (session) return Error{ErrorKind::kInvalidArgument, "connected"};
  EXPECT_FALSE(session.error().connection_usable);
  EXPECT_EQ(session.error().message.find("geheim"), std::string::npos) << session.error().message;
  EXPECT_NE(session.error().message.find("127.0.0.1:"), std::string::npos) << session.error().message;
  return session.error();
}

/// The error of a query whose answer is `bytes`, after which the server closes.
Error answered_with(const std::string& bytes, Block* got = nullptr) {
  ScriptedServer server(after_greeting([&](const Peer& peer) {
    peer.receive(10ms);
    peer.send(bytes);
  }));
  auto session = open(server);
  EXPECT_TRUE(session) << session.error().message;
  const auto begin = std::chrono::steady_clock::now();
  const auto summary = (*session)->query({.sql = "SELECT 1"}, [&](const Block&) {
    if (got != nullptr) got->add({"seen", "UInt8", std::vector<std::uint8_t>{1}});
    return true;
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
  return summary ? Error{ErrorKind::kInvalidArgument, "succeeded"} : summary.error();
}

TEST(Greeting, ThatIsNoneOfClickHouseSaysWhichPortItMayBe) {
  for (const std::string& answer :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("\x15\x03\x01\x00\x02\x02\x28", 7)}) {
    const Error error = greeted_with(answer);
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << error.message;
    EXPECT_NE(error.message.find("8123"), std::string::npos) << error.message;
  }
  EXPECT_EQ(greeted_with("").kind, ErrorKind::kUnavailable);
}

TEST(Greeting, IsNeededWhole) {
  const std::string whole = hello();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Error error = greeted_with(whole.substr(0, size));
    EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << size << ": " << error.message;
  }
}

TEST(Greeting, OfAnOldServerIsRefused) {
  const Error error = greeted_with(hello(54459));
  EXPECT_EQ(error.kind, ErrorKind::kIncompatible) << error.message;
}

TEST(Greeting, MayBeARefusalOfTheUser) {
  const Error error = greeted_with(exception(516, "ada: Authentication failed"));
  EXPECT_EQ(error.kind, ErrorKind::kRejected);
  EXPECT_EQ(error.server_code, 516);
}

TEST(Greeting, WithAHugeSizeTakesNoMemory) {
  const Error error = greeted_with(bytes_of([](OutputBuffer& output) {
    output.varint(0);
    output.varint(std::uint64_t{1} << 40);
  }));
  EXPECT_EQ(error.kind, ErrorKind::kTooLarge) << error.message;
}

TEST(Greeting, ThatNeverComesEndsWithTheTimeForConnecting) {
  ScriptedServer server([](const Peer& peer) { peer.wait_for_end(); });
  const auto url = parse_store_url(url_of(server));
  ASSERT_TRUE(url);
  const auto store = native::Store::make(*url);
  ASSERT_TRUE(store);
  const auto begin = std::chrono::steady_clock::now();
  const auto made = (*store)->connect(net::Deadline::after(150ms));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kTimeout) << made.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1500ms);
}

TEST(Answer, WithAPacketOfUnknownKindIsCorrupt) {
  for (const std::uint64_t kind : {0, 9, 12, 13, 99}) {
    const Error error = answered_with(bytes_of([&](OutputBuffer& output) { output.varint(kind); }));
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << error.message;
    EXPECT_FALSE(error.connection_usable);
  }
}

TEST(Answer, IsNeededWhole) {
  const std::string whole = data(numbers(0)) + data(numbers(3)) +
                            packet(ServerPacket::kProgress,
                                   [](OutputBuffer& output) {
                                     for (int i = 0; i < 6; ++i) output.varint(300);
                                   }) +
                            packet(ServerPacket::kEndOfStream);
  EXPECT_EQ(answered_with(whole).message, "succeeded");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Error error = answered_with(whole.substr(0, size));
    EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << size << ": " << error.message;
    EXPECT_FALSE(error.connection_usable);
    EXPECT_EQ(error.applied, Applied::kUnknown);
  }
}

TEST(Answer, WithAHugeSizeTakesNoMemory) {
  const auto huge = std::uint64_t{1} << 50;
  const std::function<void(OutputBuffer&)> bodies[] = {
      [&](OutputBuffer& output) { output.varint(1), output.varint(huge); },
      [&](OutputBuffer& output) { output.varint(2), output.number(std::int32_t{1}), output.varint(huge); },
      [&](OutputBuffer& output) {
        output.varint(1), output.text(""), native::write_block_info(output), output.varint(huge);
      },
      [&](OutputBuffer& output) { output.varint(11), output.varint(huge); },
      [&](OutputBuffer& output) { output.varint(17), output.varint(huge); }};
  for (const auto& body : bodies) {
    const Error error = answered_with(bytes_of(body));
    EXPECT_EQ(error.kind, ErrorKind::kTooLarge) << error.message;
    EXPECT_FALSE(error.connection_usable);
  }
}

TEST(Answer, WithEndlesslyNestedExceptionsIsRefused) {
  const Error error = answered_with(bytes_of([](OutputBuffer& output) {
    output.varint(2);
    for (int i = 0; i < 1000; ++i) {
      output.number(std::int32_t{1});
      for (int text = 0; text < 3; ++text) output.text("x");
      output.number(std::uint8_t{1});
    }
  }));
  EXPECT_EQ(error.kind, ErrorKind::kTooLarge) << error.message;
}

TEST(Answer, ThatTricklesEndlesslyEndsWithTheBudget) {
  ScriptedServer server(after_greeting([&](const Peer& peer) {
    peer.receive();
    const std::string progress = packet(ServerPacket::kProgress, [](OutputBuffer& output) {
      for (int i = 0; i < 6; ++i) output.varint(0);
    });
    for (int i = 0; i < 200; ++i) {
      peer.send(progress);
      std::this_thread::sleep_for(5ms);
    }
  }));
  const auto session = open(server);
  ASSERT_TRUE(session) << session.error().message;
  const auto begin = std::chrono::steady_clock::now();
  const auto summary =
      (*session)->query({.sql = "SELECT 1", .timeout = 200ms}, [](const Block&) { return true; });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kTimeout) << summary.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 200ms + native::kCancelGrace + 1s);
}

TEST(Exception, LeavesTheSessionUsable) {
  ScriptedServer server(after_greeting([&](const Peer& peer) {
    peer.receive();
    peer.send(exception(60, "Unknown table"));
    peer.receive();  // A ping, since some exceptions end the connection.
    peer.send(packet(ServerPacket::kPong));
    peer.receive();
    peer.send(packet(ServerPacket::kEndOfStream));
  }));
  const auto session = open(server);
  ASSERT_TRUE(session) << session.error().message;
  const auto refused = (*session)->execute({.sql = "DROP TABLE nowhere"});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().connection_usable);
  EXPECT_EQ(refused.error().server_code, 60);
  EXPECT_TRUE((*session)->execute({.sql = "SELECT 1"}));
  EXPECT_EQ(server.connections(), 1);
}

/// An insert whose server plays `script` once the query has come; the heading of its columns comes before.
Error inserted_with(std::size_t rows, std::function<void(const Peer&)> script,
                    std::chrono::milliseconds timeout = 10s) {
  ScriptedServer server(after_greeting([&](const Peer& peer) {
    peer.receive();
    peer.send(data(numbers(0)));
    script(peer);
  }));
  const auto session = open(server);
  EXPECT_TRUE(session) << session.error().message;
  const auto begin = std::chrono::steady_clock::now();
  const auto inserted = (*session)->insert({.table = "t", .timeout = timeout}, numbers(rows));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
  return inserted ? Error{ErrorKind::kInvalidArgument, "succeeded"} : inserted.error();
}

constexpr std::size_t kMoreThanSocketsHold = 20'000'000;

TEST(InsertInto, AServerThatStopsReadingAndSaysWhyReportsIt) {
  const Error error = inserted_with(kMoreThanSocketsHold, [](const Peer& peer) {
    peer.send(exception(252, "Too many parts"));
    std::this_thread::sleep_for(500ms);
  });
  EXPECT_EQ(error.server_code, 252) << error.message;
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(error.applied, Applied::kNo);
}

TEST(InsertInto, AServerThatStopsReadingEndsWithTheBudgetAndAppliesNothing) {
  const Error error =
      inserted_with(kMoreThanSocketsHold, [](const Peer&) { std::this_thread::sleep_for(1s); }, 200ms);
  EXPECT_EQ(error.kind, ErrorKind::kTimeout) << error.message;
  EXPECT_EQ(error.applied, Applied::kNo);
  EXPECT_FALSE(error.connection_usable);
}

TEST(InsertInto, AServerThatResetsWhileRowsAreSentAppliesNothing) {
  const Error error = inserted_with(kMoreThanSocketsHold, [](const Peer& peer) { peer.reset(); });
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << error.message;
  EXPECT_EQ(error.applied, Applied::kNo);
}

TEST(InsertInto, AServerThatLeavesWithoutAnAnswerMayBeApplied) {
  const Error error = inserted_with(3, [](const Peer& peer) { peer.receive(); });
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << error.message;
  EXPECT_EQ(error.applied, Applied::kUnknown);
  EXPECT_FALSE(error.connection_usable);
}

TEST(InsertInto, AServerThatSaysItIsDoneAndHasSeenNoRowsIsNotBelieved) {
  const Error error = inserted_with(3, [](const Peer& peer) {
    peer.receive();
    peer.send(packet(ServerPacket::kEndOfStream));
  });
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << error.message;
  EXPECT_EQ(error.applied, Applied::kUnknown);
  EXPECT_FALSE(error.connection_usable);
}

TEST(InsertInto, AServerThatNeverAnswersMayBeApplied) {
  const Error error = inserted_with(
      3,
      [](const Peer& peer) {
        peer.receive();
        peer.wait_for_end();
      },
      200ms);
  EXPECT_EQ(error.kind, ErrorKind::kTimeout) << error.message;
  EXPECT_EQ(error.applied, Applied::kUnknown);
}

TEST(InsertInto, AServerThatRefusesTheRowsTellsWhether) {
  const Error timeout = inserted_with(3, [](const Peer& peer) {
    peer.receive();
    peer.send(exception(159, "Timeout exceeded"));
  });
  EXPECT_EQ(timeout.applied, Applied::kUnknown);
  EXPECT_TRUE(timeout.connection_usable);
}

TEST(InsertInto, AServerThatAsksForOtherColumnsIsCorrupt) {
  ScriptedServer server(after_greeting([](const Peer& peer) {
    peer.receive();
    Block other;
    other.add({"b", "UInt32", std::vector<std::uint32_t>{}});
    peer.send(data(other));
    peer.wait_for_end();
  }));
  const auto session = open(server);
  ASSERT_TRUE(session);
  const auto inserted = (*session)->insert({.table = "t"}, numbers(3));
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, ErrorKind::kCorrupt) << inserted.error().message;
  EXPECT_EQ(inserted.error().applied, Applied::kNo);
}

TEST(IdleSession, WhoseServerLeftConnectsAnewBeforeItSends) {
  ScriptedServer server(after_greeting([&](const Peer& peer) {
    peer.receive();
    peer.send(packet(ServerPacket::kEndOfStream));
  }));
  const auto session = open(server);
  ASSERT_TRUE(session);
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE((*session)->execute({.sql = "SELECT 1"}));
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(server.connections(), i);
  }
}

TEST(TlsSession, WithAServerThatSpeaksNoneSaysSo) {
  ScriptedServer server([](const Peer& peer) {
    peer.receive(20ms);
    peer.send(exception(101, "Unexpected packet from client"));
  });
  const auto connector = make_connector(url_of(server, "clickhouses"), IfAbsent::kFail);
  ASSERT_TRUE(connector) << connector.error().message;
  const auto session = (*connector)->connect();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(session.error().message.find("TLS port"), std::string::npos) << session.error().message;
}

}  // namespace
}  // namespace optiinfra
