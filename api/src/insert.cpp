#include "optiinfra/api/insert.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "optiinfra/core/identity.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/rows/encode.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra::api {
namespace {

using InsertedJson = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPauseMin{200}, kPauseMax{5'000};
/// Lines are encoded in steps of so many rows, so that a request hardly exceeds its size.
constexpr std::size_t kRowsOfOneStep = 256;

/// A count; nullopt for anything else, and where it is absent.
std::optional<std::uint64_t> count_in(const InsertedJson& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::string text_in(const InsertedJson& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Inserted> parse_inserted(const std::string& body) {
  const InsertedJson json = InsertedJson::parse(body, nullptr, false);
  const auto accepted = json.is_object() ? count_in(json, "accepted") : std::nullopt;
  if (!accepted) return Error{ErrorKind::kCorrupt, "the answer to an insert is none of an optiinfra service"};
  Inserted inserted{.accepted = *accepted, .duplicates = count_in(json, "duplicates").value_or(0)};
  if (const auto rejected = json.find("rejected"); rejected != json.end() && rejected->is_array())
    for (const InsertedJson& each : *rejected)
      if (each.is_object())
        inserted.refused.push_back(
            {count_in(each, "index").value_or(0), text_in(each, "column"), text_in(each, "reason")});
  inserted.rejected = count_in(json, "rejected_count").value_or(inserted.refused.size());
  return inserted;
}

bool wait(const Patience& patience, milliseconds pause) {
  if (patience.pause) return patience.pause(pause);
  std::this_thread::sleep_for(pause);
  return true;
}

Error refused_by_service(const Inserted& inserted, std::size_t first) {
  Error error{ErrorKind::kRejected,
              "the service did not take " + std::to_string(inserted.rejected) + " of the rows",
              Applied::kUnknown};
  if (inserted.refused.empty()) return error;
  const RefusedRow& row = inserted.refused.front();
  error.message += "; row " + std::to_string(first + row.row) + ", " + row.to_string();
  error.refused = RefusedValue{.row = first + row.row, .column = row.column, .value = {}, .rule = row.reason};
  return error;
}

/// The rows from `first` on as JSON lines; moves `first` behind them.
template <typename Row>
std::string next_lines(const Batch<Row>& batch, std::size_t& first) {
  std::string lines;
  while (first < batch.size() && lines.size() < kApiRequestBytesMax) {
    const std::size_t count = std::min(kRowsOfOneStep, batch.size() - first);
    rows::append_json_lines(lines, batch, first, count);
    first += count;
  }
  return lines;
}

}  // namespace

Result<Inserted> insert_rows(ApiStore& store, Family family, const std::string& content_type, const Uuid& key,
                             const std::string& body, const Patience& patience) {
  using Clock = std::chrono::steady_clock;
  const HttpCall call{.method = "POST",
                      .path = std::string("/api/v1/insert/") + table_of(family).name,
                      .parameters = {{"wait", "stored"}},
                      .headers = {"Content-Type: " + content_type, "Idempotency-Key: " + key.to_string()},
                      .body = body,
                      .timeout = patience.call,
                      .stop = patience.stop};
  const auto give_up = Clock::now() + patience.all;
  for (milliseconds pause = kPauseMin;; pause = std::min(pause * 2, kPauseMax)) {
    auto answer = store.send_rows(call);
    if (answer) return parse_inserted(*answer);
    if (!is_retryable(answer.error()) || Clock::now() + pause > give_up || !wait(patience, pause))
      return std::move(answer).error();
  }
}

template <Metric Row>
Result<void> insert_batch(ApiStore& store, const Batch<Row>& batch, const std::string& token,
                          const Patience& patience) {
  constexpr Family kFamily = MetricTraits<Row>::kFamily;
  if (!batch.is_rectangular()) return invalid_argument("the columns of the batch differ in length");
  if (const Validation validation = validate(batch, now()); !validation.ok())
    return refusal(kFamily, validation, "nothing was stored");
  const Uuid call = token.empty() ? Uuid::random() : identity_of("insert", table_of(kFamily).name);
  for (std::size_t first = 0, number = 0; first < batch.size(); ++number) {
    const std::size_t begin = first;
    const std::string lines = next_lines(batch, first);
    const Uuid key = Uuid::of_name(call, token + ":" + std::to_string(number));
    auto inserted = insert_rows(store, kFamily, "application/x-ndjson", key, lines, patience);
    if (!inserted) {
      Error error = std::move(inserted).error();
      if (is_retryable(error) || begin > 0) error.applied = Applied::kUnknown;
      return error;
    }
    if (inserted->rejected > 0) return refused_by_service(*inserted, begin);
  }
  return {};
}

#define BEGIN_FAMILY(Name, name)                                                          \
  template Result<void> insert_batch<Name##Metric>(ApiStore&, const Batch<Name##Metric>&, \
                                                   const std::string&, const Patience&);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra::api
