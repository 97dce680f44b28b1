/// SQL that converts the engine's types to the columns of our tables.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/column.hpp"

namespace optiinfra {

/// What a value of the engine is, as far as conversion needs to know.
enum class ValueKind { kText, kInteger, kFloat, kBool, kTime, kUuid, kAbsent, kOther };

/// The kind of the engine's type, Nullable and LowCardinality aside.
ValueKind value_kind(std::string_view type);

/// The names that a map may give as types of a text file's columns.
std::vector<std::string> source_type_names();

/// Whether `text` (Nullable(String)) is one of the texts that programs write instead of a number: nothing,
/// null, NaN, [N/A].
std::string says_absent(std::string_view text);

/// `text` (Nullable(String)) as the named type, or NULL when it is not of that type. "String" is the text
/// itself.
std::string source_conversion(std::string_view type_name, std::string_view text);

/// `value`, which has the engine's type `engine_type`, as the named type, or NULL when it is not of that
/// type. A value that already has that type stays unchanged.
std::string typed_conversion(std::string_view type_name, std::string_view engine_type,
                             std::string_view value);

/// NULL, or for delimited text the empty text, of the named type: a column that the file lacks.
std::string absent_source(std::string_view type_name, bool is_delimited);

/// Whether a value of the column is made of a text as it stands.
bool keeps_text(const ColumnDefinition& column);

/// Whether a value of the column is made of a number.
bool takes_number(const ColumnDefinition& column);

/// `text` (Nullable(String)), a number whose fraction follows `decimal`, with a point instead and without the
/// letters between its thousands. Any other text stays as it is.
std::string number_with_point(std::string_view text, char decimal);

/// How a text is written, if it is a number with a comma or a point: a NumberForm, as SQL.
enum class NumberForm { kOther, kComma, kCommaOrThousands, kPoint };
std::string number_form(std::string_view text);

/// The source type for a type that the engine has inferred from text.
std::string_view source_type_of(std::string_view engine_type);

/// How a column of ours is made from a value of `kind` in the column `value`.
struct Conversion {
  std::string
      result;  ///< The value in the column's own form, NULL when it cannot be made. Times: Int64 seconds.
  std::string absent;    ///< Whether there is nothing to convert.
  std::string fallback;  ///< What an absent value becomes.
};

/// Nothing when no such value can be converted to the column.
std::optional<Conversion> conversion(const ColumnDefinition& column, ValueKind kind, std::string_view value);

/// A condition that is false for every result that validate() will refuse. It only decides which
/// rows are described; only validate() decides which are refused.
std::string rule_condition(const ColumnDefinition& column, std::string_view result, sys_seconds clock);

/// What a value of the column must be, in words that fit after "must be".
std::string expected_text(const ColumnDefinition& column);

}  // namespace optiinfra
