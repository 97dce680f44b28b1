/// @file optiinfra/rows/encode.hpp
/// Writes rows as the JSON that decode.hpp reads.
#pragma once

#include <string>

#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::rows {

/// Adds the row as one JSON object and a line end. What is absent is left out. Text must be UTF-8.
template <Metric Row>
void append_json_line(std::string& text, const Row& row);

/// The same for the rows `first` to `first + count` of a rectangular batch.
template <Metric Row>
void append_json_lines(std::string& text, const Batch<Row>& batch, std::size_t first, std::size_t count);

#define BEGIN_FAMILY(Name, name)                                                                 \
  extern template void append_json_line<Name##Metric>(std::string&, const Name##Metric&);        \
  extern template void append_json_lines<Name##Metric>(std::string&, const Batch<Name##Metric>&, \
                                                       std::size_t, std::size_t);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra::rows
