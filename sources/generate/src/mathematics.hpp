// The few functions of analysis that a fleet needs, from operations that IEEE 754 rounds in one way
// only. Those of libm differ in the last bit between versions and processors.
#pragma once

#include <array>

namespace optiinfra::fleet {

double exponential(double x);      ///< For |x| up to 700; relative error under 1e-14.
double logarithm(double x);        ///< For normal x above 0; error under 1e-14.
double cosine_of_turns(double t);  ///< cos(2 pi t); error under 1e-10.

/// The value that a standard normal variable stays under with probability `p`, 0 < p < 1 (Acklam's
/// approximation; relative error under 1.2e-9).
double normal_quantile(double p);

inline constexpr std::size_t kQuantiles = 4096;
using Quantiles = std::array<float, kQuantiles>;

/// The normal distribution cut into kQuantiles equal parts: a table to draw from by 12 random bits.
Quantiles normal_table();

/// exp(sigma z) of the same parts: log-normal factors around a median of 1.
Quantiles lognormal_table(double sigma);

}  // namespace optiinfra::fleet
