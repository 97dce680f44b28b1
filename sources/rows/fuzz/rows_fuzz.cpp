// Any bytes: rows or an error, never a crash, a hang or memory out of proportion. The first byte chooses
// format and family. What was read is printed in each format and read again, and must be the same rows.
#include <cstdint>
#include <cstdlib>

#include "optiinfra/core/utf8.hpp"
#include "optiinfra/rows/decode.hpp"
#include "row_text.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::rows;

constexpr rows::RowFormat kFormats[] = {rows::RowFormat::kJson, rows::RowFormat::kJsonLines,
                                        rows::RowFormat::kCsv, rows::RowFormat::kNative};

void expect(bool holds) {
  if (!holds) std::abort();
}

void expect_printable(std::string_view text) {
  expect(is_utf8(text) && text.size() <= 512 && text.find_first_of("\n\r") == std::string_view::npos);
}

/// CSV cannot tell an empty text from none.
template <typename Row>
bool fits_csv(const Batch<Row>& batch) {
  bool fits = true;
  for_each_column<Row>([&](const auto& access) {
    if (access.definition.presence != Presence::kRequired) return;
    const auto& values = batch.*access.batch;
    if constexpr (std::is_convertible_v<decltype(values[0]), std::string_view>) {
      for (std::size_t row = 0; row < batch.size(); ++row) fits = fits && !values[row].empty();
    }
  });
  return fits;
}

template <typename Row>
void expect_same(const Batch<Row>& batch, const std::string& body, rows::RowFormat format) {
  const auto again = decode_rows<Row>(body, format);
  expect(again && again->rejected_count == 0 && have_same_rows<Row>(again->batch, batch));
}

template <typename Row>
void decode(std::string_view body, rows::RowFormat format) {
  const auto rows = decode_rows<Row>(body, format);
  if (!rows) return expect_printable(rows.error().message);
  expect(rows->batch.is_rectangular() && rows->batch.size() == rows->indexes.size());
  expect(rows->rejected.size() == std::min(rows->rejected_count, rows::kRejectedDescribedMax));
  for (std::size_t row = 1; row < rows->indexes.size(); ++row)
    expect(rows->indexes[row - 1] < rows->indexes[row]);
  for (const rows::RejectedRow& row : rows->rejected)
    expect_printable(row.column), expect_printable(row.reason);
  // Native can hold a NaN, which no text has; the rules refuse it later.
  if (rows->batch.size() == 0 || format == rows::RowFormat::kNative) return;
  expect_same<Row>(rows->batch, json_array<Row>(rows->batch), rows::RowFormat::kJson);
  expect_same<Row>(rows->batch, json_lines<Row>(rows->batch), rows::RowFormat::kJsonLines);
  if (fits_csv<Row>(rows->batch)) expect_same<Row>(rows->batch, csv<Row>(rows->batch), rows::RowFormat::kCsv);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const rows::RowFormat format = kFormats[data[0] % std::size(kFormats)];
  const Family family = kFamilies[data[0] / std::size(kFormats) % std::size(kFamilies)];
  with_metric(family, [&]<typename Row>() { decode<Row>(body, format); });
  return 0;
}
