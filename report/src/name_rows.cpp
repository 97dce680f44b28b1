#include "optiinfra/report/name_rows.hpp"

#include <algorithm>
#include <array>

#include "json_text.hpp"
#include "optiinfra/core/csv_reader.hpp"
#include "optiinfra/core/nearest.hpp"

namespace optiinfra::report {
namespace {

/// In this order everywhere below.
constexpr std::array kKeys = {"kind", "name", "id", "customer_id"};
constexpr std::size_t kNoKey = kKeys.size();
using Texts = std::array<std::string, kKeys.size()>;

std::size_t key_index(std::string_view name) {
  return static_cast<std::size_t>(std::find(kKeys.begin(), kKeys.end(), name) - kKeys.begin());
}

Error unknown_key(std::string_view name) {
  return invalid_argument("'" + shown(name) + "' is not one of kind, name, id, customer_id");
}

Error too_many() {
  return {ErrorKind::kTooLarge, "more than " + std::to_string(kNamesMax) + " names; nothing was set"};
}

Result<NewName> name_of(Texts texts) {
  OPTIINFRA_TRY(const NameKind kind, parse_name_kind(texts[0]));
  NewName name{.kind = kind, .name = std::move(texts[1]), .id = std::move(texts[2])};
  if (!texts[3].empty()) {
    auto customer = Uuid::parse(texts[3]);
    if (!customer) return with_context(std::move(customer).error(), "customer_id");
    name.customer_id = *customer;
  }
  return name;
}

/// Sorted by key: looking one up in the order of the text takes time by the number of keys.
using SortedJson = nlohmann::json;

/// Deeper than an array of objects nothing is a name.
Result<SortedJson> parse(std::string_view text) {
  constexpr int kDepthMax = 2;
  bool is_too_deep = false;
  SortedJson json = SortedJson::parse(
      text,
      [&](int depth, SortedJson::parse_event_t, SortedJson&) {
        is_too_deep = is_too_deep || depth > kDepthMax;
        return !is_too_deep;
      },
      false);
  if (is_too_deep) return invalid_argument("a name is an object of texts; this body has more inside of them");
  if (json.is_discarded()) return invalid_argument("the body is not JSON");
  return json;
}

Result<Texts> texts_of(const SortedJson& row) {
  Texts texts;
  if (!row.is_object()) return invalid_argument("a name is an object: {\"kind\", \"name\", \"id\"}");
  for (const auto& [key, value] : row.items()) {
    const std::size_t index = key_index(key);
    if (index == kNoKey) return unknown_key(key);
    if (value.is_null()) continue;
    if (!value.is_string()) return invalid_argument(key + " must be a text");
    texts[index] = value.get<std::string>();
  }
  return texts;
}

}  // namespace

Result<std::vector<NewName>> read_names_csv(std::string_view text) {
  CsvReader reader(text);
  OPTIINFRA_TRY(const auto header, reader.record());
  std::vector<std::size_t> keys;
  for (const std::string& name : header) {
    keys.push_back(key_index(name));
    if (keys.back() == kNoKey) return unknown_key(name);
  }
  std::vector<NewName> names;
  while (!reader.at_end()) {
    OPTIINFRA_TRY(auto cells, reader.record());
    if (cells.size() == 1 && cells.front().empty()) continue;
    if (cells.size() != keys.size())
      return reader.refuse("has " + std::to_string(cells.size()) + " cells, and the header " +
                           std::to_string(keys.size()));
    Texts texts;
    for (std::size_t i = 0; i < cells.size(); ++i) texts[keys[i]] = std::move(cells[i]);
    auto name = name_of(std::move(texts));
    if (!name) return with_context(std::move(name).error(), "line " + std::to_string(reader.line()));
    names.push_back(*std::move(name));
    if (names.size() > kNamesMax) return too_many();
  }
  return names;
}

Result<std::vector<NewName>> read_names_json(std::string_view text) {
  OPTIINFRA_TRY(SortedJson rows, parse(text));
  if (!rows.is_array()) rows = SortedJson::array({std::move(rows)});
  if (rows.size() > kNamesMax) return too_many();
  std::vector<NewName> names;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto texts = texts_of(rows[i]);
    auto name = texts ? name_of(*std::move(texts)) : Result<NewName>(std::move(texts).error());
    if (!name) return with_context(std::move(name).error(), "row " + std::to_string(i));
    names.push_back(*std::move(name));
  }
  return names;
}

}  // namespace optiinfra::report
