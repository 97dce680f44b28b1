#include "optiinfra/attribution/apportion.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace optiinfra::attribution {

std::vector<std::uint64_t> apportion(std::uint64_t total, std::span<const std::uint64_t> weights) {
  std::vector<std::uint64_t> parts(weights.size(), 0);
  const Wide sum = std::accumulate(weights.begin(), weights.end(), Wide{0});
  if (sum == 0 || total == 0) return parts;
  std::vector<std::uint64_t> remainders(weights.size());
  std::uint64_t left = total;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Wide product = Wide{total} * weights[i];
    parts[i] = static_cast<std::uint64_t>(product / sum);
    remainders[i] = static_cast<std::uint64_t>(product % sum);
    left -= parts[i];
  }
  if (left == 0) return parts;
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto is_first = [&](std::size_t a, std::size_t b) {
    return remainders[a] != remainders[b] ? remainders[a] > remainders[b] : a < b;
  };
  const auto count = static_cast<std::ptrdiff_t>(left);  // Fewer than there are weights.
  std::nth_element(order.begin(), order.begin() + count, order.end(), is_first);
  std::for_each(order.begin(), order.begin() + count, [&](std::size_t i) { ++parts[i]; });
  return parts;
}

std::uint64_t scaled(std::uint64_t value, std::uint64_t numerator, std::uint64_t denominator) {
  if (denominator == 0) return 0;
  const Wide result = Wide{value} * numerator / denominator;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  return result > kMost ? kMost : static_cast<std::uint64_t>(result);
}

}  // namespace optiinfra::attribution
