#include "plain_rows.hpp"

#include <algorithm>
#include <cmath>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "optiinfra/rows/decode.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/validate.hpp"
#include "plain_pieces.hpp"

namespace optiinfra {
namespace {

constexpr std::size_t kExamineThreads = 2;
constexpr std::chrono::milliseconds kWaitPause{200};

/// From here on programs write numbers that mean "no value" (the reading query knows which).
constexpr double kNumberMax = 2'147'483'631;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool has_blank_end(std::string_view text) {
  return !text.empty() && (is_blank(text.front()) || is_blank(text.back()));
}

bool has_blank_end(const Strings& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (has_blank_end(texts[i])) return true;
  return false;
}

/// Numbers that are too large, and the zero below zero, of which JSON loses the sign.
template <typename Number>
bool has_doubtful(const std::vector<Number>& numbers) {
  return std::any_of(numbers.begin(), numbers.end(), [](Number number) {
    const auto value = static_cast<double>(number);
    return value > kNumberMax || (value == 0 && std::signbit(value));
  });
}

template <typename Row>
bool has_doubtful_value(const Batch<Row>& batch, rows::RowFormat format) {
  bool is_doubtful = false;
  for_each_column<Row>([&]<typename Member, typename Values>(
                           const ColumnAccess<Member Row::*, Values MetricTraits<Row>::Columns::*>& access) {
    const Values& values = batch.*access.batch;
    if constexpr (std::is_same_v<Values, Strings>) {
      is_doubtful = is_doubtful || (format == rows::RowFormat::kCsv && has_blank_end(values));
    } else if constexpr (std::is_same_v<Values, Dictionary>) {
      is_doubtful = is_doubtful || (format == rows::RowFormat::kCsv && has_blank_end(values.keys()));
    } else if constexpr (!std::is_same_v<Member, sys_seconds> && !std::is_same_v<Member, Uuid>) {
      if constexpr (requires { values.absent; }) {
        is_doubtful = is_doubtful || has_doubtful(values.values);
      } else {
        is_doubtful = is_doubtful || has_doubtful(values);
      }
    }
  });
  return is_doubtful;
}

rows::RowFormat row_format(const FileFormat& format) {
  return format.kind == FormatKind::kDelimited ? rows::RowFormat::kCsv : rows::RowFormat::kJsonLines;
}

/// The rows of a piece when it is plain.
template <typename Row>
std::optional<Batch<Row>> plain_rows(std::string_view piece, rows::RowFormat format, sys_seconds clock) {
  auto decoded = rows::decode_rows<Row>(piece, format);
  if (!decoded || decoded->rejected_count > 0) return std::nullopt;
  if (!validate<Row>(decoded->batch, clock).ok()) return std::nullopt;
  if (has_doubtful_value<Row>(decoded->batch, format)) return std::nullopt;
  return std::move(decoded->batch);
}

/// Pieces for several threads, until one of them finds that the file is not plain or cannot be read.
class SharedPieces {
 public:
  SharedPieces(const SourceFile& file, rows::RowFormat format) : pieces_(file, format) {}

  /// False when there is none.
  Result<bool> next(std::string& piece) {
    const std::lock_guard lock(mutex_);
    if (is_over_) return false;
    return pieces_.next(piece);
  }
  void end() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  bool is_plain() const { return pieces_.is_plain(); }

 private:
  std::mutex mutex_;
  PlainPieces pieces_;
  bool is_over_ = false;
};

/// The rows of the pieces that this thread took, unless one was not plain.
template <typename Row>
Result<std::optional<std::uint64_t>> examine(SharedPieces& pieces, rows::RowFormat format,
                                             sys_seconds clock) {
  std::uint64_t count = 0;
  for (std::string piece;;) {
    auto is_there = pieces.next(piece);
    if (!is_there) pieces.end();
    OPTIINFRA_TRY(const bool goes_on, std::move(is_there));
    if (!goes_on) return std::optional(count);
    const auto rows = plain_rows<Row>(piece, format, clock);
    if (!rows) {
      pieces.end();
      return std::optional<std::uint64_t>();
    }
    count += rows->size();
  }
}

/// The rows of the file when all of them are plain. Reads it in two threads.
template <typename Row>
Result<std::optional<std::uint64_t>> count_plain_rows(const SourceFile& file, rows::RowFormat form,
                                                      sys_seconds clock,
                                                      const std::function<void()>& on_wait) {
  SharedPieces pieces(file, form);
  std::vector<std::future<Result<std::optional<std::uint64_t>>>> threads;
  // `on_wait` may throw: the threads end soon then, before what they use does.
  struct EndOfPieces {
    SharedPieces& pieces;
    ~EndOfPieces() { pieces.end(); }
  };
  for (std::size_t i = 0; i < kExamineThreads; ++i)
    threads.push_back(std::async(std::launch::async, [&] { return examine<Row>(pieces, form, clock); }));
  const EndOfPieces end{pieces};
  std::uint64_t count = 0;
  bool is_plain = true;
  std::optional<Error> error;
  for (auto& thread : threads) {
    while (thread.wait_for(kWaitPause) != std::future_status::ready) on_wait();
    auto rows = thread.get();
    if (!rows) {
      error = std::move(rows).error();
    } else {
      is_plain = is_plain && rows->has_value();
      count += rows->value_or(0);
    }
  }
  if (error) return *std::move(error);
  if (!is_plain || !pieces.is_plain()) return std::optional<std::uint64_t>();
  return std::optional(count);
}

}  // namespace

bool may_be_plain(const FileFormat& format, const ImportMap& map) {
  if (!map.is_contract || format.compression != "none" || format.encoding != TextEncoding::kUtf8)
    return false;
  if (format.is_csv())
    return format.delimiter == ',' && format.decimal == 0 && format.lines_above_header == 0;
  return format.name == "JSONEachRow" && !format.is_json_over_lines;
}

template <Metric Row>
Result<std::optional<std::uint64_t>> examine_plain_file(const SourceFile& file, const FileFormat& format,
                                                        sys_seconds clock,
                                                        const std::function<void()>& on_wait) {
  const rows::RowFormat form = row_format(format);
  if (form == rows::RowFormat::kCsv) {
    OPTIINFRA_TRY(const auto lines, count_lines_without_quotes(file, on_wait));
    if (lines) {
      // The header, too, is the whole file's.
      PlainPieces pieces(file, form);
      std::string first;
      OPTIINFRA_TRY(const bool is_there, pieces.next(first));
      if (!is_there || !plain_rows<Row>(first, form, clock)) return std::optional<std::uint64_t>();
      return std::optional(*lines - std::min<std::uint64_t>(*lines, 1));
    }
  }
  // A stray quote, or an object's key that is no column, may be in any row.
  return count_plain_rows<Row>(file, form, clock, on_wait);
}

template <Metric Row>
Result<bool> read_plain_rows(const SourceFile& file, const FileFormat& format, sys_seconds clock,
                             const std::function<Result<void>(const Batch<Row>&)>& on_rows) {
  const rows::RowFormat form = row_format(format);
  PlainPieces pieces(file, form);
  const auto read_next = [&]() -> Result<std::optional<Batch<Row>>> {
    std::string piece;
    OPTIINFRA_TRY(const bool is_there, pieces.next(piece));
    if (!is_there) return std::optional<Batch<Row>>();
    auto rows = plain_rows<Row>(piece, form, clock);
    if (!rows) pieces.refuse();
    return rows;
  };
  auto next = std::async(std::launch::async, read_next);
  while (true) {
    OPTIINFRA_TRY(const std::optional<Batch<Row>> rows, next.get());
    if (!rows) return pieces.is_plain();
    next = std::async(std::launch::async, read_next);
    OPTIINFRA_CHECK(on_rows(*rows));
  }
}

#define BEGIN_FAMILY(Name, name)                                                        \
  template Result<std::optional<std::uint64_t>> examine_plain_file<Name##Metric>(       \
      const SourceFile&, const FileFormat&, sys_seconds, const std::function<void()>&); \
  template Result<bool> read_plain_rows<Name##Metric>(                                  \
      const SourceFile&, const FileFormat&, sys_seconds,                                \
      const std::function<Result<void>(const Batch<Name##Metric>&)>&);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
