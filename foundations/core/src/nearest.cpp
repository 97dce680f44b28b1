#include "optiinfra/core/nearest.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace optiinfra {
namespace {

/// No column of ours has a longer name, and comparing takes time by the product of both lengths. A file
/// without line breaks is one name of any length.
constexpr std::size_t kComparedMax = 256;
constexpr std::size_t kShownMax = 80;

char folded(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Insertions, deletions and replacements between the two, letter case aside.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

/// Whether `name` is a piece of `candidate`, or begins with it.
bool is_part(std::string_view name, std::string_view candidate) {
  constexpr std::size_t kLettersMin = 3;
  return (name.size() >= kLettersMin && candidate.find(name) != std::string_view::npos) ||
         (candidate.size() > kLettersMin && name.starts_with(candidate));
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates) {
  constexpr std::size_t kNamesMax = 3;
  if (name.size() > kComparedMax) return {};
  // A third of the letters may differ; with more, the guess confuses rather than helps.
  const std::size_t distance_max = std::max<std::size_t>(name.size() / 3, 2);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kComparedMax) continue;
    const std::size_t distance = is_part(name, candidate) ? 1 : edit_distance(name, candidate);
    if (distance <= distance_max && distance < candidate.size()) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& [distance, candidate] : near)
    if (names.size() < kNamesMax && std::find(names.begin(), names.end(), candidate) == names.end())
      names.push_back(std::move(candidate));
  return names;
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  std::vector<std::string> names = nearest_names(name, candidates);
  return names.empty() ? std::string() : std::move(names.front());
}

std::string suggestion(std::string_view name, std::span<const std::string> candidates) {
  const std::string best = nearest(name, candidates);
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

std::string shown(std::string_view name) {
  return name.size() <= kShownMax ? std::string(name) : std::string(name.substr(0, kShownMax)) + "...";
}

std::string listed(std::span<const std::string> names, std::size_t count_max) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < count_max; ++i)
    text += (i == 0 ? "" : ", ") + shown(names[i]);
  if (names.size() > count_max) text += ", ... (" + std::to_string(names.size()) + " in all)";
  return text;
}

}  // namespace optiinfra
