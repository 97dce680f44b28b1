/// What commands about texts of metrics share.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/exposition/aliases.hpp"
#include "optiinfra/exposition/text.hpp"

namespace optiinfra::cli {

/// --aliases
void add_alias_files(CLI::App& app, std::vector<std::string>& files);

/// The names that the program knows, and those of the files.
Result<exposition::AliasTable> aliases_with(const std::vector<std::string>& files);

struct MetricsText {
  std::string text;
  exposition::TextFormat format{};
};

/// Of a file, of standard input ("-") or of a URL. Errors name it.
Result<MetricsText> read_metrics_text(const std::string& place);

}  // namespace optiinfra::cli
