/// @file optiinfra/core/nearest.hpp
/// Finds the name that a misspelt one probably means.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace optiinfra {

/// The candidates that `name` may be a misspelling or a part of, the nearest first; at most three. A name of
/// more than 256 bytes is near to none.
std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates);

/// The first of those, or "" when none is near.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

/// "; did you mean 'x'?", or "" when nothing is near.
std::string suggestion(std::string_view name, std::span<const std::string> candidates);

/// `name` for a message: its first 80 bytes.
std::string shown(std::string_view name);

/// "a, b, c", cut after `count_max` names.
std::string listed(std::span<const std::string> names, std::size_t count_max = 40);

}  // namespace optiinfra
