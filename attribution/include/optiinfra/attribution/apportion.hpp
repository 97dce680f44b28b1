/// @file optiinfra/attribution/apportion.hpp
/// A whole number split in proportion to weights, so that the parts add up to it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace optiinfra::attribution {

/// Wide enough for the product of two 64-bit numbers.
__extension__ typedef unsigned __int128 Wide;

/// `total` split in proportion to `weights` by the method of largest remainders: each part is its exact share
/// rounded down, or that and one more. Equal remainders are served in order of index. The parts add up to
/// `total`, unless all weights are zero: then every part is zero.
/// The sum of the weights must be below 2^64.
std::vector<std::uint64_t> apportion(std::uint64_t total, std::span<const std::uint64_t> weights);

/// floor(value * numerator / denominator), and the largest number where that is larger. A zero denominator
/// gives zero.
std::uint64_t scaled(std::uint64_t value, std::uint64_t numerator, std::uint64_t denominator);

}  // namespace optiinfra::attribution
