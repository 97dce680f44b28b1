/// Names of the layer report that the rest of the program uses.
#pragma once

#include "optiinfra/report/answer.hpp"
#include "optiinfra/report/csv.hpp"
#include "optiinfra/report/json.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::cli {
using namespace report;
}  // namespace optiinfra::cli
