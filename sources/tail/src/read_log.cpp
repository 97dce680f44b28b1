#include <algorithm>

#include "line_reader.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/rows/decode.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra::tail {
namespace {

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

std::optional<Uuid> id_of(std::string_view column, std::string_view text) {
  if (column == "customer_id") return identity_of("customer", text);
  if (column == "service_id") return identity_of("service", text);
  return identity_of("request", text);
}

class LogReading {
 public:
  LogReading(const LogForm& form, const LineDefaults& defaults) : reader_(form, defaults) {}

  LogRows read(std::string_view text, sys_seconds clock) {
    while (!text.empty()) {
      const std::size_t length = std::min(text.find('\n'), text.size());
      take_line(text.substr(0, length));
      text.remove_prefix(std::min(length + 1, text.size()));
    }
    decode(clock);
    std::ranges::stable_sort(read_.refused, {}, &RefusedLine::line);
    if (read_.refused.size() > kRefusedLinesDescribedMax) read_.refused.resize(kRefusedLinesDescribedMax);
    return std::move(read_);
  }

 private:
  void take_line(std::string_view line) {
    const std::uint64_t number = read_.lines++;
    const LineReader::Kind kind = is_blank(line) ? LineReader::Kind::kOther : reader_.append(line, body_);
    if (kind == LineReader::Kind::kOther) ++read_.others;
    if (kind == LineReader::Kind::kNoJson) refuse(number, "", "no JSON object");
    if (kind == LineReader::Kind::kTooDeep)
      refuse(number, "", "arrays and objects nested deeper than 64 levels");
    if (kind == LineReader::Kind::kRequest) line_of_.push_back(number);
  }

  void refuse(std::uint64_t line, std::string column, std::string reason) {
    ++read_.refused_count;
    if (read_.refused.size() < 2 * kRefusedLinesDescribedMax)
      read_.refused.push_back({line, std::move(column), std::move(reason)});
  }

  void decode(sys_seconds clock) {
    auto decoded = rows::decode_rows<PerformanceMetric>(body_, rows::RowFormat::kJsonLines, id_of);
    if (!decoded) {
      read_.refused_count += line_of_.size();
      read_.refused.push_back({0, "", decoded.error().message});
      return;
    }
    for (rows::RejectedRow& each : decoded->rejected)
      refuse(line_of_[each.index], std::move(each.column), std::move(each.reason));
    read_.refused_count += decoded->rejected_count - decoded->rejected.size();
    keep_valid(*decoded, clock);
  }

  void keep_valid(rows::DecodedRows<PerformanceMetric>& decoded, sys_seconds clock) {
    const Validation validation = validate(decoded.batch, clock);
    if (validation.ok()) {
      read_.rows = std::move(decoded.batch);
      return;
    }
    std::uint64_t described = 0, last = ~std::uint64_t{0};
    for (const RefusedValue& each : validation.refused) {
      if (each.row == last) continue;
      last = each.row;
      ++described;
      refuse(line_of_[decoded.indexes[each.row]], each.column, each.value + " must be " + each.rule);
    }
    read_.refused_count += validation.refused_rows.size() - described;
    std::vector<std::uint32_t> good;
    for (std::uint32_t row = 0; row < decoded.batch.size(); ++row)
      if (!std::ranges::binary_search(validation.refused_rows, row)) good.push_back(row);
    append_batch<PerformanceMetric>(read_.rows, decoded.batch, good);
  }

  LineReader reader_;
  LogRows read_;
  std::string body_;                    ///< Requests as JSON of our columns.
  std::vector<std::uint64_t> line_of_;  ///< Of each of them.
};

}  // namespace

LogRows read_log(const LogForm& form, const LineDefaults& defaults, std::string_view text,
                 sys_seconds clock) {
  return LogReading(form, defaults).read(text, clock);
}

}  // namespace optiinfra::tail
