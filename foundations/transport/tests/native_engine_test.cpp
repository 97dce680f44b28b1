// The codec against the engine: what we write it reads, and what it writes are our golden bytes.
#include "samples.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using testing::same_blocks;

class NativeSample : public testing::SessionTest, public ::testing::WithParamInterface<testing::Sample> {};
INSTANTIATE_TEST_SUITE_P(Each, NativeSample, ::testing::ValuesIn(testing::samples()),
                         [](const auto& sample) { return std::string(sample.param.name); });

/// FORMAT Native writes DateTime without its zone; the values are the same.
testing::Sample as_the_engine_names_it(const testing::Sample& sample) {
  if (std::string_view(sample.name) != "datetime_utc") return sample;
  return {"datetime", "DateTime", sample.values};
}

/// The engine marks dictionaries with 0x400, which has no meaning outside its own streams.
void clear_dictionary_mark(testing::Bytes& bytes, std::string_view type) {
  const std::size_t flags = 2 + 2 + 1 + type.size() + 8;
  if (type == "LowCardinality(String)") bytes[flags + 1] &= std::byte{0xFB};
}

TEST_P(NativeSample, TheEngineReadsAndWritesTheSame) {
  const testing::Sample answered = as_the_engine_names_it(GetParam());
  run("CREATE TABLE t (v " + std::string(GetParam().type) + ") ENGINE = Log");
  const auto inserted = session_->insert({.table = "t"}, block_of(GetParam()));
  ASSERT_TRUE(inserted) << inserted.error().message;

  int blocks = 0;
  const auto read = session_->query({.sql = "SELECT v FROM t"}, [&](const Block& answer) {
    EXPECT_TRUE(same_blocks(answer, block_of(answered)));
    return ++blocks;
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(blocks, 1);

  testing::Bytes bytes;
  const auto written =
      session_->query_text({.sql = "SELECT v FROM t"}, "Native", [&bytes](std::string_view text) {
        const auto piece = std::as_bytes(std::span(text));
        bytes.insert(bytes.end(), piece.begin(), piece.end());
        return true;
      });
  ASSERT_TRUE(written) << written.error().message;
  clear_dictionary_mark(bytes, answered.type);
  EXPECT_EQ(testing::to_hex(bytes), testing::to_hex(testing::golden(answered.name)));
}

}  // namespace
}  // namespace optiinfra
