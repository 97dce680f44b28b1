/// Splits the change of a cost between two windows into its causes. Pure arithmetic.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace optiinfra::attribution {

/// Why a cost changed.
enum class ChangePart : std::size_t {
  kVolume,     ///< More or fewer requests or tokens, of the groups that both windows have.
  kMix,        ///< Another share of them belongs to a group.
  kPrice,      ///< What one of them costs in a group.
  kNew,        ///< Groups that only the window after has.
  kGone,       ///< Groups that only the window before has.
  kUnderfill,  ///< The rest are the costs that no request caused, each by itself.
  kIdle,
  kOverhead,
  kUnreconciled,
  kUncounted,  ///< Requests of groups that have none, or no token, counted in the window.
};
inline constexpr std::size_t kChangeParts = 10;
const char* to_string(ChangePart part);

/// What a group cost in one window, in billionths, and the requests or tokens behind it.
struct WindowCost {
  std::int64_t served = 0;  ///< With wasted.
  std::int64_t underfill = 0, idle = 0, overhead = 0, unreconciled = 0;
  std::uint64_t volume = 0;

  std::int64_t total() const noexcept { return served + underfill + idle + overhead + unreconciled; }
};

struct GroupCost {
  WindowCost before, after;
};

/// Whole numbers of at most 15 digits, of which `scale` make one of the currency. Those of a group add up to
/// its contribution, the contributions to `after - before`.
struct ExplainedChange {
  using Parts = std::array<std::int64_t, kChangeParts>;
  double scale = 1e9;
  std::int64_t before = 0, after = 0;
  Parts whole{};
  std::vector<Parts> groups;
};

/// Explains the change of the groups' total, in billionths unless a part is beyond a million. The parts of a
/// group add up to its own change, in billionths exactly.
ExplainedChange explain_total(std::span<const GroupCost> groups);

/// Explains the change of total / volume * factor. Nothing when a window has no volume.
std::optional<ExplainedChange> explain_unit_cost(std::span<const GroupCost> groups, double factor);

}  // namespace optiinfra::attribution
