/// @file optiinfra/exposition/text.hpp
/// Reads what /metrics answers: the Prometheus text format 0.0.4 and OpenMetrics 1.0. A text is judged by its
/// syntax alone; what the metrics mean is the matter of aliases.hpp and reading.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::exposition {

enum class TextFormat {
  kPrometheus,  ///< 0.0.4; timestamps in milliseconds.
  kOpenMetrics  ///< 1.0; timestamps in seconds, and "# EOF" at the end.
};

/// The format that an answer's Content-Type names; 0.0.4 for none and for types that are not known.
TextFormat text_format_of(std::string_view content_type) noexcept;

/// The format of a text that came without a type: OpenMetrics when it ends with "# EOF".
TextFormat guess_text_format(std::string_view text) noexcept;

enum class MetricType : std::uint8_t {
  kUnknown,
  kCounter,
  kGauge,
  kHistogram,
  kGaugeHistogram,
  kSummary,
  kInfo,
  kStateSet
};

/// As a TYPE line writes it.
std::string_view to_string(MetricType type) noexcept;

struct MetricLabel {
  std::string_view name;
  std::string_view value;  ///< Without escapes.
};

/// One line with a value. Views are valid until the reader's next call.
struct TextSample {
  std::string_view name;
  std::span<const MetricLabel> labels;  ///< In the order of the line; no name twice.
  /// NaN for a composite value of OpenMetrics 2.0, which is passed over.
  double value = 0;
  std::optional<std::int64_t> timestamp_ms = {};        ///< Since 1970.
  std::optional<std::int64_t> start_timestamp_ms = {};  ///< "st@" of OpenMetrics 2.0.
  bool has_exemplar = false;                            ///< Exemplars are checked and dropped.
  /// Of the latest TYPE line when that is about this sample's metric; kUnknown otherwise.
  MetricType type = MetricType::kUnknown;
  std::string_view unit = {};  ///< Of the latest UNIT line, likewise.
  std::size_t line = 0;        ///< From 1.
};

/// What a text may have; more is an error (kTooLarge), which no part of the text survives.
struct TextLimits {
  std::size_t samples_max = 1'000'000;
  std::size_t labels_max = 128;  ///< Of one sample, at most kLabelsMax.
  std::size_t label_name_bytes_max = 1'024;
  std::size_t label_value_bytes_max = 16'384;
};

inline constexpr std::size_t kMetricsTextBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kTextLineBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kLabelsMax = 1'024;

/// Goes through a text from line to line without a copy of it.
///
/// Threads: one call at a time. The text must outlive the reader.
/// Errors: kCorrupt for what breaks the format, kTooLarge for what is over a limit. Messages begin with
/// "line N: ". After an error the reader repeats it.
class TextReader {
 public:
  explicit TextReader(std::string_view text, TextFormat format, TextLimits limits = {});
  ~TextReader();
  TextReader(TextReader&&) noexcept;
  TextReader& operator=(TextReader&&) noexcept;

  /// The next line that has a value, or nullptr at the end of the text.
  Result<const TextSample*> next();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::exposition
