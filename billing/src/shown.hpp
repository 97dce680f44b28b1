/// Values as people read them, and text of users made harmless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "optiinfra/client/question.hpp"

namespace optiinfra::billing {

/// Text as HTML: nothing of it is markup.
std::string escaped(std::string_view text);

/// 1234567.891 as "1,234,567.89". A number that is not 0 and would read as 0 is "< 0.01".
std::string shown_number(double value, int decimals);
std::string shown_count(std::uint64_t count);

/// A cell by the kind and the decimals of its column; "–" when it is absent.
std::string shown_cell(const AnswerColumn& column, const Cell& cell);

/// "November 2026".
std::string shown_month(sys_seconds begin);
/// "2026-11-03 14:00".
std::string shown_hour(sys_seconds hour);
/// "2026-11-03".
std::string shown_day(sys_seconds day);

/// Billionths as an exact decimal number: -1500000000 is "-1.5".
std::string exact_amount(std::int64_t nano);

}  // namespace optiinfra::billing
