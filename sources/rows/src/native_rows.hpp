/// Reads bodies of the engine's Native format, which come column by column.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "optiinfra/codec/native.hpp"
#include "optiinfra/rows/decode.hpp"
#include "optiinfra/schema/batch_columns.hpp"

namespace optiinfra::rows {

/// The blocks of one body, in the layouts that the columns of a family have.
class NativeBlocks {
 public:
  NativeBlocks(std::string_view body, std::vector<ColumnDefinition> columns);
  NativeBlocks(const NativeBlocks&) = delete;  // Its reader reads from rest_.
  NativeBlocks& operator=(const NativeBlocks&) = delete;

  /// The next block that has rows; nothing at the end. Errors: those of decode_rows().
  Result<std::optional<Block>> next();

  /// The rows of the latest block that can be taken. The others are in rejected().
  std::span<const std::uint32_t> rows() const noexcept { return rows_; }

  /// The index in the body of the latest block's first row.
  std::size_t first_index() const noexcept { return row_count_ - block_rows_; }

  std::vector<RejectedRow>& rejected() noexcept { return rejected_; }
  std::size_t rejected_count() const noexcept { return rejected_count_; }

 private:
  struct Fault {
    const ColumnDefinition* column = nullptr;
    const char* reason = nullptr;
  };

  Result<std::vector<Column>> known_columns(Block block) const;
  Result<const ColumnDefinition*> definition_of(const std::string& column) const;
  Error error_of_body(Error error) const;
  Result<void> fit(Column& column, const ColumnDefinition& definition);
  void fault(std::size_t row, const ColumnDefinition& column, const char* reason);
  void keep_faultless();

  const std::vector<ColumnDefinition> columns_;
  const std::string_view body_;
  std::string_view rest_;
  NativeReader reader_;
  std::size_t row_count_ = 0, block_rows_ = 0;
  std::size_t spread_bytes_ = 0;  ///< Of texts that came as the keys of a dictionary and leave it once a row.
  std::vector<Fault> faults_;     ///< By row of the latest block; empty while no row has one.
  std::vector<std::uint32_t> rows_;
  std::vector<RejectedRow> rejected_;
  std::size_t rejected_count_ = 0;
};

template <Metric Row>
Result<DecodedRows<Row>> read_native(std::string_view body) {
  std::vector<ColumnDefinition> columns;
  for_each_column<Row>([&](const auto& access) { columns.push_back(access.definition); });
  NativeBlocks blocks(body, std::move(columns));
  DecodedRows<Row> result;
  for (;;) {
    OPTIINFRA_TRY(const std::optional<Block> block, blocks.next());
    if (!block) break;
    if (!append_block<Row>(result.batch, *block, blocks.rows()))
      detail::broken_invariant("a block's column that its batch cannot take");
    for (const std::uint32_t row : blocks.rows())
      result.indexes.push_back(static_cast<std::uint32_t>(blocks.first_index() + row));
  }
  result.rejected = std::move(blocks.rejected());
  result.rejected_count = blocks.rejected_count();
  return result;
}

}  // namespace optiinfra::rows
