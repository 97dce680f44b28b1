/// @file optiinfra/exposition/explain.hpp
/// What becomes of each metric of a text: for people who want to know whether their exporter is understood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/exposition/reading.hpp"

namespace optiinfra::exposition {

enum class Understanding {
  kStored,    ///< It becomes a column, or helps to make one.
  kUnneeded,  ///< It is known, and no table has a place for it.
  kUnknown
};

std::string_view to_string(Understanding understanding) noexcept;

/// One metric of a text, or the series of it that become one column.
struct ExplainedMetric {
  std::string metric;  ///< Of a histogram without _bucket, _sum, _count.
  MetricType type{};
  std::uint64_t series = 0;  ///< Lines.
  std::uint64_t absent = 0;  ///< Of these, those whose value says that nothing was measured.
  Understanding understanding = Understanding::kUnknown;
  std::string source = {};  ///< "vllm"; empty when not known.
  std::string table = {};   ///< "serving_metrics_ts"; empty unless it is stored, and so are the next three.
  std::string column = {};
  std::string unit = {};        ///< To which the value is converted first.
  std::string conversion = {};  ///< "x 100, increase".
  std::string note = {};        ///< Why it has no place; the versions that have the name; empty otherwise.
};

/// In the order of the text. Errors: those of TextReader.
Result<std::vector<ExplainedMetric>> explain_metrics(std::string_view text, const AliasTable& aliases,
                                                     const ReadOptions& options = {});

}  // namespace optiinfra::exposition
