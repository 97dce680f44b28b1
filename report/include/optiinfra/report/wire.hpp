/// @file optiinfra/report/wire.hpp
/// A report as text and back, whole: the service writes it for the program, which then prints what it would
/// print of a report of its own.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

std::string encode_report(const Report& report);

/// Unknown members are ignored, as those of a newer service. Errors: kCorrupt for what is no report.
Result<Report> decode_report(std::string_view text);

}  // namespace optiinfra::report
