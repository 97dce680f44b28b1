/// @file optiinfra/schema/column.hpp
/// Describes a column of our tables: its types in C++ and in the engine, the rule of its values, its default.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/codec/column.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/optionals.hpp"

namespace optiinfra {

/// Longest text in any column. Labels are names; a longer text is something else, sent by mistake.
inline constexpr std::size_t kTextBytesMax = 4096;

/// The rule that every value of a column must obey. rule_text() gives it in words.
enum class Rule {
  kAny,
  kTime,         ///< Not before kOldestTime, not more than kFutureTolerance ahead of the clock.
  kIdentity,     ///< A UUID other than the nil one, which is what an unset field looks like.
  kName,         ///< Text of 1 to kTextBytesMax bytes.
  kLabel,        ///< Text of at most kTextBytesMax bytes.
  kFinite,       ///< Neither NaN nor infinite.
  kNonNegative,  ///< Finite, 0 or more.
  kPercent,      ///< 0 to 100.
  kScore,        ///< 0 to 1.
  kFlag,         ///< 0 or 1.
  kAmount,       ///< Finite; below 0 only where charge_category is one of kNegativeCharges.
  kCharge,       ///< One of kCharges, or empty.
  kStatus,       ///< One of kStatuses, or empty.
  kCurrency,     ///< Three capital letters, or empty.
  kHistogram,    ///< A histogram's text (histogram.hpp), or empty.
};

/// What a charge can be; FOCUS has the same categories.
inline constexpr const char* kCharges[] = {"usage", "credit", "refund", "tax", "purchase", "adjustment"};
/// Charges that lower a bill.
inline constexpr const char* kNegativeCharges[] = {"credit", "refund", "adjustment"};
/// How a request can end. `aborted`: by its sender. `dropped`: never scheduled.
inline constexpr const char* kStatuses[] = {"ok", "client_error", "server_error", "aborted", "dropped"};

/// The words that `rule` allows in addition to the empty one; none when the rule is not about words.
std::span<const char* const> words_of(Rule rule) noexcept;

/// The rule in words that fit after "must be".
std::string_view rule_text(Rule rule) noexcept;

/// Whether a row must have the column. A column that a row leaves out is absent when its type is optional;
/// otherwise it is 0, "" or the nil UUID.
enum class Presence { kRequired, kOptional };

/// A column as data, for DDL, validation, import, output and documentation.
struct ColumnDefinition {
  const char* name;
  const char* type;           ///< The engine's: "LowCardinality(String)".
  const char* contract_type;  ///< The type that a client knows from the contract: "String".
  Rule rule;
  Presence presence;
  const char* codec;
  const char* unit;  ///< Empty when the column has none.
  const char* meaning;

  /// Whether a value may be absent: the engine's type is Nullable.
  bool may_be_absent() const { return std::string_view(type).starts_with("Nullable("); }
};

/// The types that a `.def` line can name. Value is a typed row's member, Values a batch's column. takes()
/// says which rules validate() checks on that type.
namespace column_type {

/// Whether a value lies in a range; only finite numbers do.
constexpr bool is_range(Rule rule) {
  return rule == Rule::kFinite || rule == Rule::kNonNegative || rule == Rule::kPercent ||
         rule == Rule::kScore || rule == Rule::kAmount;
}
constexpr bool is_label(Rule rule) { return rule == Rule::kName || rule == Rule::kLabel; }

struct Instant {
  using Value = sys_seconds;
  using Values = std::vector<std::uint32_t>;
  static constexpr const char* kType = "DateTime('UTC')";
  static constexpr const char* kContractType = "DateTime";
  static constexpr bool takes(Rule rule) { return rule == Rule::kTime; }
};
struct Identifier {
  using Value = Uuid;
  using Values = std::vector<Uuid>;
  static constexpr const char* kType = "UUID";
  static constexpr const char* kContractType = "UUID";
  static constexpr bool takes(Rule rule) { return rule == Rule::kIdentity || rule == Rule::kAny; }
};
struct Label {
  using Value = std::string;
  using Values = Dictionary;
  static constexpr const char* kType = "LowCardinality(String)";
  static constexpr const char* kContractType = "String";
  static constexpr bool takes(Rule rule) {
    return is_label(rule) || rule == Rule::kCharge || rule == Rule::kStatus || rule == Rule::kCurrency;
  }
};
struct Text {
  using Value = std::string;
  using Values = Strings;
  static constexpr const char* kType = "String";
  static constexpr const char* kContractType = "String";
  static constexpr bool takes(Rule rule) { return is_label(rule) || rule == Rule::kHistogram; }
};
struct Float32 {
  using Value = float;
  using Values = std::vector<float>;
  static constexpr const char* kType = "Float32";
  static constexpr const char* kContractType = "Float32";
  static constexpr bool takes(Rule rule) { return is_range(rule); }
};
struct Float64 {
  using Value = double;
  using Values = std::vector<double>;
  static constexpr const char* kType = "Float64";
  static constexpr const char* kContractType = "Float64";
  static constexpr bool takes(Rule rule) { return is_range(rule); }
};
struct UInt8 {
  using Value = std::uint8_t;
  using Values = std::vector<std::uint8_t>;
  static constexpr const char* kType = "UInt8";
  static constexpr const char* kContractType = "UInt8";
  static constexpr bool takes(Rule rule) { return rule == Rule::kFlag || rule == Rule::kAny; }
};
struct UInt32 {
  using Value = std::uint32_t;
  using Values = std::vector<std::uint32_t>;
  static constexpr const char* kType = "UInt32";
  static constexpr const char* kContractType = "UInt32";
  static constexpr bool takes(Rule rule) { return rule == Rule::kAny; }
};

/// A column of Type in which a value may be absent.
template <typename Type>
struct Optional {
  using Value = std::optional<typename Type::Value>;
  using Values = Optionals<typename Type::Value>;
  static constexpr const char* kContractType = Type::kContractType;
  static constexpr bool takes(Rule rule) { return Type::takes(rule); }
};
struct OptionalFloat32 : Optional<Float32> {
  static constexpr const char* kType = "Nullable(Float32)";
};
struct OptionalFloat64 : Optional<Float64> {
  static constexpr const char* kType = "Nullable(Float64)";
};
struct OptionalUInt8 : Optional<UInt8> {
  static constexpr const char* kType = "Nullable(UInt8)";
};
struct OptionalUInt32 : Optional<UInt32> {
  static constexpr const char* kType = "Nullable(UInt32)";
};

}  // namespace column_type

/// Whether `rule` can be checked on values of a column type.
template <typename Type>
constexpr bool rule_fits(Rule rule) {
  return Type::takes(rule);
}

/// Seconds since 1970 as the column holds them. Times outside 32 bits become the nearest end of the
/// range, which Rule::kTime refuses.
constexpr std::uint32_t to_column_time(sys_seconds time) noexcept {
  const auto seconds = time.time_since_epoch().count();
  return seconds < 0 ? 0 : seconds > 0xFFFF'FFFFLL ? 0xFFFF'FFFFu : static_cast<std::uint32_t>(seconds);
}

}  // namespace optiinfra
