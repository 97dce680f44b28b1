/// Reads text files with the table's own columns without the engine, several times faster, where that makes
/// no difference.
///
/// Rows are plain when the API's reader (optiinfra/rows/decode.hpp) takes each of them, none breaks a rule,
/// and no value is of a kind that the reading query takes for something else: blanks around texts of a CSV,
/// which it trims, and numbers so large that some program means "no value" by them. Of plain rows both store
/// the same, in the same order. Where a piece of a CSV without quotes is
/// not plain, the reading query reads on; of other files all rows are looked at first.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

#include "format.hpp"
#include "map.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// Bytes of a file that are read at once; a row must be shorter.
inline constexpr std::size_t kPieceBytes = std::size_t{4} << 20;

/// Whether files of this format are worth to be examined: text in UTF-8 that is not compressed, with commas
/// between the fields of a CSV under a header in the first line, or JSON objects one a line.
bool may_be_plain(const FileFormat& format, const ImportMap& map);

/// The rows of a piece as BlockBorder::take() wants them. The batch must live longer.
template <Metric Row>
class PlainRecords {
 public:
  explicit PlainRecords(const Batch<Row>& batch) : batch_(batch) {
    for_each_column<Row>([&](const auto& access) {
      const auto& values = batch.*access.batch;
      if (values.size() != batch.size()) return;
      using Values = std::remove_cvref_t<decltype(values)>;
      if constexpr (std::is_same_v<Values, Strings>) texts_.push_back(&values);
      if constexpr (std::is_same_v<Values, Dictionary>) labels_.push_back(&values);
    });
  }

  std::size_t count() const { return batch_.size(); }
  bool is_candidate(std::size_t) const { return true; }
  std::int64_t time(std::size_t row) const { return batch_.timestamp[row]; }
  std::size_t text_bytes(std::size_t row) const {
    std::size_t bytes = 0;
    for (const Strings* texts : texts_) bytes += (*texts)[row].size();
    for (const Dictionary* labels : labels_) bytes += (*labels)[row].size();
    return bytes;
  }

 private:
  const Batch<Row>& batch_;
  std::vector<const Strings*> texts_;
  std::vector<const Dictionary*> labels_;
};

/// The rows of a file of which all can be read so, or all that must be known of it before the first is
/// stored; nothing where the reading query must examine it. `on_wait` is called several times a second.
/// Errors: kStorage.
template <Metric Row>
Result<std::optional<std::uint64_t>> examine_plain_file(const SourceFile& file, const FileFormat& format,
                                                        sys_seconds clock,
                                                        const std::function<void()>& on_wait);

/// Hands over the rows of a file in its order, some thousands at a time, until `on_rows` fails or what comes
/// next is not plain. The next ones are read meanwhile. Whether it was all. Errors: kStorage; those of
/// `on_rows`.
template <Metric Row>
Result<bool> read_plain_rows(const SourceFile& file, const FileFormat& format, sys_seconds clock,
                             const std::function<Result<void>(const Batch<Row>&)>& on_rows);

}  // namespace optiinfra
