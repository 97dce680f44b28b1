#include "ledger.hpp"

#include <algorithm>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/disk_room.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {
namespace {

/// In column `oldest` of an import's first record, which has no rows. Metrics are never so old.
constexpr std::uint32_t kMarkOfCutByDays = 1;

template <typename T>
T value(const Block& block, std::size_t column) {
  const auto* values = block.values<std::vector<T>>(column);
  return values == nullptr || values->empty() ? T{} : values->front();
}

}  // namespace

std::string import_token_start(const Uuid& import_id, sys_seconds begun, BlockCut cut) {
  return std::string(cut == BlockCut::kFormer ? "import:" : "import2:") + import_id.to_string() + ":" +
         std::to_string(begun.time_since_epoch().count()) + ":";
}

Result<std::optional<ImportState>> Ledger::find() {
  std::optional<ImportState> state;
  OPTIINFRA_CHECK(client_.with_session([&](Session& session) -> Result<void> {
    const Statement statement{
        .sql =
            "SELECT toUInt64(count()), max(block), max(rows), max(refused), max(finished), "
            "min(recorded_at), max(toUnixTimestamp(oldest) = " +
            std::to_string(kMarkOfCutByDays) + ") FROM " + qualified(session.database(), "import_ledger") +
            " WHERE import_id = {import_id:UUID}",
        .parameters = {{"import_id", origin_.id.to_string()}}};
    auto read = session.query(statement, [&](const Block& block) {
      if (value<std::uint64_t>(block, 0) == 0 || value<std::uint8_t>(block, 4) == kBeingRemoved) return true;
      state = ImportState{value<std::uint64_t>(block, 1),
                          value<std::uint64_t>(block, 2),
                          value<std::uint64_t>(block, 3),
                          value<std::uint8_t>(block, 4) != 0,
                          sys_seconds{std::chrono::seconds{value<std::uint32_t>(block, 5)}},
                          {},
                          value<std::uint8_t>(block, 6) != 0 ? BlockCut::kByDays : BlockCut::kFormer};
      return true;
    });
    if (!read) return with_context(std::move(read).error(), "the record of imports");
    return {};
  }));
  return state;
}

// The time of the first row is the clock of the whole import; later rows say when they were written.
Result<void> Ledger::begin(const ImportState& state) {
  ImportState first = state;
  if (state.cut == BlockCut::kByDays)
    first.times = TimeRange{sys_seconds{std::chrono::seconds{kMarkOfCutByDays}}, sys_seconds{}};
  return add(first, 0, state.begun);
}

Result<void> Ledger::record(const ImportState& state) {
  return add(state, state.finished ? 1 : 0, std::max(now(), state.begun));
}

Result<void> Ledger::begin_removal(const ImportState& state) {
  return add(state, kBeingRemoved, std::max(now(), state.begun));
}

Result<void> Ledger::add(const ImportState& state, std::uint8_t finished, sys_seconds recorded_at) {
  Block row;
  const auto add_text = [&row](const char* name, const std::string& value) {
    Strings text;
    text.append(value);
    row.add({name, "String", std::move(text)});
  };
  const auto add_word = [&row](const char* name, const std::string& value) {
    Dictionary word;
    word.append(value);
    row.add({name, "LowCardinality(String)", std::move(word)});
  };
  const auto add_number = [&row](const char* name, std::uint64_t value) {
    row.add({name, "UInt64", std::vector<std::uint64_t>{value}});
  };
  const auto add_uuid = [&row](const char* name, const Uuid& value) {
    row.add({name, "UUID", std::vector<Uuid>{value}});
  };
  const auto add_time = [&row](const char* name, sys_seconds value) {
    row.add({name, "DateTime('UTC')", std::vector<std::uint32_t>{to_column_time(value)}});
  };
  add_uuid("import_id", origin_.id);
  add_word("family", table_of(origin_.family).name);
  add_text("path", origin_.path);
  add_number("block", state.records);
  add_number("rows", state.rows_stored);
  add_number("refused", state.rows_refused);
  row.add({"finished", "UInt8", std::vector<std::uint8_t>{finished}});
  add_time("recorded_at", recorded_at);
  add_word("delivery", origin_.delivery);
  add_word("map", origin_.map);
  add_uuid("content", origin_.content);
  add_number("content_bytes", origin_.content_bytes);
  add_uuid("reading", origin_.reading);
  add_uuid("continues", origin_.continues);
  add_time("oldest", state.times ? state.times->begin : sys_seconds{});
  add_time("newest", state.times ? state.times->end : sys_seconds{});
  return client_.with_session([&](Session& session) -> Result<void> {
    auto inserted =
        session.insert({.table = qualified(session.database(), "import_ledger"),
                        .deduplication_token = "",
                        // On a cluster the table is Distributed, which else answers before the row is stored.
                        .settings = {{"distributed_foreground_insert", "1"}}},
                       row);
    if (!inserted)
      return with_context(store::with_disk_room(session, std::move(inserted).error()),
                          "the record of imports");
    return {};
  });
}

}  // namespace optiinfra
