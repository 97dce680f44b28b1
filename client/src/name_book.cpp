#include "name_book.hpp"

#include <algorithm>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/names_table.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace {

/// On a cluster the table is Distributed, which else answers before the row is stored.
const std::vector<NamedValue> kInsertSettings = {{"distributed_foreground_insert", "1"}};

/// Of all records, whatever their order: records are added, and those of a forgotten customer removed.
Result<std::uint64_t> hash_of_records(Session& session) {
  return query_number(
      session, {.sql = "SELECT toUInt64(sum(cityHash64(toString(kind), name, id, set_at)) + count()) FROM " +
                       qualified(session.database(), store::kNamesTable)});
}

}  // namespace

Names::Book::Book(std::vector<NameRecord> records) {
  std::sort(records.begin(), records.end());
  records_.reserve(records.size());
  for (const NameRecord& record : records) apply(record);
}

void Names::Book::drop_name(std::size_t kind, const std::string& name) {
  const auto found = by_name_[kind].find(name);
  if (found == by_name_[kind].end()) return;
  former_[kind][name] = found->second->id;
  by_id_[kind].erase(found->second->id);
  by_name_[kind].erase(found);
}

void Names::Book::apply(const NameRecord& record) {
  const std::size_t kind = record.kind;
  records_.push_back(record);
  if (kind >= by_name_.size()) return;  // A kind of a newer program.
  drop_name(kind, record.name);
  if (record.is_removed) return;
  if (const auto old = by_id_[kind].find(record.id); old != by_id_[kind].end())
    drop_name(kind, std::string(old->second->name));
  former_[kind].erase(record.name);
  const auto entry = std::make_shared<const NamedId>(NamedId{
      static_cast<NameKind>(kind), record.name, record.id, record.customer_id,
      std::chrono::floor<std::chrono::seconds>(sys_seconds{} + std::chrono::microseconds{record.set_at_us}),
      record.source});
  by_name_[kind][record.name] = entry;
  by_id_[kind][record.id] = entry;
}

const NamedId* Names::Book::look(const std::array<Entries, 3>& entries, NameKind kind,
                                 const std::string& key) {
  const Entries& of_kind = entries[static_cast<std::size_t>(kind)];
  const auto found = of_kind.find(key);
  return found == of_kind.end() ? nullptr : found->second.get();
}

const std::string* Names::Book::former(NameKind kind, const std::string& name) const {
  const auto& of_kind = former_[static_cast<std::size_t>(kind)];
  const auto found = of_kind.find(name);
  return found == of_kind.end() ? nullptr : &found->second;
}

std::vector<const NamedId*> Names::Book::all() const {
  std::vector<const NamedId*> entries;
  for (const Entries& of_kind : by_name_) {
    const auto begin = entries.insert(entries.end(), of_kind.size(), nullptr);
    std::transform(of_kind.begin(), of_kind.end(), begin, [](const auto& each) { return each.second.get(); });
    std::sort(begin, entries.end(), [](const NamedId* a, const NamedId* b) { return a->name < b->name; });
  }
  return entries;
}

std::size_t Names::Book::size() const noexcept {
  return by_name_[0].size() + by_name_[1].size() + by_name_[2].size();
}

Result<std::vector<NameRecord>> read_name_records(Session& session) {
  std::vector<NameRecord> records;
  const Statement statement{
      .sql =
          "SELECT CAST(kind, 'String'), name, id, customer_id, toUnixTimestamp64Micro(set_at), "
          "CAST(source, 'String'), is_removed FROM " +
          qualified(session.database(), store::kNamesTable)};
  auto asked = session.query(statement, [&](const Block& block) {
    const auto& kinds = *block.values<Strings>(0);
    const auto& names = *block.values<Strings>(1);
    const auto& ids = *block.values<Strings>(2);
    const auto& customers = *block.values<std::vector<Uuid>>(3);
    const auto& times = *block.values<std::vector<std::int64_t>>(4);
    const auto& sources = *block.values<Strings>(5);
    const auto& removed = *block.values<std::vector<std::uint8_t>>(6);
    for (std::size_t i = 0; i < block.row_count(); ++i) {
      const auto kind = parse_name_kind(kinds[i]);
      records.push_back({times[i], static_cast<std::uint8_t>(kind ? static_cast<std::size_t>(*kind) : 0xFF),
                         std::string(names[i]), std::string(ids[i]), customers[i], std::string(sources[i]),
                         removed[i] != 0});
    }
    return records.size() <= kNameRecordsMax;
  });
  if (!asked) return with_context(std::move(asked).error(), "the names");
  if (records.size() <= kNameRecordsMax) return records;
  return Error{ErrorKind::kTooLarge, "the table names has more than " + std::to_string(kNameRecordsMax) +
                                         " records; a program sets names that change all the time"};
}

Result<void> insert_name_records(Session& session, std::span<const NameRecord> records) {
  if (records.empty()) return {};
  Dictionary kinds, sources;
  Strings names, ids;
  std::vector<Uuid> customers;
  std::vector<std::int64_t> times;
  std::vector<std::uint8_t> removed;
  for (const NameRecord& record : records) {
    kinds.append(to_string(static_cast<NameKind>(record.kind)));
    names.append(record.name);
    ids.append(record.id);
    customers.push_back(record.customer_id);
    times.push_back(record.set_at_us);
    sources.append(record.source);
    removed.push_back(record.is_removed ? 1 : 0);
  }
  Block block;
  block.add({"kind", "LowCardinality(String)", std::move(kinds)});
  block.add({"name", "String", std::move(names)});
  block.add({"id", "String", std::move(ids)});
  block.add({"customer_id", "UUID", std::move(customers)});
  block.add({"set_at", "DateTime64(6, 'UTC')", std::move(times)});
  block.add({"source", "LowCardinality(String)", std::move(sources)});
  block.add({"is_removed", "UInt8", std::move(removed)});
  auto inserted = session.insert({.table = qualified(session.database(), store::kNamesTable),
                                  .deduplication_token = {},
                                  .settings = kInsertSettings},
                                 block);
  if (!inserted) return with_context(std::move(inserted).error(), "the names");
  return {};
}

Result<std::shared_ptr<const Names::Book>> NameCache::get(
    const std::function<Result<void>(const std::function<Result<void>(Session&)>&)>& with_session,
    std::chrono::milliseconds age) {
  // Held while the names are read, so that many questions at once read them once.
  const std::lock_guard lock(mutex_);
  const auto at = std::chrono::steady_clock::now();
  if (book_ != nullptr && age.count() > 0 && at - read_at_ <= age) return book_;
  OPTIINFRA_CHECK(with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(const std::uint64_t hash, hash_of_records(session));
    if (book_ != nullptr && hash == hash_) return {};
    OPTIINFRA_TRY(auto records, read_name_records(session));
    hash_ = hash;
    book_ = std::make_shared<const Names::Book>(std::move(records));
    return {};
  }));
  read_at_ = at;
  return book_;
}

}  // namespace optiinfra
