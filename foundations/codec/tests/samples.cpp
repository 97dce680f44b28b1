#include "samples.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "optiinfra/codec/native.hpp"

namespace optiinfra::testing {
namespace {

template <typename T>
ColumnData borders() {
  return std::vector<T>{std::numeric_limits<T>::min(), 1, std::numeric_limits<T>::max()};
}

template <typename T>
ColumnData floats() {
  using Limits = std::numeric_limits<T>;
  return std::vector<T>{static_cast<T>(-0.0), static_cast<T>(1.5), Limits::denorm_min(),
                        Limits::max(),        -Limits::infinity(), Limits::quiet_NaN()};
}

ColumnData uuids() {
  return std::vector<Uuid>{Uuid{}, *Uuid::parse("550e8400-e29b-41d4-a716-446655440000"),
                           *Uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff")};
}

/// Empty, a zero byte, a text whose length takes two bytes, and text outside ASCII.
std::vector<std::string> texts() {
  return {"", std::string("a\0b", 3), std::string(130, 'x'), "vLLM é 日本"};
}

ColumnData strings() {
  Strings values;
  for (const auto& text : texts()) values.append(text);
  return values;
}

ColumnData dictionary() {
  Dictionary values;
  for (const char* text : {"aws", "gcp", "aws", "", "azure", "gcp"}) values.append(text);
  return values;
}

ColumnData nullable(ColumnData values) {
  auto result = std::make_unique<Nullable>();
  result->null.assign(row_count(values), 0);
  result->null.front() = 1;
  result->values = std::move(values);
  return result;
}

template <typename T>
bool same_bits(const std::vector<T>& left, const std::vector<T>& right) {
  return left.size() == right.size() &&
         (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(T)) == 0);
}

bool same_bits(const Strings& left, const Strings& right) { return left == right; }

bool same_bits(const Dictionary& left, const Dictionary& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t row = 0; row < left.size(); ++row) {
    if (left[row] != right[row]) return false;
  }
  return true;
}

bool same_rows_not_null(const Nullable& left, const Nullable& right) {
  if (left.null != right.null || left.values.index() != right.values.index()) return false;
  return std::visit(
      [&](const auto& values) {
        using Values = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<Values, std::unique_ptr<Nullable>>) {
          return false;
        } else {
          const auto& others = std::get<Values>(right.values);
          for (std::size_t row = 0; row < left.null.size(); ++row) {
            if (left.null[row] == 0 && values[row] != others[row]) return false;
          }
          return true;
        }
      },
      left.values);
}

bool same_bits(const std::unique_ptr<Nullable>& left, const std::unique_ptr<Nullable>& right) {
  return same_rows_not_null(*left, *right);
}

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{
      {"bool", "Bool", [] { return ColumnData(std::vector<std::uint8_t>{0, 1}); }},
      {"uint8", "UInt8", borders<std::uint8_t>},
      {"uint16", "UInt16", borders<std::uint16_t>},
      {"uint32", "UInt32", borders<std::uint32_t>},
      {"uint64", "UInt64", borders<std::uint64_t>},
      {"int8", "Int8", borders<std::int8_t>},
      {"int16", "Int16", borders<std::int16_t>},
      {"int32", "Int32", borders<std::int32_t>},
      {"int64", "Int64", borders<std::int64_t>},
      {"enum8", "Enum8('idle' = -128, 'busy' = 127)",
       [] { return ColumnData(std::vector<std::int8_t>{127, -128}); }},
      {"enum16", "Enum16('idle' = -1, 'busy' = 300)",
       [] { return ColumnData(std::vector<std::int16_t>{300, -1}); }},
      {"float32", "Float32", floats<float>},
      {"float64", "Float64", floats<double>},
      {"date", "Date", borders<std::uint16_t>},
      {"datetime", "DateTime", borders<std::uint32_t>},
      {"datetime_utc", "DateTime('UTC')", borders<std::uint32_t>},
      {"datetime64", "DateTime64(3)",
       [] { return ColumnData(std::vector<std::int64_t>{-1, 0, 1'772'366'400'123}); }},
      {"datetime64_utc", "DateTime64(6, 'UTC')",
       [] { return ColumnData(std::vector<std::int64_t>{-1, 0, 1'772'366'400'123'456}); }},
      {"uuid", "UUID", uuids},
      {"string", "String", strings},
      {"low_cardinality_string", "LowCardinality(String)", dictionary},
      {"nullable_uint32", "Nullable(UInt32)", [] { return nullable(borders<std::uint32_t>()); }},
      {"nullable_string", "Nullable(String)", [] { return nullable(strings()); }},
      {"nullable_uuid", "Nullable(UUID)", [] { return nullable(uuids()); }},
      {"nullable_datetime64", "Nullable(DateTime64(3))",
       [] { return nullable(std::vector<std::int64_t>{0, 1, 1'772'366'400'123}); }},
      {"simple_aggregate_sum", "SimpleAggregateFunction(sum, Float64)",
       [] { return ColumnData(std::vector<double>{-1.5, 0, 1e300}); }},
      {"simple_aggregate_any", "SimpleAggregateFunction(any, Nullable(String))",
       [] { return nullable(strings()); }},
  };
  return all;
}

Block block_of(const Sample& sample) {
  Block block;
  block.add({"v", sample.type, sample.values()});
  return block;
}

bool same_values(const ColumnData& left, const ColumnData& right) {
  if (left.index() != right.index()) return false;
  return std::visit(
      [&](const auto& values) { return same_bits(values, std::get<std::decay_t<decltype(values)>>(right)); },
      left);
}

bool same_blocks(const Block& left, const Block& right) {
  return std::equal(left.columns().begin(), left.columns().end(), right.columns().begin(),
                    right.columns().end(), [](const Column& one, const Column& other) {
                      return one.name == other.name && one.type == other.type &&
                             same_values(one.data, other.data);
                    });
}

Bytes encode(const Block& block) {
  Bytes bytes;
  const auto sink = [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  };
  if (!write_native(block, sink)) std::abort();
  return bytes;
}

Result<std::vector<Block>> decode(const Bytes& bytes, std::size_t piece_bytes) {
  NativeReader reader(
      [&bytes, piece_bytes, at = std::size_t{0}](std::span<std::byte> into) mutable -> Result<std::size_t> {
        const std::size_t step = std::min({into.size(), piece_bytes, bytes.size() - at});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), step, into.begin());
        at += step;
        return step;
      });
  std::vector<Block> blocks;
  while (true) {
    Block block;
    OPTIINFRA_TRY(const bool more, reader.next(block));
    if (!more) return blocks;
    blocks.push_back(std::move(block));
  }
}

std::string to_hex(const Bytes& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto value = std::to_integer<unsigned>(bytes[i]);
    text += {kDigits[value >> 4], kDigits[value & 15], i % 16 == 15 ? '\n' : ' '};
  }
  return text;
}

Bytes golden(const std::string& name) {
  std::ifstream file(std::string(OPTIINFRA_SOURCE_DIR) + "/foundations/codec/tests/golden/" + name + ".hex");
  Bytes bytes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream pairs(line.substr(0, line.find('#')));
    for (std::string pair; pairs >> pair;)
      bytes.push_back(static_cast<std::byte>(std::stoi(pair, nullptr, 16)));
  }
  return bytes;
}

}  // namespace optiinfra::testing
