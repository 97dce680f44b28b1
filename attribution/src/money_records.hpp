/// Tables of which the newest record of each key holds: prices, budgets, objectives, exchange rates. Nothing
/// is changed in place: a removal is a record too, and earlier records stay.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/schema/tables.hpp"
#include "source_tables.hpp"

namespace optiinfra::attribution {

/// Three capital letters.
inline bool is_currency(const std::string& text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char letter) { return letter >= 'A' && letter <= 'Z'; });
}

/// Three capital letters, or nothing: not stated.
inline bool is_currency_or_none(const std::string& text) { return text.empty() || is_currency(text); }

template <typename Value>
struct Record {
  Value value;
  std::int64_t set_at_us = 0;
  bool is_removed = false;
};

/// What differs between the tables. `Key` is comparable, and may refer into the value.
template <typename Value, typename Key>
struct RecordTable {
  const char* name;
  const char* one;          ///< "budget", for messages.
  const char* what;         ///< "the table of budgets".
  std::size_t records_max;  ///< Earlier ones included.
  const char* columns;      ///< What is selected, but for set_at and is_removed.
  Key (*key_of)(const Value& value);
  /// The value of a row; nothing when only a newer program can read it.
  std::optional<Value> (*value_at)(const Block& block, std::size_t row);
  /// The columns but for set_at and is_removed.
  Block (*block_of)(std::span<const Record<Value>> records);
  std::string (*described)(const Value& value);  ///< Its key, for messages.
};

inline std::string text_in(const Block& block, std::size_t column, std::size_t row) {
  return std::string((*block.values<Strings>(column))[row]);
}

template <typename Number>
Number number_in(const Block& block, std::size_t column, std::size_t row) {
  return (*block.values<std::vector<Number>>(column))[row];
}

/// The number, or null.
inline std::optional<double> maybe_number_in(const Block& block, std::size_t column, std::size_t row) {
  const Nullable& values = **block.values<std::unique_ptr<Nullable>>(column);
  if (values.null[row] != 0) return {};
  return std::get<std::vector<double>>(values.values)[row];
}

/// In microseconds: later than every record, also when this machine's clock is behind that of the one that
/// wrote it.
template <typename Value>
std::int64_t time_after(const std::vector<Record<Value>>& records) {
  std::int64_t time = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  for (const auto& record : records) time = std::max(time, record.set_at_us + 1);
  return time;
}

/// All records. Errors: of the store; kTooLarge beyond records_max.
template <typename Value, typename Key>
Result<std::vector<Record<Value>>> read_records(Client& client, const RecordTable<Value, Key>& table) {
  std::vector<Record<Value>> records;
  auto asked = client.with_session([&](Session& session) {
    return done(session.query({.sql = std::string("SELECT ") + table.columns +
                                      ", toUnixTimestamp64Micro(set_at), is_removed FROM " +
                                      qualified(session.database(), table.name)},
                              [&](const Block& block) {
                                const std::size_t time = block.columns().size() - 2;
                                for (std::size_t i = 0; i < block.row_count(); ++i) {
                                  if (auto value = table.value_at(block, i))
                                    records.push_back({*std::move(value),
                                                       number_in<std::int64_t>(block, time, i),
                                                       number_in<std::uint8_t>(block, time + 1, i) != 0});
                                }
                                return records.size() <= table.records_max;
                              }));
  });
  if (!asked) return with_context(std::move(asked).error(), table.what);
  if (records.size() <= table.records_max) return records;
  return Error{ErrorKind::kTooLarge,
               std::string(table.what) + " has more than " + std::to_string(table.records_max) + " records"};
}

/// The newest value of each key that is not removed, by key.
template <typename Value, typename Key>
std::vector<Value> values_that_hold(std::vector<Record<Value>> records,
                                    const RecordTable<Value, Key>& table) {
  std::stable_sort(records.begin(), records.end(), [&](const Record<Value>& a, const Record<Value>& b) {
    const Key left = table.key_of(a.value), right = table.key_of(b.value);
    return left < right || (!(right < left) && a.set_at_us < b.set_at_us);
  });
  std::vector<Value> values;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool is_newest =
        i + 1 == records.size() || table.key_of(records[i].value) != table.key_of(records[i + 1].value);
    if (is_newest && !records[i].is_removed) values.push_back(records[i].value);
  }
  return values;
}

template <typename Value, typename Key>
Result<std::vector<Value>> read_values(Client& client, const RecordTable<Value, Key>& table) {
  OPTIINFRA_TRY(auto records, read_records(client, table));
  return values_that_hold(std::move(records), table);
}

template <typename Value, typename Key>
Result<void> append_records(Client& client, const RecordTable<Value, Key>& table,
                            std::span<const Record<Value>> records) {
  if (records.empty()) return {};
  Block block = table.block_of(records);
  std::vector<std::int64_t> times;
  std::vector<std::uint8_t> removed;
  for (const Record<Value>& record : records) {
    times.push_back(record.set_at_us);
    removed.push_back(record.is_removed ? 1 : 0);
  }
  block.add({"set_at", "DateTime64(6, 'UTC')", std::move(times)});
  block.add({"is_removed", "UInt8", std::move(removed)});
  auto inserted = client.with_session([&](Session& session) {
    // On a cluster the table is Distributed, which else answers before the row is stored.
    return done(session.insert({.table = qualified(session.database(), table.name),
                                .deduplication_token = {},
                                .settings = {{"distributed_foreground_insert", "1"}}},
                               block));
  });
  if (!inserted) return with_context(std::move(inserted).error(), table.what);
  return {};
}

/// Sets values, all or none (on a cluster, a shard that fails may leave a part; repeating the call does the
/// rest), and returns how many are new or changed; the others are not stored again. Errors: kInvalidArgument
/// for two of one key, naming both; kTooLarge beyond records_max; of the store.
template <typename Value, typename Key>
Result<std::size_t> set_values(Client& client, const RecordTable<Value, Key>& table,
                               const std::vector<Value>& values) {
  const auto precedes = [&](const Value& a, const Value& b) { return table.key_of(a) < table.key_of(b); };
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return precedes(values[a], values[b]); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (precedes(values[order[i - 1]], values[order[i]])) continue;
    return invalid_argument(std::string(table.one) + " " + std::to_string(order[i] + 1) +
                            " is for the same as " + table.one + " " + std::to_string(order[i - 1] + 1) +
                            ": " + table.described(values[order[i]]));
  }
  OPTIINFRA_TRY(auto records, read_records(client, table));
  const std::int64_t time = time_after(records);
  const std::size_t count = records.size();
  const std::vector<Value> held = values_that_hold(std::move(records), table);
  std::vector<Record<Value>> added;
  for (const Value& value : values) {
    const auto known = std::lower_bound(held.begin(), held.end(), value, precedes);
    if (known == held.end() || !(*known == value)) added.push_back({value, time, false});
  }
  if (count + added.size() > table.records_max)
    return Error{ErrorKind::kTooLarge, std::string(table.what) + " would have more than " +
                                           std::to_string(table.records_max) +
                                           " records, earlier ones among them; nothing was set"};
  OPTIINFRA_CHECK(append_records(client, table, std::span<const Record<Value>>(added)));
  return added.size();
}

/// Removes the value with the key of `like`; false when there is none.
template <typename Value, typename Key>
Result<bool> remove_value(Client& client, const RecordTable<Value, Key>& table, const Value& like) {
  OPTIINFRA_TRY(const auto records, read_records(client, table));
  for (const Value& value : values_that_hold(records, table)) {
    if (table.key_of(value) != table.key_of(like)) continue;
    const Record<Value> removal{value, time_after(records), true};
    OPTIINFRA_CHECK(append_records(client, table, std::span(&removal, 1)));
    return true;
  }
  return false;
}

/// Sets the values of `source` whose keys `target` does not have. Returns how many. A source of an older
/// schema has none. Errors: of either store.
template <typename Value, typename Key>
Result<std::size_t> copy_values(Client& source, Client& target, const RecordTable<Value, Key>& table) {
  OPTIINFRA_TRY(const bool is_there, has_table(source, table.name));
  if (!is_there) return std::size_t{0};
  OPTIINFRA_TRY(const auto held, read_values(target, table));
  OPTIINFRA_TRY(auto values, read_values(source, table));
  std::erase_if(values, [&](const Value& value) {
    return std::binary_search(held.begin(), held.end(), value, [&](const Value& a, const Value& b) {
      return table.key_of(a) < table.key_of(b);
    });
  });
  return set_values(target, table, values);
}

}  // namespace optiinfra::attribution
