#include <algorithm>
#include <map>
#include <set>

#include "name_book.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/forget.hpp"
#include "optiinfra/store/names_table.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"

namespace optiinfra {
namespace {

using Ids = std::set<std::string>;

constexpr const char* kSource = "forget";
/// Ids of one statement; they stand in its text.
constexpr std::size_t kIdsOfStatement = 1'000;
constexpr std::chrono::minutes kOwnersTimeout{10};

std::string array_of(const Ids& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : ", ") + sql_literal(id);
  return "[" + text + "]";
}

std::vector<Ids> in_pieces(const Ids& ids) {
  std::vector<Ids> pieces;
  for (const std::string& id : ids) {
    if (pieces.empty() || pieces.back().size() == kIdsOfStatement) pieces.emplace_back();
    pieces.back().insert(id);
  }
  return pieces;
}

/// The tables with a column of the kind's ids.
std::vector<std::string> tables_with(NameKind kind) {
  const std::string wanted = std::string(to_string(kind)) + "_id";
  std::vector<std::string> tables;
  for (const Family family : kFamilies) {
    const TableDefinition& table = table_of(family);
    for (const StoredColumn& column : table.raw_columns())
      if (column.name == wanted) tables.emplace_back(table.raw_table);
    for (const StoredColumn& column : table.rollup_columns())
      if (column.name == wanted) tables.emplace_back(table.rollup_table);
  }
  return tables;
}

/// Those of `ids` that rows of the customer have and rows of no other.
Result<Ids> ids_of_one_owner(Session& session, NameKind kind, const Ids& ids, const Uuid& customer) {
  // An instance's id is of low cardinality, and so would be its text.
  const std::string column = "CAST(toString(" + std::string(to_string(kind)) + "_id) AS String)";
  Ids own, others;
  for (const std::string& table : tables_with(kind))
    for (const Ids& piece : in_pieces(ids)) {
      OPTIINFRA_TRY(
          const auto rows,
          query_texts(session,
                      {.sql = "SELECT " + column +
                              " AS id_text, toString(countIf(customer_id = "
                              "{customer:UUID})), toString(countIf(customer_id != {customer:UUID})) FROM " +
                              qualified(session.database(), table) +
                              " WHERE id_text IN {ids:Array(String)} GROUP BY id_text",
                       .parameters = {{"customer", customer.to_string()}, {"ids", array_of(piece)}},
                       .timeout = kOwnersTimeout}));
      for (const auto& row : rows) {
        if (row[1] != "0") own.insert(row[0]);
        if (row[2] != "0") others.insert(row[0]);
      }
    }
  for (const std::string& id : others) own.erase(id);
  return own;
}

/// Names of services and instances that belong to nobody yet, and whose ids only the customer's rows have.
Result<std::vector<NewName>> unclaimed_names(Client& client, const Uuid& customer) {
  OPTIINFRA_TRY(const Names names, client.names(std::chrono::milliseconds{0}));
  std::vector<NewName> unclaimed;
  for (const NameKind kind : {NameKind::kService, NameKind::kInstance}) {
    std::vector<const NamedId*> entries = names.all(kind);
    std::erase_if(entries, [](const NamedId* entry) { return !entry->customer_id.is_nil(); });
    Ids ids;
    for (const NamedId* const entry : entries) ids.insert(entry->id);
    OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(ids, ids_of_one_owner(session, kind, ids, customer));
      return {};
    }));
    for (const NamedId* const entry : entries)
      if (ids.contains(entry->id)) unclaimed.push_back({kind, entry->name, entry->id, customer});
  }
  return unclaimed;
}

Result<Names::Book> read_book(Client& client) {
  std::vector<NameRecord> records;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(records, read_name_records(session));
    return {};
  }));
  return Names::Book(std::move(records));
}

/// The ids that are the customer's, by kind, without those that another one has today: earlier records of
/// these, set without a customer, go with it.
std::map<NameKind, Ids> ids_of(const Names::Book& book, const Uuid& customer) {
  std::map<NameKind, Ids> ids;
  for (const NameRecord& record : book.records()) {
    if (record.kind >= std::size(kNameKinds) || record.customer_id != customer) continue;
    const auto kind = static_cast<NameKind>(record.kind);
    const NamedId* const today = book.of(kind, record.id);
    if (today == nullptr || today->customer_id.is_nil() || today->customer_id == customer)
      ids[kind].insert(record.id);
  }
  return ids;
}

store::RowsToRemove records_of(const Uuid& customer, const char* condition) {
  return {.table = store::kNamesTable,
          .condition = condition,
          .parameters = {{"customer", customer.to_string()}}};
}

Result<void> remove_records(Client& client, const store::RowsToRemove& records) {
  return client.with_each_part(
      [&](Session& session, std::uint32_t) { return store::remove_rows(session, records); });
}

}  // namespace

Result<std::uint64_t> count_names_of(Client& client, const Uuid& customer) {
  OPTIINFRA_TRY(const auto unclaimed, unclaimed_names(client, customer));
  OPTIINFRA_TRY(const Names::Book book, read_book(client));
  const auto& records = book.records();
  return static_cast<std::uint64_t>(
             std::count_if(records.begin(), records.end(),
                           [&](const NameRecord& record) { return record.customer_id == customer; })) +
         unclaimed.size();
}

Result<void> claim_names(Client& client, const Uuid& customer) {
  OPTIINFRA_TRY(const auto unclaimed, unclaimed_names(client, customer));
  return done(set_names(client, unclaimed, kSource));
}

Result<void> forget_names(Client& client, const Uuid& customer) {
  OPTIINFRA_TRY(const Names::Book book, read_book(client));
  for (const auto& [kind, ids] : ids_of(book, customer))
    for (const Ids& piece : in_pieces(ids)) {
      store::RowsToRemove earlier =
          records_of(customer,
                     "customer_id = toUUID('00000000-0000-0000-0000-000000000000') AND "
                     "kind = {kind:String} AND id IN {ids:Array(String)}");
      earlier.parameters = {{"kind", std::string(to_string(kind))}, {"ids", array_of(piece)}};
      OPTIINFRA_CHECK(remove_records(client, earlier));
    }
  OPTIINFRA_CHECK(
      remove_records(client, records_of(customer, "customer_id = {customer:UUID} AND kind != 'customer'")));
  OPTIINFRA_CHECK(remove_records(client, records_of(customer, "customer_id = {customer:UUID}")));
  return done(client.names(std::chrono::milliseconds{0}));
}

}  // namespace optiinfra
