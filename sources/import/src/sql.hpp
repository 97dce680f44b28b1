/// Texts for SQL and for messages.
#pragma once

#include <string>
#include <string_view>

namespace optiinfra {

/// `text` as a JSON string.
std::string json_text(std::string_view text);

/// The engine's message without its codes, its stack of contexts and the query it repeats.
std::string short_engine_message(std::string_view message);

/// `text` with its ASCII letters in lower case.
std::string lower_case(std::string text);

}  // namespace optiinfra
