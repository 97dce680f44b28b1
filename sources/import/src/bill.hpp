/// Adds up a bill's lines by category: the amounts in the file, and the part that is stored.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/import/import.hpp"

namespace optiinfra {

/// Most categories that are counted separately; lines of others are counted together, as "(others)".
inline constexpr std::size_t kBillCategoriesMax = 1'000;

class Bill {
 public:
  /// Counts a line of the file, whether it is stored or not.
  void add_line(std::string_view category, double amount);

  /// Counts a stored row, which may be one of many that a line is spread over.
  void add_stored(std::string_view category, double cost);

  void clear() { categories_.clear(); }

  /// In the order of the names.
  std::vector<BilledCategory> categories() const;

 private:
  BilledCategory& category(std::string_view name);

  std::map<std::string, BilledCategory, std::less<>> categories_;
};

}  // namespace optiinfra
