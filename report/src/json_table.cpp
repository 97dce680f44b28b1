#include "optiinfra/report/json_table.hpp"

#include "json_text.hpp"

namespace optiinfra::report {
namespace {

/// Sorted by key: looking one up in the order of the text takes time by the number of keys.
using SortedJson = nlohmann::json;

/// Deeper than an array of objects nothing is a row.
Result<SortedJson> parse_rows(std::string_view text) {
  constexpr int kDepthMax = 2;
  bool is_too_deep = false;
  SortedJson json = SortedJson::parse(
      text,
      [&](int depth, SortedJson::parse_event_t, SortedJson&) {
        is_too_deep = is_too_deep || depth > kDepthMax;
        return !is_too_deep;
      },
      false);
  if (is_too_deep)
    return invalid_argument("a row is an object of texts and numbers; this body has more inside of them");
  if (json.is_discarded()) return invalid_argument("the body is not JSON");
  return json;
}

Result<std::vector<std::string>> texts_of(const SortedJson& row, std::span<const std::string_view> known,
                                          JsonValues values) {
  std::vector<std::string> texts(known.size());
  if (!row.is_object())
    return invalid_argument("a row is an object: {\"" + std::string(known.front()) + "\": ...}");
  for (const auto& [key, value] : row.items()) {
    OPTIINFRA_TRY(const std::size_t field, index_of_field(key, known));
    if (value.is_null()) continue;
    if (value.is_number() && values == JsonValues::kTextsAndNumbers) {
      texts[field] = value.dump();
    } else if (value.is_string()) {
      texts[field] = value.get<std::string>();
    } else {
      return invalid_argument(
          key + (values == JsonValues::kTexts ? " must be a text" : " must be a text or a number"));
    }
  }
  return texts;
}

}  // namespace

Result<void> read_json_table(std::string_view text, std::span<const std::string_view> known,
                             JsonValues values, const OnTexts& on_row) {
  OPTIINFRA_TRY(SortedJson rows, parse_rows(text));
  if (!rows.is_array()) rows = SortedJson::array({std::move(rows)});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto texts = texts_of(rows[i], known, values);
    auto taken = texts ? on_row(*std::move(texts)) : Result<void>(std::move(texts).error());
    if (!taken) return with_context(std::move(taken).error(), "row " + std::to_string(i));
  }
  return {};
}

}  // namespace optiinfra::report
