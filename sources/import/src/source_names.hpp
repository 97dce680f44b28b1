/// Finds the columns that a map names in a file that spells them in another way.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "map.hpp"

namespace optiinfra {

/// Which of the file's columns (by place in `names`) each column in the map's `source` is: the one of that
/// name; else one that differs only in capitals, spaces and punctuation (lineItem/UsageType is
/// line_item_usage_type); else the same for its aliases, the first one first. A column that the file lacks,
/// or has in two spellings, is not there.
std::map<std::string, std::size_t> find_source_columns(const ImportMap& map,
                                                       const std::vector<std::string>& names);

/// Those of the map's `source` that are neither optional nor in the file.
std::vector<std::string> lacking_columns(const ImportMap& map, const std::vector<std::string>& names);

/// How many columns of `source` a file must have.
std::size_t required_source_count(const ImportMap& map);

}  // namespace optiinfra
