// Any rows of any family, printed by the plainest code and read back, are the same rows.
#include <cmath>
#include <cstring>
#include <random>

#include "decoding.hpp"
#include "row_text.hpp"

namespace optiinfra::rows {
namespace {

constexpr std::uint64_t kSeed = 20'260'301;

class RandomRows {
 public:
  explicit RandomRows(std::uint64_t seed) : random_(seed) {}

  template <typename Row>
  Batch<Row> batch(std::size_t rows) {
    Batch<Row> batch;
    std::vector<bool> is_left_out;
    for (std::size_t column = 0; column < kColumnsMax; ++column) is_left_out.push_back(below(3) == 0);
    for (std::size_t i = 0; i < rows; ++i) {
      Row row;
      std::size_t column = 0;
      for_each_column<Row>([&](const auto& access) {
        const bool is_optional = access.definition.presence == Presence::kOptional;
        if (!(is_optional && (is_left_out[column] || below(2) == 0)))
          fill(row.*access.row, access.definition);
        ++column;
      });
      batch.append(row);
    }
    return batch;
  }

 private:
  static constexpr std::size_t kColumnsMax = 64;

  std::uint64_t below(std::uint64_t count) { return random_() % count; }

  template <typename T>
  void fill(std::optional<T>& value, const ColumnDefinition& column) {
    fill(value.emplace(), column);
  }
  void fill(sys_seconds& value, const ColumnDefinition&) {
    value = sys_seconds{std::chrono::seconds{below(0x1'0000'0000)}};
  }
  void fill(Uuid& value, const ColumnDefinition&) { value = {random_(), random_()}; }
  void fill(std::uint8_t& value, const ColumnDefinition& column) {
    value = static_cast<std::uint8_t>(below(column.rule == Rule::kFlag ? 2 : 256));
  }
  void fill(std::uint32_t& value, const ColumnDefinition&) {
    value = static_cast<std::uint32_t>(random_() >> below(64));
  }
  template <typename Float>
    requires std::is_floating_point_v<Float>
  void fill(Float& value, const ColumnDefinition&) {
    do {
      const std::uint64_t bits = random_();
      std::memcpy(&value, &bits, sizeof value);
    } while (!std::isfinite(value));
  }
  void fill(std::string& value, const ColumnDefinition& column) {
    constexpr const char* kPieces[] = {
        "a", "\"", "\\", ",", "\n", "\r\n", "\xC3\xA9", "\xF0\x9F\x98\x80", " ", "0.1", "null", "\x01", "/"};
    const std::size_t pieces = below(12) + (column.presence == Presence::kRequired ? 1 : 0);
    for (std::size_t i = 0; i < pieces; ++i) value += kPieces[below(std::size(kPieces))];
  }

  std::mt19937_64 random_;
};

template <typename Row>
class EveryFamily : public testing::Test {};

template <typename Rows>
struct TypesOf;
template <typename... Row>
struct TypesOf<std::tuple<Row...>> {
  using Types = testing::Types<Row...>;
};
TYPED_TEST_SUITE(EveryFamily, TypesOf<detail::MetricRows>::Types);

TYPED_TEST(EveryFamily, IsReadBackAsItWasPrinted) {
  for (std::uint64_t seed = kSeed; seed < kSeed + 60; ++seed) {
    RandomRows random(seed);
    const auto batch = random.template batch<TypeParam>(1 + seed % 40);
    const std::pair<std::string, RowFormat> bodies[] = {{json_lines<TypeParam>(batch), RowFormat::kJsonLines},
                                                        {json_array<TypeParam>(batch), RowFormat::kJson},
                                                        {csv<TypeParam>(batch), RowFormat::kCsv}};
    for (const auto& [body, format] : bodies) {
      const auto rows = decoded<TypeParam>(body, format);
      ASSERT_EQ(rows.rejected_count, 0u)
          << seed << ": " << rows.rejected[0].column << " " << rows.rejected[0].reason;
      ASSERT_TRUE(rows.batch.is_rectangular()) << seed;
      ASSERT_TRUE(have_same_rows<TypeParam>(rows.batch, batch)) << seed << "\n" << body;
    }
  }
}

TYPED_TEST(EveryFamily, LosesOnlyRowsThatWereDamaged) {
  RandomRows random(kSeed);
  const auto batch = random.template batch<TypeParam>(50);
  std::string lines;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    lines += json_row<TypeParam>(batch, row) + "\n";
    lines += json_row<TypeParam>(batch, row).substr(1) + "\n";
  }
  const auto rows = decoded<TypeParam>(lines, RowFormat::kJsonLines);
  EXPECT_EQ(rows.rejected_count, 50u);
  EXPECT_TRUE(have_same_rows<TypeParam>(rows.batch, batch));
}

}  // namespace
}  // namespace optiinfra::rows
