// What is known of a metric by its name.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "optiinfra/exposition/aliases.hpp"

namespace optiinfra::remote_write {

enum class MetricUse {
  kRow,      ///< Rows are made of it.
  kRestart,  ///< It tells when a process began, and makes no row.
  kUnneeded,
  kUnknown
};

struct KnownName {
  MetricUse use = MetricUse::kUnknown;
  bool tells_model = false;  ///< Its label `model` is the engine's own.
};

/// Names that are remembered; the table is asked each time about further ones.
inline constexpr std::size_t kNamesRememberedMax = 50'000;

class MetricNames {
 public:
  explicit MetricNames(const exposition::AliasTable& aliases) : aliases_(aliases) {}

  KnownName of(std::string_view metric);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>{}(name);
    }
  };

  const exposition::AliasTable& aliases_;
  std::unordered_map<std::string, KnownName, Hash, std::equal_to<>> known_;
};

}  // namespace optiinfra::remote_write
