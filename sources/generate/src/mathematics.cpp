#include "mathematics.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

namespace optiinfra::fleet {
namespace {

constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLn2 = 0.69314718055994530942, kPi = 3.14159265358979323846;
constexpr int kMantissaBits = 52, kExponentBias = 1023;

template <std::size_t Size>
double polynomial(const double (&coefficients)[Size], double x) {
  double sum = 0;
  for (const double coefficient : coefficients) sum = sum * x + coefficient;
  return sum;
}

double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + kExponentBias) << kMantissaBits);
}

}  // namespace

double exponential(double x) {
  const double exponent = std::floor(x / kLn2 + 0.5);
  const double rest = (x - exponent * kLn2High) - exponent * kLn2Low;
  double sum = 1;
  for (int term = 14; term >= 1; --term) sum = 1 + sum * rest / term;
  return sum * power_of_two(static_cast<int>(exponent));
}

double logarithm(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> kMantissaBits) - kExponentBias;
  double mantissa = x / power_of_two(exponent);
  if (mantissa > 1.4142135623730951) {
    mantissa /= 2;
    ++exponent;
  }
  const double ratio = (mantissa - 1) / (mantissa + 1);
  double sum = 0;
  for (int power = 21; power >= 1; power -= 2) sum = sum * ratio * ratio + 1.0 / power;
  return 2 * ratio * sum + exponent * kLn2;
}

double cosine_of_turns(double t) {
  double turn = t - std::floor(t);
  if (turn > 0.5) turn = 1 - turn;
  const bool second_quarter = turn > 0.25;
  const double angle = 2 * kPi * (second_quarter ? 0.5 - turn : turn);
  double sum = 1;
  for (int term = 16; term >= 2; term -= 2) sum = 1 - sum * angle * angle / (term * (term - 1));
  return second_quarter ? -sum : sum;
}

double normal_quantile(double p) {
  constexpr double kTail = 0.02425;
  constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                          1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                          6.680131188771972e+01,  -1.328068155288572e+01, 1};
  constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                          -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                          3.754408661907416e+00, 1};
  if (p > 0.5) return -normal_quantile(1 - p);
  if (p < kTail) {
    const double q = std::sqrt(-2 * logarithm(p));
    return polynomial(c, q) / polynomial(d, q);
  }
  const double q = p - 0.5, square = q * q;
  return polynomial(a, square) * q / polynomial(b, square);
}

Quantiles normal_table() {
  Quantiles table;
  for (std::size_t i = 0; i < kQuantiles; ++i) {
    table[i] = static_cast<float>(normal_quantile((static_cast<double>(i) + 0.5) / kQuantiles));
  }
  return table;
}

Quantiles lognormal_table(double sigma) {
  Quantiles table;
  for (std::size_t i = 0; i < kQuantiles; ++i) {
    table[i] =
        static_cast<float>(exponential(sigma * normal_quantile((static_cast<double>(i) + 0.5) / kQuantiles)));
  }
  return table;
}

}  // namespace optiinfra::fleet
