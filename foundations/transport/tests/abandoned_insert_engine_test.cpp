// What the engine keeps of an insert that is dropped on its way. All else about inserts and queries is held
// over every transport by tests/conformance.
#include "embedded/engine.hpp"
#include "embedded/insert_stream.hpp"
#include "optiinfra/codec/native.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using testing::numbers;

class Insert : public testing::SessionTest {};

TEST_F(Insert, ThatIsAbandonedStoresNothing) {
  run("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a");
  std::string bytes;
  const auto sink = [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  };
  ASSERT_TRUE(write_native(numbers(std::vector<std::uint32_t>(500'000, 7)), sink));
  const auto connection = embedded::Connection::open(folder_ / "store", IfAbsent::kFail, UseReserve::kNo);
  ASSERT_TRUE(connection) << connection.error().message;
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, bytes.size() / 2, bytes.size()}) {
    auto stream = embedded::InsertStream::open(*connection, "INSERT INTO t (a)");
    ASSERT_TRUE(stream) << stream.error().message;
    ASSERT_TRUE(stream->append(std::as_bytes(std::span(bytes.data(), size))));
  }
  EXPECT_EQ(ask("SELECT count() FROM t"), "0\n");
  EXPECT_TRUE(session_->insert({.table = "t"}, numbers({1})));
  EXPECT_EQ(ask("SELECT count() FROM t"), "1\n");
}

}  // namespace
}  // namespace optiinfra
