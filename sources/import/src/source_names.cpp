#include "source_names.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace optiinfra {
namespace {

/// The letters and digits of a name, without capitals.
std::string bare(const std::string& name) {
  std::string letters;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') letters += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) letters += c;
  }
  return letters;
}

/// The columns of a file that no column of the map has taken, by their bare names.
class FreeColumns {
 public:
  explicit FreeColumns(const std::vector<std::string>& names) : names_(names) {
    for (std::size_t i = 0; i < names.size(); ++i) by_bare_name_[bare(names[i])].insert(i);
    by_bare_name_.erase("");
  }

  std::optional<std::size_t> take_named(const std::string& name) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end() || name.empty()) return std::nullopt;
    return take(static_cast<std::size_t>(found - names_.begin()));
  }

  std::optional<std::size_t> take_spelled(const std::string& name) {
    const auto found = by_bare_name_.find(bare(name));
    if (found == by_bare_name_.end() || found->second.size() != 1) return std::nullopt;
    return take(*found->second.begin());
  }

 private:
  std::optional<std::size_t> take(std::size_t index) {
    if (!taken_.insert(index).second) return std::nullopt;
    if (const auto found = by_bare_name_.find(bare(names_[index])); found != by_bare_name_.end()) {
      found->second.erase(index);
      if (found->second.empty()) by_bare_name_.erase(found);
    }
    return index;
  }

  const std::vector<std::string>& names_;
  std::set<std::size_t> taken_;
  std::map<std::string, std::set<std::size_t>> by_bare_name_;
};

}  // namespace

std::map<std::string, std::size_t> find_source_columns(const ImportMap& map,
                                                       const std::vector<std::string>& names) {
  FreeColumns columns(names);
  std::map<std::string, std::size_t> places;
  const auto put = [&places](const std::string& name, std::optional<std::size_t> place) {
    if (place) places.emplace(name, *place);
  };
  for (const auto& [name, type] : map.source) put(name, columns.take_named(name));
  for (const auto& [name, type] : map.source)
    if (!places.contains(name)) put(name, columns.take_spelled(name));
  for (const auto& [name, alias] : map.aliases) {
    if (!places.contains(name)) put(name, columns.take_named(alias));
    if (!places.contains(name)) put(name, columns.take_spelled(alias));
  }
  return places;
}

std::vector<std::string> lacking_columns(const ImportMap& map, const std::vector<std::string>& names) {
  const auto places = find_source_columns(map, names);
  std::vector<std::string> lacking;
  for (const auto& [name, type] : map.source) {
    const bool is_optional = std::binary_search(map.optional.begin(), map.optional.end(), name);
    if (!is_optional && !places.contains(name)) lacking.push_back(name);
  }
  return lacking;
}

std::size_t required_source_count(const ImportMap& map) { return map.source.size() - map.optional.size(); }

}  // namespace optiinfra
