// Every type of the codec, both ways, over every kind of store.
#include "samples.hpp"
#include "store_test.hpp"

namespace optiinfra {
namespace {

class Values : public testing::StoreTest {};
INSTANTIATE_TEST_SUITE_P(Over, Values, ::testing::ValuesIn(testing::all_endpoints()), testing::name_of);

/// Values of both sides, whatever the engine calls the type: FORMAT Native leaves out the zone of a DateTime.
bool same(const Block& answer, const Block& sent) {
  return answer.columns().size() == 1 && sent.columns().size() == 1 &&
         testing::same_values(answer.columns()[0].data, sent.columns()[0].data);
}

TEST_P(Values, OfEveryTypeComeBackAsTheyWereSent) {
  int number = 0;
  for (const testing::Sample& sample : testing::samples()) {
    SCOPED_TRACE(sample.type);
    const std::string table = "@.t" + std::to_string(++number);
    run("CREATE TABLE " + table + " (v " + sample.type + ") ENGINE = Log");
    const auto inserted = insert(table, block_of(sample));
    ASSERT_TRUE(inserted) << inserted.error().message;
    int blocks = 0;
    const auto read = session_->query({.sql = in("SELECT v FROM " + table)}, [&](const Block& answer) {
      EXPECT_TRUE(same(answer, block_of(sample)));
      return ++blocks > 0;
    });
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(blocks, 1);
  }
  EXPECT_GT(number, 20);
}

TEST_P(Values, OfATextMayBeLongAndHoldEveryByte) {
  std::vector<std::string> values{"", std::string(1, '\0'), std::string(3 << 20, 'x')};
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  values.push_back(bytes);
  run("CREATE TABLE @.t (a String) ENGINE = MergeTree ORDER BY tuple()");
  ASSERT_TRUE(insert("@.t", testing::texts(values)));
  std::vector<std::string> found;
  const auto read = session_->query({.sql = in("SELECT a FROM @.t")}, [&](const Block& answer) {
    for (std::size_t row = 0; row < answer.row_count(); ++row)
      found.emplace_back((*answer.values<Strings>(0))[row]);
    return true;
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(found == values);
}

}  // namespace
}  // namespace optiinfra
