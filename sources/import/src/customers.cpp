#include "customers.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "optiinfra/core/csv_reader.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/transport/sql.hpp"

namespace optiinfra {
namespace {

/// The engine reads a query of up to 256 KiB, and the customers are a part of it.
constexpr std::size_t kCustomersBytesMax = 192 << 10;

constexpr std::string_view kTagPrefix = "tag:";
constexpr const char* kTags = "tags";
constexpr const char* kOthers = "*";

Result<std::string> read_text_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) return invalid_argument("the file cannot be read");
  if (text.size() > kCustomersBytesMax) return invalid_argument("the file is over the limit of 192 KiB");
  return text;
}

Result<std::string> customer_id_of(const Names& names, const std::string& customer) {
  if (const auto id = Uuid::parse(customer); id && !id->is_nil()) return id->to_string();
  OPTIINFRA_TRY(const auto id, names.id_of(NameKind::kCustomer, customer));
  return id;
}

Result<CustomersByKey> parse_customers(Client& client, const std::string& text) {
  OPTIINFRA_TRY(const Names names, client.names());
  CsvReader reader(text);
  OPTIINFRA_TRY(const auto header, reader.record());
  if (header.size() != 2 || header[0].empty() || header[1] != "customer")
    return reader.refuse(
        "must be a header of two columns: a key (account, project, tag:NAME, or a column of "
        "the file) and customer");
  CustomersByKey customers;
  customers.key_name = header[0];
  std::set<std::string> keys;
  while (!reader.at_end()) {
    OPTIINFRA_TRY(const auto cells, reader.record());
    if (cells.size() == 1 && cells.front().empty()) continue;
    if (cells.size() != 2) return reader.refuse("has " + std::to_string(cells.size()) + " cells, not 2");
    if (!keys.insert(cells[0]).second) return reader.refuse("has the key '" + shown(cells[0]) + "' again");
    auto id = customer_id_of(names, cells[1]);
    if (!id) return reader.refuse(": " + id.error().message);
    if (cells[0] == kOthers) {
      customers.others = *std::move(id);
    } else {
      customers.ids.emplace_back(cells[0], *std::move(id));
    }
  }
  if (keys.empty()) return invalid_argument("it has no line below the header");
  // The order of the lines makes no other import.
  std::sort(customers.ids.begin(), customers.ids.end());
  return customers;
}

/// A tag by its name in {"name": "value"} or [{"key": "name", "value": "value"}].
std::string tag_of(const std::string& tags, const std::string& name) {
  const std::string text = "ifNull(toString((\n" + tags + "\n)), '')", literal = sql_literal(name);
  const auto list = [&text](const char* part) {
    return "tupleElement(JSONExtract(" + text + ", 'Array(Tuple(key String, value String))'), '" + part +
           "')";
  };
  return "if(startsWith(" + text + ", '['), arrayElement(" + list("value") + ", indexOf(" + list("key") +
         ", " + literal + ")), JSONExtractString(" + text + ", " + literal + "))";
}

}  // namespace

Result<CustomersByKey> read_customers(Client& client, const std::filesystem::path& path) {
  auto text = read_text_file(path);
  if (!text) return with_context(std::move(text).error(), "customers in " + path.string());
  auto customers = parse_customers(client, *text);
  if (!customers) return with_context(std::move(customers).error(), "customers in " + path.string());
  customers->file = path.string();
  return customers;
}

Result<void> give_customers(const CustomersByKey& customers, ImportMap& map) {
  const std::string context = "customers in " + customers.file;
  if (map.is_contract)
    return invalid_argument(context + ": a file with the table's own columns says itself who pays");
  map.customers = customers;
  std::string wanted = customers.key_name;
  const bool is_tag = wanted.starts_with(kTagPrefix);
  if (is_tag) wanted = kTags;
  std::vector<std::string> known;
  for (const auto& [name, expression] : map.keys) {
    known.push_back(name == kTags ? std::string(kTagPrefix) + "NAME" : name);
    if (name == wanted && (is_tag || name != kTags)) map.customers.key = expression;
  }
  if (is_tag && map.customers.key.empty())
    return invalid_argument(context + ": the map " + map.name + " knows no tags" +
                            (known.empty() ? "" : "; its keys are " + listed(known)));
  if (is_tag) map.customers.key = tag_of(map.customers.key, customers.key_name.substr(kTagPrefix.size()));
  if (map.customers.key.empty()) map.customers.key = sql_identifier(customers.key_name);
  if (customer_of(map.customers, map.customers.key).size() > kCustomersBytesMax)
    return invalid_argument(
        context + ": " + std::to_string(map.customers.ids.size()) +
        " keys are too many for one statement; import in several calls, each with the keys of "
        "its files, or put most of them under *");
  const auto column = std::find_if(map.columns.begin(), map.columns.end(),
                                   [](const MapEntry& entry) { return entry.first == kCustomerColumn; });
  if (column == map.columns.end()) {
    map.columns.emplace_back(kCustomerColumn, map.customers.key);
    std::sort(map.columns.begin(), map.columns.end());
  } else {
    column->second = map.customers.key;
  }
  return {};
}

std::string customer_of(const CustomersByKey& customers, const std::string& key) {
  std::string from, to;
  for (const auto& [name, id] : customers.ids) {
    from += (from.empty() ? "" : ", ") + sql_literal(name);
    to += (to.empty() ? "" : ", ") + sql_literal(id);
  }
  const std::string text = "ifNull(toString(" + key + "), '')";
  const std::string other = customers.others.empty()
                                ? "concat(" + sql_literal(kNoCustomer) + ", " + text + ")"
                                : sql_literal(customers.others);
  if (from.empty()) return other;
  return "transform(" + text + ", [" + from + "], [" + to + "], " + other + ")";
}

}  // namespace optiinfra
