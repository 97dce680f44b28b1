#include "conversion.hpp"

#include <algorithm>
#include <array>

#include "sql.hpp"

namespace optiinfra {
namespace {

enum class Target { kTime, kUuid, kLabel, kText, kFloat, kUnsigned, kUnknown };

/// The type of the values that are not absent.
std::string_view type_of_values(std::string_view type) {
  constexpr std::string_view kNullable = "Nullable(";
  return type.starts_with(kNullable) ? type.substr(kNullable.size(), type.size() - kNullable.size() - 1)
                                     : type;
}

Target target_of(std::string_view type) {
  if (type.starts_with("DateTime")) return Target::kTime;
  if (type == "UUID") return Target::kUuid;
  if (type == "LowCardinality(String)") return Target::kLabel;
  if (type == "String") return Target::kText;
  if (type.starts_with("Float")) return Target::kFloat;
  if (type.starts_with("UInt")) return Target::kUnsigned;
  return Target::kUnknown;
}

std::string call(std::string_view function, std::string_view argument, std::string_view more = "") {
  return std::string(function) + "(" + std::string(argument) + std::string(more) + ")";
}

/// The engine's own reader takes '12' for a day of this month and 12:61 for a minute past one, so the shape
/// is checked first. Seconds since 1970 have at least nine digits.
constexpr const char* kTimePattern =
    "^(\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d([ T]([01]\\\\d|2[0-3]):[0-5]\\\\d(:[0-5]\\\\d([.,]\\\\d+)?)? "
    "?(Z|UTC|[+-]\\\\d\\\\d(:?\\\\d\\\\d)?)?)?"
    "|\\\\d{9,10}([.]\\\\d+)?)$";

std::string time_of_text(std::string_view text) {
  return "if(match(ifNull(" + std::string(text) + ", ''), '" + kTimePattern +
         "'), parseDateTime64BestEffortOrNull(ifNull(" + std::string(text) + ", ''), 6, 'UTC'), NULL)";
}

std::string seconds_of_time(std::string_view time) {
  return "dateDiff('second', toDateTime64('1970-01-01', 0, 'UTC'), " + std::string(time) + ", 'UTC')";
}

std::optional<std::string> to_time(ValueKind kind, std::string_view value) {
  switch (kind) {
    case ValueKind::kText:
      return seconds_of_time(time_of_text(value));
    case ValueKind::kTime:
      return seconds_of_time(value);
    case ValueKind::kInteger:
    case ValueKind::kFloat:
      return "accurateCastOrNull(floor(" + call("toFloat64", value) + "), 'Int64')";
    default:
      return std::nullopt;
  }
}

std::optional<std::string> to_uuid(ValueKind kind, std::string_view value) {
  if (kind == ValueKind::kText) return call("toUUIDOrNull", value);
  if (kind == ValueKind::kUuid) return std::string(value);
  return std::nullopt;
}

std::optional<std::string> to_float(std::string_view type, ValueKind kind, std::string_view value) {
  const std::string function = "to" + std::string(type);
  if (kind == ValueKind::kText) return call(function, call("toFloat64OrNull", value));
  if (kind == ValueKind::kInteger || kind == ValueKind::kFloat || kind == ValueKind::kBool)
    return call(function, value);
  return std::nullopt;
}

std::optional<std::string> to_unsigned(std::string_view type, ValueKind kind, std::string_view value) {
  const std::string as_type = ", '" + std::string(type) + "'";
  switch (kind) {
    case ValueKind::kText: {
      // 12.0 and 1e3 are whole numbers too, and flags are written as words.
      const std::string number =
          "accurateCastOrNull(toFloat64OrNull(" + std::string(value) + ")" + as_type + ")";
      const std::string lower = call("lower", value);
      return "multiIf(" + lower + " = 'true', toNullable(to" + std::string(type) + "(1)), " + lower +
             " = 'false', toNullable(to" + std::string(type) + "(0)), " + number + ")";
    }
    case ValueKind::kInteger:
    case ValueKind::kBool:
      return call("accurateCastOrNull", value, as_type);
    case ValueKind::kFloat:
      return call("accurateCastOrNull", call("toFloat64", value), as_type);
    default:
      return std::nullopt;
  }
}

std::optional<std::string> to_text(Target target, ValueKind kind, std::string_view value) {
  if (kind == ValueKind::kOther) return std::nullopt;
  const std::string text = call("toString", value);
  return target == Target::kLabel ? call("toLowCardinality", text) : text;
}

/// The date that American programs write. Which number is the month must be known: the engine would take
/// the other where one is over twelve.
constexpr const char* kMonthFirst = "DateTime(M/D/YYYY)";
constexpr const char* kMonthFirstPattern =
    "^(0?[1-9]|1[0-2])/(0?[1-9]|[12]\\d|3[01])/\\d{4}( \\d{1,2}:[0-5]\\d(:[0-5]\\d)?( ?[AP]M)?)?$";

std::string time_of_month_first(std::string_view text) {
  const std::string given = "ifNull(" + std::string(text) + ", '')";
  return "if(match(" + given + ", '" + kMonthFirstPattern + "'), parseDateTime64BestEffortUSOrNull(" + given +
         ", 6, 'UTC'), " + time_of_text(text) + ")";
}

/// Numbers since 1970 in a unit that the map states, because nothing else tells it. A number with too few or
/// too many digits is in another unit.
struct EpochType {
  const char* name;
  const char* function;
  const char* digits;
};

constexpr EpochType kEpochTypes[] = {{"DateTime(ms)", "fromUnixTimestamp64Milli", "{11,14}"},
                                     {"DateTime(us)", "fromUnixTimestamp64Micro", "{14,17}"},
                                     {"DateTime(ns)", "fromUnixTimestamp64Nano", "{17,19}"}};

const EpochType* epoch_type(std::string_view name) {
  const auto found = std::find_if(std::begin(kEpochTypes), std::end(kEpochTypes),
                                  [&](const auto& each) { return each.name == name; });
  return found == std::end(kEpochTypes) ? nullptr : found;
}

std::string time_of_epoch(const EpochType& type, std::string_view text) {
  const std::string given = "ifNull(" + std::string(text) + ", '')";
  return "if(match(" + given + ", '^\\d" + type.digits + "([.]\\d+)?$'), toDateTime64(" + type.function +
         "(toInt64OrNull(substringIndex(" + given + ", '.', 1)), 'UTC'), 6, 'UTC'), NULL)";
}

constexpr std::array kSourceTypes = {"String",       "Int64",        "UInt64",   "Float64",
                                     "Bool",         "DateTime",     "UUID",     "DateTime(ms)",
                                     "DateTime(us)", "DateTime(ns)", kMonthFirst};

/// What programs write where they have no number.
constexpr const char* kAbsentWords =
    "('', 'null', 'NULL', 'Null', 'None', 'nan', 'NaN', 'NAN', 'NA', 'N/A', 'n/a', '[N/A]', "
    "'[Not Supported]', '[Unknown Error]', '-')";

/// What DCGM writes for a value that is blank, not found, not supported or not permitted (dcgm_structs.h), of
/// 32 bits, 64 bits and doubles, as a double.
constexpr const char* kBlanksOfDcgm =
    "(2147483632, 2147483633, 2147483634, 2147483635, 9223372036854775808, 140737488355328, 140737488355329, "
    "140737488355330, 140737488355331)";

/// Whether `value` says that there is no number.
std::string no_number(ValueKind kind, std::string_view value) {
  std::string number;
  if (kind == ValueKind::kText) number = call("toFloat64OrNull", value);
  if (kind == ValueKind::kInteger || kind == ValueKind::kFloat) number = call("toFloat64", value);
  const std::string missing = kind == ValueKind::kText ? says_absent(value) : call("isNull", value);
  if (number.empty()) return missing;
  return "(" + missing + " OR ifNull(isNaN(" + number + ") OR " + number + " IN " + kBlanksOfDcgm + ", 0))";
}

}  // namespace

std::string says_absent(std::string_view text) {
  return "trim(ifNull(" + std::string(text) + ", '')) IN " + kAbsentWords;
}

ValueKind value_kind(std::string_view type) {
  for (const std::string_view wrapper :
       {std::string_view("LowCardinality("), std::string_view("Nullable(")}) {
    if (type.starts_with(wrapper)) type = type.substr(wrapper.size(), type.size() - wrapper.size() - 1);
  }
  const auto begins = [type](auto... names) { return (type.starts_with(names) || ...); };
  if (type == "Nothing") return ValueKind::kAbsent;
  if (type == "Bool") return ValueKind::kBool;
  if (type == "UUID") return ValueKind::kUuid;
  if (type == "String" || begins("FixedString", "Enum")) return ValueKind::kText;
  if (begins("UInt", "Int") && !begins("Interval")) return ValueKind::kInteger;
  if (begins("Float", "BFloat", "Decimal")) return ValueKind::kFloat;
  if (begins("Date")) return ValueKind::kTime;
  return ValueKind::kOther;
}

std::vector<std::string> source_type_names() { return {kSourceTypes.begin(), kSourceTypes.end()}; }

std::string source_conversion(std::string_view type, std::string_view text) {
  if (type == "DateTime") return time_of_text(text);
  if (type == kMonthFirst) return time_of_month_first(text);
  if (const EpochType* epoch = epoch_type(type)) return time_of_epoch(*epoch, text);
  if (type == "Bool") {
    const std::string lower = call("lower", text);
    return "multiIf(" + lower + " IN ('true', '1'), toNullable(true), " + lower +
           " IN ('false', '0'), toNullable(false), NULL)";
  }
  if (type == "String") return std::string(text);
  if (type == "Float64" || type == "UUID")
    return "to" + std::string(type) + "OrNull(" + std::string(text) + ")";
  // 12.0 is a whole number too.
  return "coalesce(to" + std::string(type) + "OrNull(" + std::string(text) +
         "), accurateCastOrNull(toFloat64OrNull(" + std::string(text) + "), '" + std::string(type) + "'))";
}

std::string typed_conversion(std::string_view type, std::string_view engine_type, std::string_view value) {
  const ValueKind kind = value_kind(engine_type);
  const bool is_number = kind == ValueKind::kInteger || kind == ValueKind::kFloat;
  // What has parts of its own is the text that it would be in JSON.
  if (kind == ValueKind::kOther && type == "String") return call("toJSONString", value);
  if (kind == ValueKind::kTime && type.starts_with("DateTime") &&
      engine_type.find("DateTime") == std::string_view::npos)
    return call("toDateTime64", value, ", 6, 'UTC'");
  if (kind == ValueKind::kText) return source_conversion(type, "toString(" + std::string(value) + ")");
  if (type == "String" && (is_number || kind == ValueKind::kTime || kind == ValueKind::kUuid))
    return call("toString", value);
  if (type == "Float64" && is_number) return call("toFloat64", value);
  if ((type == "Int64" || type == "UInt64") && is_number)
    return call("accurateCastOrNull", value, ", '" + std::string(type) + "'");
  if (const EpochType* epoch = epoch_type(type); epoch != nullptr && is_number)
    return time_of_epoch(*epoch, "toString(accurateCastOrNull(floor(" + std::string(value) + "), 'Int64'))");
  if (type.starts_with("DateTime") && is_number) return call("toDateTime64", value, ", 6, 'UTC'");
  return std::string(value);
}

std::string absent_source(std::string_view type, bool is_delimited) {
  if (type == "String" && is_delimited) return "''";
  return "CAST(NULL, 'Nullable(" +
         std::string(type.starts_with("DateTime") ? "DateTime64(6, \\'UTC\\')" : type) + ")')";
}

bool keeps_text(const ColumnDefinition& column) {
  const Target target = target_of(type_of_values(column.type));
  return target == Target::kLabel || target == Target::kText || target == Target::kUuid;
}

bool takes_number(const ColumnDefinition& column) {
  const Target target = target_of(type_of_values(column.type));
  return target == Target::kFloat || target == Target::kUnsigned;
}

std::string number_with_point(std::string_view text, char decimal) {
  const std::string value(text), given = "ifNull(" + value + ", '')";
  if (decimal == ',')
    return "if(match(" + given +
           ", '^[+-]?(\\d{1,3}([.]\\d{3})+|\\d+)(,\\d+)?([eE][+-]?\\d+)?$'), replaceOne(replaceAll(" + value +
           ", '.', ''), ',', '.'), " + value + ")";
  return "if(match(" + given + ", '^[+-]?\\d{1,3}(,\\d{3})+([.]\\d+)?$'), replaceAll(" + value +
         ", ',', ''), " + value + ")";
}

std::string number_form(std::string_view text) {
  const auto is = [&text](const char* pattern) {
    return "match(" + std::string(text) + ", '" + pattern + "'), ";
  };
  return "multiIf(" + is("^[+-]?[1-9]\\d{0,2},\\d{3}$") + "2, " +
         is("^[+-]?(\\d{1,3}([.]\\d{3})+|\\d+),\\d+([eE][+-]?\\d+)?$") + "1, " +
         is("^[+-]?(\\d{1,3}(,\\d{3})+|\\d*)[.]\\d+([eE][+-]?\\d+)?$") + "3, 0)";
}

std::string_view source_type_of(std::string_view engine_type) {
  switch (value_kind(engine_type)) {
    case ValueKind::kInteger:
      return engine_type.find("UInt") == std::string_view::npos ? "Int64" : "UInt64";
    case ValueKind::kFloat:
      return "Float64";
    case ValueKind::kBool:
      return "Bool";
    case ValueKind::kTime:
      return "DateTime";
    default:
      return "String";
  }
}

std::optional<Conversion> conversion(const ColumnDefinition& column, ValueKind kind, std::string_view value) {
  const std::string_view type = type_of_values(column.type);
  const Target target = target_of(type);
  const bool to_string = target == Target::kLabel || target == Target::kText;
  const bool may_be_absent = column.may_be_absent();
  Conversion made;
  made.absent = call("isNull", value);
  if (kind == ValueKind::kText && !to_string) made.absent = "ifNull(" + std::string(value) + ", '') = ''";
  if (may_be_absent) made.absent = no_number(kind, value);
  std::optional<std::string> result;
  switch (target) {
    case Target::kTime:
      result = to_time(kind, value), made.fallback = "toInt64(0)";
      break;
    case Target::kUuid:
      result = to_uuid(kind, value), made.fallback = "toUUID('00000000-0000-0000-0000-000000000000')";
      break;
    case Target::kLabel:
      result = to_text(target, kind, value), made.fallback = "toLowCardinality('')";
      break;
    case Target::kText:
      result = to_text(target, kind, value), made.fallback = "''";
      break;
    case Target::kFloat:
      result = to_float(type, kind, value), made.fallback = "to" + std::string(type) + "(0)";
      break;
    case Target::kUnsigned:
      result = to_unsigned(type, kind, value), made.fallback = "to" + std::string(type) + "(0)";
      break;
    case Target::kUnknown:
      break;
  }
  if (kind == ValueKind::kAbsent) result = "NULL";
  if (!result) return std::nullopt;
  made.result = *std::move(result);
  if (!may_be_absent) return made;
  made.result = "CAST(if(" + made.absent + ", NULL, " + made.result + "), '" + column.type + "')";
  made.fallback = "NULL";
  return made;
}

std::string rule_condition(const ColumnDefinition& column, std::string_view result, sys_seconds clock) {
  const std::string value(result);
  const auto between = [&value](const std::string& min, const std::string& max) {
    return "(" + value + " >= " + min + " AND " + value + " <= " + max + ")";
  };
  switch (column.rule) {
    case Rule::kAny:
      return "1";
    case Rule::kTime:
      return between(std::to_string(to_column_time(kOldestTime)),
                     std::to_string(to_column_time(clock + kFutureTolerance)));
    case Rule::kIdentity:
      return value + " != toUUID('00000000-0000-0000-0000-000000000000')";
    case Rule::kName:
      return "(length(" + value + ") >= 1 AND length(" + value + ") <= " + std::to_string(kTextBytesMax) +
             ")";
    case Rule::kLabel:
      return "length(" + value + ") <= " + std::to_string(kTextBytesMax);
    case Rule::kFinite:
      return call("isFinite", value);
    // Whether the charge allows less than 0 is validate()'s to say; the row is described in case it does not.
    case Rule::kAmount:
    case Rule::kNonNegative:
      return "(" + value + " >= 0 AND isFinite(" + value + "))";
    case Rule::kPercent:
      return between("0", "100");
    case Rule::kScore:
      return between("0", "1");
    case Rule::kFlag:
      return value + " <= 1";
    case Rule::kCharge:
    case Rule::kStatus: {
      std::string words = "''";
      for (const char* word : words_of(column.rule)) words += ", '" + std::string(word) + "'";
      return value + " IN (" + words + ")";
    }
    case Rule::kCurrency:
      return "match(" + value + ", '^([A-Z][A-Z][A-Z])?$')";
    case Rule::kHistogram:
      return value + " = '' OR startsWith(" + value + ", '{')";  // validate() reads it whole.
  }
  return "1";
}

std::string expected_text(const ColumnDefinition& column) {
  if (column.rule == Rule::kTime)
    return std::string(rule_text(column.rule)) + ", such as 2026-03-01T12:00:00Z";
  if (column.rule != Rule::kAny) return std::string(rule_text(column.rule));
  const std::string_view type = column.contract_type;
  if (type == "UInt8") return "a whole number, 0 to 255";
  if (type == "UInt32") return "a whole number, 0 to 4294967295";
  if (type == "UUID") return "a UUID";
  return "a value of type " + std::string(column.contract_type);
}

}  // namespace optiinfra
