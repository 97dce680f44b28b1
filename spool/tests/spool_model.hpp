/// What a spool has promised so far, and whether what it gives back agrees.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "lying_disk.hpp"
#include "optiinfra/spool/spool.hpp"

namespace optiinfra::testing {

/// Small files and little memory, so that few records make many segments.
spool::SpoolOptions small_spool();

std::vector<std::byte> bytes_of(std::string_view text);

/// Appends `payload`, in two parts.
Result<spool::Sequence> append(spool::Spool& spool, const std::vector<std::byte>& payload);

/// A payload for the `index`th record; every other one holds what looks like a record.
std::vector<std::byte> payload_of(std::uint64_t index, std::size_t bytes);

struct ModelCounts {
  std::uint64_t records_promised = 0;  ///< And due in a replay.
  std::uint64_t lost = 0;              ///< Of these.
  std::uint64_t invented = 0;          ///< Replayed and never appended, or with another payload.
  std::uint64_t revived = 0;           ///< Replayed although an earlier recovery did not have it.
  std::uint64_t out_of_order = 0;
  std::uint64_t replayed_again = 0;  ///< Although the acknowledgement was on the disk.
  std::uint64_t false_alarms = 0;    ///< Damage reported where there was a crash and no more.
  std::string alarm = {};            ///< The last one.
  std::uint64_t bad() const {
    return lost + invented + revived + out_of_order + replayed_again + false_alarms;
  }
};

class SpoolModel {
 public:
  void appended(spool::Sequence sequence, std::vector<std::byte> payload);
  void promised_through(spool::Sequence sequence);
  void acknowledged(spool::Sequence sequence, bool on_disk);
  std::vector<spool::Sequence> waiting() const;  ///< Appended and not acknowledged.

  /// Compares a spool that was just opened, and takes what it has for what is there from now on.
  void check(spool::Spool& spool, ModelCounts& counts);

 private:
  std::map<spool::Sequence, std::vector<std::byte>> records_;
  std::set<spool::Sequence> promised_, acknowledged_, acknowledged_on_disk_, gone_;
};

/// Appends, syncs and acknowledges at random until the disk stops or `steps` are done. After an error it
/// goes on: what waits is synced or acknowledged later, or left.
void work(spool::Spool& spool, LyingDisk& disk, SpoolModel& model, std::uint64_t seed, int steps);

}  // namespace optiinfra::testing
