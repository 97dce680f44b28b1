/// Small answers, and texts for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// `text` as a JSON string.
std::string json_text(std::string_view text);

/// The rows of a small answer whose columns are all of type String.
Result<std::vector<std::vector<std::string>>> query_rows(Transport& transport, const Statement& statement);

/// The engine's message without its codes, its stack of contexts and the query it repeats.
std::string short_engine_message(std::string_view message);

}  // namespace optiinfra
