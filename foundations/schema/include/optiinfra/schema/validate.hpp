/// @file optiinfra/schema/validate.hpp
/// Checks every value of a batch against the rule of its column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// At most this many refused values are described one by one; all are counted.
inline constexpr std::size_t kRefusedDescribedMax = 1'000;

struct Validation {
  std::vector<RefusedValue> refused;        ///< In the order of rows; at most kRefusedDescribedMax.
  std::vector<std::uint32_t> refused_rows;  ///< Every row with a refused value, ascending.
  bool ok() const noexcept { return refused_rows.empty(); }
};

/// What a call says whose rows were refused: the first bad value, also in Error::refused, how many rows break
/// a rule, and `outcome`: "nothing was stored". `validation` must not be ok().
Error refusal(Family family, const Validation& validation, std::string_view outcome);

/// Checks all columns. `clock` is the present time, which Rule::kTime needs.
/// All columns must agree in length (Batch::is_rectangular). An empty batch is valid.
template <typename Row>
Validation validate(const Batch<Row>& batch, sys_seconds clock);

#define BEGIN_FAMILY(Name, name) \
  extern template Validation validate<Name##Metric>(const Batch<Name##Metric>&, sys_seconds);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
