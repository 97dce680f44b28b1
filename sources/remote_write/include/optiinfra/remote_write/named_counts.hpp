/// @file optiinfra/remote_write/named_counts.hpp
/// Counts by names that others choose: bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace optiinfra::remote_write {

/// Names that are counted one by one; what comes under others counts together.
inline constexpr std::size_t kCountedNamesMax = 200;
inline constexpr std::size_t kCountedNameBytesMax = 256;

class NamedCounts {
 public:
  void add(std::string_view name, std::uint64_t count) {
    total_ += count;
    name = name.substr(0, kCountedNameBytesMax);
    if (const auto known = by_name_.find(name); known != by_name_.end()) {
      known->second += count;
    } else if (by_name_.size() < kCountedNamesMax) {
      by_name_.emplace(name, count);
    } else {
      others_ += count;
    }
  }

  std::uint64_t total() const { return total_; }
  std::uint64_t others() const { return others_; }
  const std::map<std::string, std::uint64_t, std::less<>>& by_name() const { return by_name_; }

 private:
  std::map<std::string, std::uint64_t, std::less<>> by_name_;
  std::uint64_t total_ = 0;
  std::uint64_t others_ = 0;
};

}  // namespace optiinfra::remote_write
