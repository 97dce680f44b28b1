#include <algorithm>
#include <array>
#include <vector>

#include "arrow_source.hpp"
#include "optiinfra/c_interface/arrow.hpp"
#include "optiinfra/c_interface/fit.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::c_interface {
namespace {

using Failed = std::optional<Failure>;

/// One column of a record batch on its way into one column of a batch.
template <typename Values>
class ColumnReader {
 public:
  ColumnReader(Values& values, const ColumnDefinition& column, const ArrowSource& source, std::size_t rows)
      : values_(values), column_(column), source_(source), rows_(rows) {}

  Failed read() {
    using T = typename ValueOf<Values>::Type;
    reserve(values_, rows_);
    bool is_taken = false;
    if (is_instant(column_)) {
      if constexpr (std::is_same_v<Values, std::vector<std::uint32_t>>) is_taken = read_times();
    } else if constexpr (std::is_same_v<T, Uuid>) {
      is_taken = read_uuids();
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      is_taken = read_texts();
    } else {
      is_taken = with_numbers(source_, [&](const auto& at) { put_numbers(at); });
    }
    if (!is_taken) return Failure(wrong_type());
    return std::move(failed_);
  }

 private:
  /// Calls `put(row)` for each row that has a value, until one is refused.
  template <typename Put>
  void for_each_row(const Put& put) {
    for (std::size_t row = 0; row < rows_ && !failed_; ++row) {
      if (!source_.is_null(row)) {
        put(row);
      } else if (column_.presence == Presence::kRequired) {
        refuse(row, "null", "given");
      } else {
        put_absent(values_);
      }
    }
  }

  void refuse(std::size_t row, std::string value, std::string rule) {
    failed_ = Failure(refused(row, column_, std::move(value), std::move(rule)));
  }

  template <typename At>
  void put_numbers(const At& at) {
    using T = typename ValueOf<Values>::Type;
    if constexpr (std::is_arithmetic_v<T>) {
      for_each_row([&](std::size_t row) {
        const auto number = at(row);
        T value{};
        if (is_absent(number)) {
          put_absent(values_);
        } else if (fit(number, value)) {
          values_.push_back(value);
        } else {
          refuse(row, std::to_string(number), expected<Values>(column_));
        }
      });
    }
  }

  template <typename Number>
  static bool is_absent(Number number) {
    if constexpr (kMayBeAbsent<Values> && std::is_floating_point_v<Number>) return std::isnan(number);
    return false;
  }

  /// Times come in units of 1, 10^3, 10^6 or 10^9 a second and are cut to the second before them.
  bool read_times() {
    const std::string_view format = source_.format();
    if (!format.starts_with("ts") || format.size() < 4 || format[3] != ':' || !source_.has_buffers(2))
      return false;
    const std::size_t unit = std::string_view("smun").find(format[2]);
    if (unit == std::string_view::npos) return false;
    constexpr std::array<std::int64_t, 4> kPerSecond{1, 1'000, 1'000'000, 1'000'000'000};
    const std::int64_t per_second = kPerSecond[unit];
    for_each_row([&](std::size_t row) {
      const auto ticks = source_.number<std::int64_t>(row);
      const std::int64_t seconds = ticks / per_second - (ticks % per_second < 0 ? 1 : 0);
      if (const auto value = fit_instant(seconds)) {
        put_instant(*value);
      } else {
        refuse(row, std::to_string(ticks), expected<Values>(column_));
      }
    });
    return true;
  }

  void put_instant(std::uint32_t value) {
    if constexpr (std::is_same_v<Values, std::vector<std::uint32_t>>) values_.push_back(value);
  }

  bool read_uuids() {
    if constexpr (std::is_same_v<Values, std::vector<Uuid>>) {
      if (source_.format() == "w:16" && source_.has_buffers(2)) {
        for_each_row([&](std::size_t row) { values_.push_back(source_.uuid(row)); });
        return true;
      }
      return with_all_texts([&](std::size_t row, std::string_view text) {
        if (auto id = Uuid::parse(text)) {
          values_.push_back(*id);
        } else {
          refuse(row, "'" + std::string(text) + "'", expected<Values>(column_));
        }
      });
    }
    return false;
  }

  bool read_texts() {
    if constexpr (std::is_same_v<Values, Dictionary>) {
      if (source_.is_dictionary()) return read_dictionary();
    }
    if constexpr (std::is_same_v<typename ValueOf<Values>::Type, std::string_view>)
      return with_all_texts([&](std::size_t, std::string_view text) { values_.append(text); });
    return false;
  }

  /// Each distinct text is looked up once.
  bool read_dictionary() {
    if constexpr (std::is_same_v<Values, Dictionary>) {
      const ArrowSource keys = source_.dictionary();
      std::vector<std::uint32_t> translated;
      const bool is_text = with_texts(keys, [&](const auto& at) {
        for (std::size_t i = 0; i < source_.dictionary_size(); ++i)
          translated.push_back(values_.intern(keys.is_null(i) ? std::string_view() : at(i)));
      });
      return is_text && with_indexes(source_, [&](const auto& index_at) {
               for_each_row([&](std::size_t row) {
                 const std::size_t index = index_at(row);
                 if (index < translated.size()) {
                   values_.append_index(translated[index]);
                 } else {
                   refuse(row, std::to_string(index), "an index into the column's dictionary");
                 }
               });
             });
    }
    return false;
  }

  template <typename Put>
  bool with_all_texts(const Put& put) {
    if (!source_.is_dictionary())
      return with_texts(source_,
                        [&](const auto& at) { for_each_row([&](std::size_t row) { put(row, at(row)); }); });
    const ArrowSource keys = source_.dictionary();
    return with_texts(keys, [&](const auto& at) {
      with_indexes(source_, [&](const auto& index_at) {
        for_each_row([&](std::size_t row) {
          const std::size_t index = index_at(row);
          if (index < source_.dictionary_size()) {
            put(row, keys.is_null(index) ? std::string_view() : at(index));
          } else {
            refuse(row, std::to_string(index), "an index into the column's dictionary");
          }
        });
      });
    });
  }

  Error wrong_type() const {
    using T = typename ValueOf<Values>::Type;
    const char* takes = "an integer or floating type";
    if (is_instant(column_)) takes = "timestamp[s], [ms], [us] or [ns]";
    if (std::is_same_v<T, Uuid>) takes = "utf8 text or fixed-size binary of 16 bytes";
    if (std::is_same_v<T, std::string_view>)
      takes = "utf8, large_utf8 or utf8_view, dictionary-encoded or not";
    return invalid_argument("column " + std::string(column_.name) + " takes " + takes +
                            ", not the Arrow type with format '" + std::string(source_.format()) +
                            (source_.is_dictionary() ? "' with a dictionary" : "'"));
  }

  Values& values_;
  const ColumnDefinition& column_;
  const ArrowSource source_;
  const std::size_t rows_;
  Failed failed_;
};

Result<void> expect_record_batch(const ArrowSchema& schema, const ArrowArray& array) {
  if (schema.format == nullptr || std::string_view(schema.format) != "+s")
    return invalid_argument("the Arrow array is not a record batch: its format is '" +
                            std::string(schema.format == nullptr ? "" : schema.format) + "', not '+s'");
  if (schema.n_children != array.n_children)
    return invalid_argument("the record batch has " + std::to_string(array.n_children) +
                            " columns and its schema " + std::to_string(schema.n_children));
  if (array.null_count != 0 && array.n_buffers > 0 && array.buffers != nullptr && array.buffers[0] != nullptr)
    return invalid_argument("the record batch has rows that are null as a whole");
  for (std::int64_t i = 0; i < array.n_children; ++i) {
    if (array.children[i]->length < array.offset + array.length)
      return invalid_argument("column " + std::string(schema.children[i]->name) +
                              " is shorter than its record batch");
  }
  return {};
}

template <typename Row>
Failed append_column(Batch<Row>& batch, const ArrowSchema& field, const ArrowArray& column, std::size_t first,
                     std::size_t count) {
  const std::string_view name = field.name == nullptr ? "" : field.name;
  bool is_known = false;
  Failed failed;
  for_each_column<Row>([&](const auto& access) {
    if (name != access.definition.name) return;
    is_known = true;
    if (count > 0)
      failed = ColumnReader(batch.*access.batch, access.definition, ArrowSource(field, column, first), count)
                   .read();
  });
  return is_known ? std::move(failed) : Failed(unknown_column(MetricTraits<Row>::kFamily, name));
}

}  // namespace

Error unknown_column(Family family, std::string_view name) {
  std::vector<std::string> known;
  for (const ColumnDefinition& column : table_of(family).columns()) known.emplace_back(column.name);
  std::string message = "'" + std::string(name) + "' is not a column of " + table_of(family).name;
  const auto nearest = nearest_names(name, known);
  if (!nearest.empty()) message += "; did you mean " + nearest.front() + "?";
  return invalid_argument(message);
}

std::optional<Failure> append_arrow_column(AnyBatch& batch, const ArrowSchema& field,
                                           const ArrowArray& column, std::size_t first, std::size_t count) {
  return std::visit([&](auto& rows) { return append_column(rows, field, column, first, count); }, batch);
}

std::optional<Failure> expect_columns(const AnyBatch& batch, std::size_t rows) {
  Failed failed;
  const auto expect = [&](const auto& access, std::size_t size) {
    if (!failed && size < rows && access.definition.presence == Presence::kRequired)
      failed = Failure(refused(0, access.definition, "nothing", "given: the rows lack this column"));
  };
  std::visit(
      [&]<typename Row>(const Batch<Row>& columns) {
        for_each_column<Row>([&](const auto& access) { expect(access, (columns.*access.batch).size()); });
      },
      batch);
  return failed;
}

std::optional<Failure> append_arrow(AnyBatch& batch, const ArrowSchema& schema, const ArrowArray& array,
                                    std::size_t first, std::size_t count) {
  if (auto is_batch = expect_record_batch(schema, array); !is_batch) return std::move(is_batch).error();
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    if (auto failed = append_arrow_column(batch, *schema.children[i], *array.children[i],
                                          static_cast<std::size_t>(array.offset) + first, count))
      return failed;
  }
  return expect_columns(batch, count);
}

}  // namespace optiinfra::c_interface
