/// The target's record of copies from one source: which days were begun, how much of each was copied, and
/// what it contained.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "optiinfra/client/client.hpp"
#include "source.hpp"

namespace optiinfra::copy {

/// The state of the copy of one day of one family, in one tier.
struct DayState {
  std::uint64_t blocks = 0;      ///< Begun so far. All but the last are stored.
  Content content;               ///< Of these blocks; of the day, when finished.
  std::uint64_t block_rows = 0;  ///< Of the last one.
  bool is_finished = false;      ///< The last one is stored too, and the day holds no more.
};

/// The table copy_ledger, for one family and tier. It gets a row before each block is stored, one when a day
/// is finished, and one with the time at which raw rows begin.
class CopyLedger {
 public:
  CopyLedger(Client& target, Uuid source, Family family, store::Tier tier)
      : target_(target), source_(source), family_(family), tier_(tier) {}

  /// Reads what is recorded.
  Result<void> open();

  std::optional<DayState> find(const std::string& day) const;
  const std::map<std::string, DayState>& days() const noexcept { return days_; }

  /// Records the state. After success every later open() finds it.
  Result<void> record(const std::string& day, const DayState& state);

  /// The time at which raw rows begin. The first copy decides it; later ones read it.
  Result<sys_seconds> raw_from(sys_seconds proposed);

 private:
  Client& target_;
  const Uuid source_;
  const Family family_;
  const store::Tier tier_;
  std::map<std::string, DayState> days_;
};

}  // namespace optiinfra::copy
