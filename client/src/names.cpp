#include "optiinfra/client/names.hpp"

#include <algorithm>

#include "name_book.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/utf8.hpp"

namespace optiinfra {
namespace {

std::int64_t microseconds_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string quoted(NameKind kind, std::string_view name) {
  return std::string(to_string(kind)) + " '" + shown(name) + "'";
}

Result<void> expect_name(NameKind kind, const std::string& name) {
  const auto refuse = [&](const char* why) { return invalid_argument(quoted(kind, name) + ": " + why); };
  if (name.empty()) return refuse("a name must not be empty");
  if (name.size() > kNameBytesMax) return refuse("a name has at most 256 bytes");
  if (!is_utf8(name)) return refuse("a name must be UTF-8");
  if (Uuid::parse(name)) return refuse("a name must not be a UUID: it would hide what has this UUID");
  if (name.front() == ' ' || name.back() == ' ') return refuse("a name must not begin or end with a space");
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
    return refuse("a name must not have control characters");
  return {};
}

Result<NameRecord> record_of(const NewName& name, std::string_view source) {
  OPTIINFRA_CHECK(expect_name(name.kind, name.name));
  NameRecord record{.kind = static_cast<std::uint8_t>(name.kind),
                    .name = name.name,
                    .id = name.id,
                    .customer_id = name.customer_id,
                    .source = std::string(source)};
  if (name.kind == NameKind::kInstance) {
    if (name.id.empty() || name.id.size() > kNameBytesMax || !is_utf8(name.id))
      return invalid_argument(quoted(name.kind, name.name) +
                              ": the id of the instance is missing, as its rows have it");
    return record;
  }
  Uuid id = identity_of(to_string(name.kind), name.name);
  if (!name.id.empty()) {
    auto parsed = Uuid::parse(name.id);
    if (!parsed) return with_context(std::move(parsed).error(), quoted(name.kind, name.name));
    id = *parsed;
  }
  record.id = id.to_string();
  if (name.kind == NameKind::kCustomer) record.customer_id = id;
  return record;
}

Error taken(const NameRecord& record, const NamedId& owner) {
  return {ErrorKind::kConflict, quoted(owner.kind, record.name) + " is the name of " + owner.id +
                                    " already; remove it first: " + "optiinfra names remove " +
                                    std::string(to_string(owner.kind)) + " '" + record.name + "'"};
}

Result<Names::Book> current_book(Client& client) {
  std::vector<NameRecord> records;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(records, read_name_records(session));
    return {};
  }));
  return Names::Book(std::move(records));
}

Result<void> insert(Client& client, const std::vector<NameRecord>& records) {
  return client.with_session([&](Session& session) { return insert_name_records(session, records); });
}

}  // namespace

std::string_view to_string(NameKind kind) noexcept {
  switch (kind) {
    case NameKind::kCustomer:
      return "customer";
    case NameKind::kService:
      return "service";
    case NameKind::kInstance:
      break;
  }
  return "instance";
}

Result<NameKind> parse_name_kind(std::string_view text) {
  for (const NameKind kind : kNameKinds)
    if (text == to_string(kind)) return kind;
  return invalid_argument("'" + shown(text) + "' is not one of customer, service, instance");
}

Names::Names() : book_(std::make_shared<const Book>(std::vector<NameRecord>{})) {}
Names::Names(std::shared_ptr<const Book> book, std::vector<Uuid> customers)
    : book_(std::move(book)), customers_(std::move(customers)) {}

bool Names::shows(const NamedId& entry) const {
  return customers_.empty() ||
         std::find(customers_.begin(), customers_.end(), entry.customer_id) != customers_.end();
}

const NamedId* Names::find(NameKind kind, std::string_view name) const {
  const NamedId* const entry = book_->find(kind, std::string(name));
  return entry != nullptr && shows(*entry) ? entry : nullptr;
}

const NamedId* Names::of(NameKind kind, std::string_view id) const {
  const NamedId* const entry = book_->of(kind, std::string(id));
  return entry != nullptr && shows(*entry) ? entry : nullptr;
}

Result<std::string> Names::id_of(NameKind kind, std::string_view text) const {
  if (const NamedId* const entry = find(kind, text)) return entry->id;
  if (kind == NameKind::kInstance) return std::string(text);
  if (const auto id = Uuid::parse(text)) return id->to_string();
  const std::string what = "no " + std::string(to_string(kind)) + " is called '" + shown(text) + "'";
  if (const std::string* const former = book_->former(kind, std::string(text))) {
    if (const NamedId* const entry = of(kind, *former))
      return invalid_argument(what + " any more; its name is '" + entry->name + "'");
  }
  std::vector<std::string> known;
  for (const NamedId* const entry : all(kind)) known.push_back(entry->name);
  const std::string near = suggestion(text, known);
  return invalid_argument(what +
                          (near.empty() ? "; give a UUID, or a name that `optiinfra names list` has" : near));
}

Result<void> Names::resolve(std::vector<Filter>& filters) const {
  for (Filter& filter : filters) {
    const auto kind = [&]() -> std::optional<NameKind> {
      if (const auto of_dimension = parse_name_kind(filter.dimension)) return *of_dimension;
      return name_kind_of_column(filter.dimension);
    }();
    if (!kind) continue;
    auto id = id_of(*kind, filter.value);
    if (!id) return with_context(std::move(id).error(), filter.dimension);
    filter.value = *std::move(id);
  }
  return {};
}

std::vector<const NamedId*> Names::all(std::optional<NameKind> kind) const {
  auto entries = book_->all();
  std::erase_if(entries,
                [&](const NamedId* entry) { return (kind && entry->kind != *kind) || !shows(*entry); });
  return entries;
}

Names Names::kept_to(std::vector<Uuid> customers) const { return {book_, std::move(customers)}; }

Result<void> resolve_names(Client& client, std::vector<Filter>& filters) {
  const bool needs_names = std::any_of(filters.begin(), filters.end(), [](const Filter& filter) {
    const bool is_named = parse_name_kind(filter.dimension) || name_kind_of_column(filter.dimension);
    return is_named && !Uuid::parse(filter.value);
  });
  if (!needs_names) return Names().resolve(filters);
  OPTIINFRA_TRY(const Names names, client.names());
  return names.resolve(filters);
}

Result<std::size_t> set_names(Client& client, std::span<const NewName> names, std::string_view source) {
  OPTIINFRA_TRY(Names::Book book, current_book(client));
  std::vector<NameRecord> records;
  for (const NewName& name : names) {
    OPTIINFRA_TRY(NameRecord record, record_of(name, source));
    if (const NamedId* const owner = book.find(name.kind, record.name)) {
      if (owner->id != record.id) return taken(record, *owner);
      if (record.customer_id.is_nil()) record.customer_id = owner->customer_id;
      if (owner->customer_id == record.customer_id) continue;
    }
    // After all that were read, whatever the clocks of the machines that set them say.
    record.set_at_us = std::max(microseconds_now(), book.newest_us() + 1);
    book.apply(record);
    records.push_back(std::move(record));
  }
  if (book.size() > kNamesMax)
    return Error{ErrorKind::kTooLarge,
                 "a store has at most " + std::to_string(kNamesMax) + " names; nothing was set"};
  if (records.empty()) return std::size_t{0};
  OPTIINFRA_CHECK(insert(client, records));
  OPTIINFRA_TRY(const Names stored, client.names(std::chrono::milliseconds{0}));
  for (const NameRecord& record : records) {
    const auto kind = static_cast<NameKind>(record.kind);
    const NamedId* const mine = book.find(kind, record.name);
    const NamedId* const owner = stored.find(kind, record.name);
    // A later record of the same call may have renamed the id.
    if (mine != nullptr && mine->id == record.id && owner != nullptr && owner->id != record.id)
      return taken(record, *owner);
  }
  return records.size();
}

Result<void> remove_name(Client& client, NameKind kind, std::string_view name, std::string_view source) {
  OPTIINFRA_TRY(const Names::Book book, current_book(client));
  const NamedId* const entry = book.find(kind, std::string(name));
  if (entry == nullptr) {
    std::vector<std::string> known;
    for (const NamedId* const each : book.all())
      if (each->kind == kind) known.push_back(each->name);
    return invalid_argument("no " + std::string(to_string(kind)) + " is called '" + shown(name) + "'" +
                            suggestion(name, known));
  }
  NameRecord record{.set_at_us = std::max(microseconds_now(), book.newest_us() + 1),
                    .kind = static_cast<std::uint8_t>(kind),
                    .name = entry->name,
                    .id = entry->id,
                    .customer_id = entry->customer_id,
                    .source = std::string(source),
                    .is_removed = true};
  OPTIINFRA_CHECK(insert(client, {std::move(record)}));
  OPTIINFRA_CHECK(client.names(std::chrono::milliseconds{0}));
  return {};
}

Result<std::size_t> copy_names(Client& source, Client& target) {
  OPTIINFRA_TRY(const Names::Book from, current_book(source));
  OPTIINFRA_TRY(const Names::Book to, current_book(target));
  std::vector<NameRecord> missing;
  std::set_difference(from.records().begin(), from.records().end(), to.records().begin(), to.records().end(),
                      std::back_inserter(missing));
  std::erase_if(missing, [](const NameRecord& record) { return record.kind >= std::size(kNameKinds); });
  OPTIINFRA_CHECK(insert(target, missing));
  return missing.size();
}

}  // namespace optiinfra
