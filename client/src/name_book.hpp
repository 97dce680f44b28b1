/// The record of names, and what holds after it.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "optiinfra/client/names.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {

/// A row of the table. Ordered by time; the other members order records of one time, so that every program
/// gives the same meaning to the same records.
struct NameRecord {
  std::int64_t set_at_us = 0;
  std::uint8_t kind = 0;
  std::string name, id;
  Uuid customer_id{};
  std::string source;
  bool is_removed = false;

  friend auto operator<=>(const NameRecord&, const NameRecord&) = default;
};

class Names::Book {
 public:
  /// Takes the records in any order.
  explicit Book(std::vector<NameRecord> records);

  /// Takes one more, which is newer than all others.
  void apply(const NameRecord& record);

  const NamedId* find(NameKind kind, const std::string& name) const { return look(by_name_, kind, name); }
  const NamedId* of(NameKind kind, const std::string& id) const { return look(by_id_, kind, id); }

  /// The id that had the name before it was renamed or removed; nullptr for a name that never was.
  const std::string* former(NameKind kind, const std::string& name) const;

  std::vector<const NamedId*> all() const;
  std::size_t size() const noexcept;

  const std::vector<NameRecord>& records() const noexcept { return records_; }
  std::int64_t newest_us() const noexcept { return records_.empty() ? 0 : records_.back().set_at_us; }

 private:
  using Entries = std::unordered_map<std::string, std::shared_ptr<const NamedId>>;
  static const NamedId* look(const std::array<Entries, 3>& entries, NameKind kind, const std::string& key);
  void drop_name(std::size_t kind, const std::string& name);

  std::vector<NameRecord> records_;
  std::array<Entries, 3> by_name_, by_id_;
  std::array<std::unordered_map<std::string, std::string>, 3> former_;
};

/// All records of the store of `session`. Errors: kTooLarge beyond kNameRecordsMax.
Result<std::vector<NameRecord>> read_name_records(Session& session);
Result<void> insert_name_records(Session& session, std::span<const NameRecord> records);

/// The names of one client's store, read again when they are old.
/// Threads: any.
class NameCache {
 public:
  /// Names that are at most `age` old.
  Result<std::shared_ptr<const Names::Book>> get(
      const std::function<Result<void>(const std::function<Result<void>(Session&)>&)>& with_session,
      std::chrono::milliseconds age);

 private:
  std::mutex mutex_;
  std::shared_ptr<const Names::Book> book_;
  std::uint64_t hash_ = 0;  ///< Of the records when they were read, or of fewer: then they are read again.
  std::chrono::steady_clock::time_point read_at_{};
};

}  // namespace optiinfra
