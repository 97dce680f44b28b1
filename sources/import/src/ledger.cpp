#include "ledger.hpp"

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {
namespace {

template <typename T>
T value(const Block& block, std::size_t column) {
  const auto* values = block.values<std::vector<T>>(column);
  return values == nullptr || values->empty() ? T{} : values->front();
}

}  // namespace

std::string import_token_start(const Uuid& import_id, sys_seconds begun) {
  return "import:" + import_id.to_string() + ":" + std::to_string(begun.time_since_epoch().count()) + ":";
}

Result<std::optional<ImportState>> Ledger::find() {
  std::optional<ImportState> state;
  OPTIINFRA_CHECK(client_.with_session([&](Session& session) -> Result<void> {
    const Statement statement{
        .sql =
            "SELECT toUInt64(count()), max(block), max(rows), max(refused), max(finished), "
            "min(recorded_at) FROM " +
            qualified(session.database(), "import_ledger") + " WHERE import_id = {import_id:UUID}",
        .parameters = {{"import_id", import_id_.to_string()}}};
    auto read = session.query(statement, [&](const Block& block) {
      if (value<std::uint64_t>(block, 0) == 0) return true;
      state = ImportState{value<std::uint64_t>(block, 1), value<std::uint64_t>(block, 2),
                          value<std::uint64_t>(block, 3), value<std::uint8_t>(block, 4) != 0,
                          sys_seconds{std::chrono::seconds{value<std::uint32_t>(block, 5)}}};
      return true;
    });
    if (!read) return with_context(std::move(read).error(), "the record of imports");
    return {};
  }));
  return state;
}

Result<void> Ledger::record(const ImportState& state) {
  Block row;
  Dictionary family;
  family.append(table_of(family_).name);
  Strings path;
  path.append(path_.string());
  // The time of the first row is the clock of the whole import; later rows say when they were written.
  const sys_seconds recorded_at =
      state.records == 0 && !state.finished ? state.begun : std::max(now(), state.begun);
  row.add({"import_id", "UUID", std::vector<Uuid>{import_id_}});
  row.add({"family", "LowCardinality(String)", std::move(family)});
  row.add({"path", "String", std::move(path)});
  row.add({"block", "UInt64", std::vector<std::uint64_t>{state.records}});
  row.add({"rows", "UInt64", std::vector<std::uint64_t>{state.rows_stored}});
  row.add({"refused", "UInt64", std::vector<std::uint64_t>{state.rows_refused}});
  row.add(
      {"finished", "UInt8", std::vector<std::uint8_t>{state.finished ? std::uint8_t{1} : std::uint8_t{0}}});
  row.add({"recorded_at", "DateTime('UTC')", std::vector<std::uint32_t>{to_column_time(recorded_at)}});
  return client_.with_session([&](Session& session) -> Result<void> {
    auto inserted =
        session.insert({.table = qualified(session.database(), "import_ledger"),
                        .deduplication_token = "",
                        // On a cluster the table is Distributed, which else answers before the row is stored.
                        .settings = {{"distributed_foreground_insert", "1"}}},
                       row);
    if (!inserted)
      return with_context(with_disk_room(session, std::move(inserted).error()), "the record of imports");
    return {};
  });
}

}  // namespace optiinfra
