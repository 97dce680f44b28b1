/// @file optiinfra/schema/validate.hpp
/// Checks every value of a batch against the rule of its column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// A value that breaks its column's rule.
struct RefusedValue {
  std::size_t row = 0;  ///< Index in the batch, from 0.
  std::string column;
  std::string value;  ///< As text; long text is cut.
  std::string rule;   ///< "a percentage, 0 to 100".

  /// "row 17, column gpu_utilization: 150 must be a percentage, 0 to 100".
  std::string to_string() const;
};

/// At most this many refused values are described one by one; all are counted.
inline constexpr std::size_t kRefusedDescribedMax = 1'000;

struct Validation {
  std::vector<RefusedValue> refused;        ///< In the order of rows; at most kRefusedDescribedMax.
  std::vector<std::uint32_t> refused_rows;  ///< Every row with a refused value, ascending.
  bool ok() const noexcept { return refused_rows.empty(); }
};

/// Checks all columns. `clock` is the present time, which Rule::kTime needs.
/// All columns must agree in length (Batch::is_rectangular). An empty batch is valid.
template <typename Row>
Validation validate(const Batch<Row>& batch, sys_seconds clock);

#define BEGIN_FAMILY(Name, name) \
  extern template Validation validate<Name##Metric>(const Batch<Name##Metric>&, sys_seconds);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
