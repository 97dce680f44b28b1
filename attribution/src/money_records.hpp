/// What the records of prices and of budgets share.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

namespace optiinfra::attribution {

/// Three capital letters, or nothing: not stated.
inline bool is_currency_or_none(const std::string& text) {
  return text.empty() || (text.size() == 3 && std::all_of(text.begin(), text.end(), [](char letter) {
                            return letter >= 'A' && letter <= 'Z';
                          }));
}

/// In microseconds: later than every record, also when this machine's clock is behind that of the one that
/// wrote it.
template <typename Records>
std::int64_t time_after(const Records& records) {
  std::int64_t time = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  for (const auto& record : records) time = std::max(time, record.set_at_us + 1);
  return time;
}

}  // namespace optiinfra::attribution
