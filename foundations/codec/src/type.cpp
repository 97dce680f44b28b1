#include "optiinfra/codec/type.hpp"

namespace optiinfra {
namespace {

/// The text between the parentheses of `name(...)`, or nothing when `type` is of another family.
bool strip(std::string_view& type, std::string_view name) {
  if (!type.starts_with(name) || type.size() < name.size() + 2 || type[name.size()] != '(' ||
      type.back() != ')') {
    return false;
  }
  type = type.substr(name.size() + 1, type.size() - name.size() - 2);
  return true;
}

bool is_family(std::string_view type, std::string_view name) { return type == name || strip(type, name); }

Error unknown_type(std::string_view type) {
  return invalid_argument("column type '" + std::string(type.substr(0, 200)) +
                          "' is not supported; convert it in the query, for example with toString()");
}

Result<ColumnData> empty_column(std::string_view type, int depth);

Result<ColumnData> empty_nullable(std::string_view inner, int depth) {
  auto nullable = std::make_unique<Nullable>();
  OPTIINFRA_TRY(nullable->values, empty_column(inner, depth + 1));
  if (std::holds_alternative<Dictionary>(nullable->values) ||
      std::holds_alternative<std::unique_ptr<Nullable>>(nullable->values)) {
    return unknown_type(inner);
  }
  return ColumnData(std::move(nullable));
}

Result<ColumnData> empty_column(std::string_view type, int depth) {
  if (depth > kTypeDepthMax) return Error{ErrorKind::kTooLarge, "a column type is nested too deeply"};
  if (type == "UInt8" || type == "Bool") return ColumnData(std::vector<std::uint8_t>{});
  if (type == "UInt16" || type == "Date") return ColumnData(std::vector<std::uint16_t>{});
  if (type == "UInt32" || is_family(type, "DateTime")) return ColumnData(std::vector<std::uint32_t>{});
  if (type == "UInt64") return ColumnData(std::vector<std::uint64_t>{});
  if (type == "Int8" || is_family(type, "Enum8")) return ColumnData(std::vector<std::int8_t>{});
  if (type == "Int16" || is_family(type, "Enum16")) return ColumnData(std::vector<std::int16_t>{});
  if (type == "Int32") return ColumnData(std::vector<std::int32_t>{});
  if (type == "Int64" || is_family(type, "DateTime64")) return ColumnData(std::vector<std::int64_t>{});
  if (type == "Float32") return ColumnData(std::vector<float>{});
  if (type == "Float64") return ColumnData(std::vector<double>{});
  if (type == "UUID") return ColumnData(std::vector<Uuid>{});
  if (type == "String") return ColumnData(Strings{});
  if (type == "LowCardinality(String)") return ColumnData(Dictionary{});
  std::string_view inner = type;
  if (strip(inner, "Nullable")) return empty_nullable(inner, depth);
  if (strip(inner, "SimpleAggregateFunction")) {
    const auto comma = inner.find(", ");
    if (comma != std::string_view::npos) return empty_column(inner.substr(comma + 2), depth + 1);
  }
  return unknown_type(type);
}

}  // namespace

Result<ColumnData> empty_column(std::string_view type) {
  auto column = empty_column(type, 0);
  // The part that is unknown helps less than the whole type, which a caller finds in the query.
  if (!column && column.error().kind == ErrorKind::kInvalidArgument) return unknown_type(type);
  return column;
}

}  // namespace optiinfra
