// One file of the table of names, in TOML.
#pragma once

#include <string_view>
#include <vector>

#include "optiinfra/exposition/aliases.hpp"

namespace optiinfra::exposition {

struct AliasFile {
  AliasSource source;
  std::vector<Alias> aliases;
  std::vector<KnownMetric> known;
};

/// Errors: kInvalidArgument that begins with "aliases NAME: line N: ".
Result<AliasFile> parse_alias_file(std::string_view name, std::string_view toml);

}  // namespace optiinfra::exposition
