#include "schema/types/decimal_math.h"

#include <algorithm>
#include <boost/multiprecision/cpp_dec_float.hpp>
#include <limits>

namespace keyzone {

namespace {

// What Cassandra's library for these throws, and its server passes on.
Error arithmetic_error(const char* what) {
  return {ErrorKind::kServer, std::string("java.lang.ArithmeticException: ") + what};
}

namespace mp = boost::multiprecision;

// More digits than any result may have, so that nothing that is asked for is refused here.
constexpr int64_t kWorkDigitsMax = 2 * static_cast<int64_t>(kNumberDigitsMax);

Error too_large() { return invalid("the result has too many digits"); }

Result<Decimal> made(BigInt unscaled, int64_t scale) {
  if (unscaled == 0) scale = std::clamp<int64_t>(scale, INT32_MIN, INT32_MAX);
  if (scale > std::numeric_limits<int32_t>::max()) return invalid("Underflow");
  if (scale < std::numeric_limits<int32_t>::min()) return invalid("Overflow");
  return Decimal{std::move(unscaled), static_cast<int32_t>(scale)};
}

Result<BigInt> shifted(const BigInt& value, int64_t zeros) {
  if (value == 0) return BigInt(0);
  if (zeros > kWorkDigitsMax) return too_large();
  return BigInt(value * power_of_ten(static_cast<uint32_t>(zeros)));
}

// value / divisor, rounded. REQUIRES: divisor is not 0.
BigInt rounded_quotient(const BigInt& value, const BigInt& divisor, Rounding rounding) {
  BigInt quotient, rest;
  mp::divide_qr(value, divisor, quotient, rest);
  if (rest == 0 || rounding == Rounding::kDown) return quotient;
  const int half = BigInt(2 * abs(rest)).compare(BigInt(abs(divisor)));
  const bool odd = static_cast<bool>(quotient & 1);
  if (half > 0 || (half == 0 && (rounding == Rounding::kHalfUp || odd))) {
    quotient += (value < 0) == (divisor < 0) ? 1 : -1;
  }
  return quotient;
}

// Both with the larger scale. What is too small to be seen in kDecimalPrecisionMax digits becomes one that is
// as good for rounding.
Result<void> align(Decimal& a, Decimal& b) {
  if (a.unscaled != 0 && b.unscaled != 0) {
    Decimal& big = precision(a) - int64_t{a.scale} >= precision(b) - int64_t{b.scale} ? a : b;
    Decimal& small = &big == &a ? b : a;
    const int64_t big_top = precision(big) - int64_t{big.scale},
                  small_top = precision(small) - int64_t{small.scale};
    const int64_t floor = std::min<int64_t>(-int64_t{big.scale}, big_top - kDecimalPrecisionMax - 2) - 2;
    if (small_top < floor && -floor <= std::numeric_limits<int32_t>::max()) {
      small = Decimal{small.unscaled < 0 ? -1 : 1, static_cast<int32_t>(-floor)};
    }
  }
  const int32_t scale = std::max(a.scale, b.scale);
  for (Decimal* value : {&a, &b}) {
    KEYZONE_TRY(unscaled, shifted(value->unscaled, int64_t{scale} - value->scale));
    *value = Decimal{std::move(unscaled), scale};
  }
  return {};
}

}  // namespace

int precision(const Decimal& value) {
  return value.unscaled == 0 ? 1 : static_cast<int>(BigInt(abs(value.unscaled)).str().size());
}

Result<Decimal> with_scale(const Decimal& value, int64_t scale, Rounding rounding) {
  const int64_t more = scale - value.scale;
  if (more >= 0) {
    KEYZONE_TRY(unscaled, shifted(value.unscaled, more));
    return made(std::move(unscaled), scale);
  }
  if (-more > precision(value) + 1) return made(0, scale);
  return made(rounded_quotient(value.unscaled, power_of_ten(static_cast<uint32_t>(-more)), rounding), scale);
}

Result<Decimal> with_precision(const Decimal& value, int digits, Rounding rounding) {
  const int excess = precision(value) - digits;
  if (excess <= 0) return value;
  KEYZONE_TRY(rounded, with_scale(value, int64_t{value.scale} - excess, rounding));
  // 999.5 has become 1000.
  return precision(rounded) > digits ? with_scale(rounded, int64_t{rounded.scale} - 1, rounding)
                                     : Result(rounded);
}

Decimal without_trailing_zeros(const Decimal& value) {
  if (value.unscaled == 0) return Decimal{};
  const std::string digits = BigInt(abs(value.unscaled)).str();
  const int64_t room = int64_t{value.scale} - std::numeric_limits<int32_t>::min();
  const auto zeros =
      std::min<int64_t>(static_cast<int64_t>(digits.size() - 1 - digits.find_last_not_of('0')), room);
  return Decimal{BigInt(value.unscaled / power_of_ten(static_cast<uint32_t>(zeros))),
                 static_cast<int32_t>(value.scale - zeros)};
}

Result<Decimal> add(const Decimal& left, const Decimal& right) {
  Decimal a = left, b = right;
  KEYZONE_CHECK(align(a, b));
  return with_precision(Decimal{BigInt(a.unscaled + b.unscaled), a.scale}, kDecimalPrecisionMax,
                        Rounding::kHalfUp);
}

Result<Decimal> subtract(const Decimal& a, const Decimal& b) {
  return add(a, Decimal{BigInt(-b.unscaled), b.scale});
}

Result<Decimal> multiply(const Decimal& a, const Decimal& b) {
  KEYZONE_TRY(product, made(BigInt(a.unscaled * b.unscaled), int64_t{a.scale} + b.scale));
  return with_precision(product, kDecimalPrecisionMax, Rounding::kHalfUp);
}

Result<Decimal> divide(const Decimal& a, const Decimal& b, int64_t scale, Rounding rounding) {
  if (b.unscaled == 0) return invalid("BigInteger divide by zero");
  // a / b = (ua / ub) * 10^(sb - sa); to get `scale` places, ua is extended or ub is.
  const int64_t zeros = scale + b.scale - a.scale;
  KEYZONE_TRY(dividend, shifted(a.unscaled, std::max<int64_t>(zeros, 0)));
  KEYZONE_TRY(divisor, shifted(b.unscaled, std::max<int64_t>(-zeros, 0)));
  return made(rounded_quotient(dividend, divisor, rounding), scale);
}

Result<Decimal> divide(const Decimal& a, const Decimal& b) {
  const int64_t first_digit = (int64_t{precision(a)} - a.scale) - (int64_t{precision(b)} - b.scale);
  int64_t scale =
      std::max<int64_t>({kDecimalFractionMin - first_digit, a.scale, b.scale, kDecimalFractionMin});
  scale = std::min<int64_t>(scale, kDecimalScaleMax);
  KEYZONE_TRY(quotient, divide(a, b, scale, Rounding::kHalfUp));
  return without_trailing_zeros(quotient);
}

// The remainder has the scale of BigDecimal.remainder, which is a - q * b: that of a, or more if the integer
// quotient q has too few trailing zeros to make up for b's places.
Result<Decimal> remainder(const Decimal& a, const Decimal& b) {
  if (b.unscaled == 0) return invalid(a.unscaled == 0 ? "Division undefined" : "Division by zero");
  const int32_t scale = std::max(a.scale, b.scale);
  KEYZONE_TRY(dividend, shifted(a.unscaled, int64_t{scale} - a.scale));
  KEYZONE_TRY(divisor, shifted(b.unscaled, int64_t{scale} - b.scale));
  BigInt quotient, rest;
  mp::divide_qr(dividend, divisor, quotient, rest);
  int64_t result_scale = a.scale;
  if (quotient != 0 && b.scale > a.scale) {
    const int64_t stripped = int64_t{without_trailing_zeros(Decimal{quotient, 0}).scale} + b.scale;
    result_scale = std::max<int64_t>(a.scale, stripped);
  }
  return with_scale(Decimal{std::move(rest), scale}, result_scale, Rounding::kDown);
}

// ---- exp and logarithms ----

namespace {

using Float = mp::number<mp::cpp_dec_float<kTranscendentalPrecisionMax + 40>>;

Float to_float(const Decimal& value) { return Float(value.to_string()); }

// As many digits as the argument has, 32 at least.
Result<Decimal> rounded(const Float& result, const Decimal& argument) {
  if (!isfinite(result)) return arithmetic_error("Overflow");
  const int digits = std::clamp(precision(argument), kDecimalFractionMin, kTranscendentalPrecisionMax);
  const auto exact = Decimal::parse(result.str(0, std::ios_base::scientific));
  if (!exact) return arithmetic_error("Overflow");
  return with_precision(*exact, digits, Rounding::kHalfEven);
}

// Of 10^power: Cassandra divides two logarithms that are rounded. Where that goes up, the zeros behind the
// quotient are dropped, even those before the point; else it has all digits, though they are zeros.
Result<Decimal> common_log_of_power(int64_t power, int digits) {
  const int inner = digits + 2;
  const auto ten = Decimal::parse(log(Float(10)).str(0, std::ios_base::scientific));
  KEYZONE_ASSERT(ten);
  KEYZONE_TRY(twice, with_precision(*ten, 2 * inner, Rounding::kHalfEven));
  KEYZONE_TRY(more, with_precision({twice.unscaled * power, twice.scale}, inner + 4, Rounding::kHalfEven));
  KEYZONE_TRY(dividend, with_precision(more, inner, Rounding::kHalfEven));
  KEYZONE_TRY(divisor, with_precision(*ten, inner, Rounding::kHalfEven));
  Decimal out{BigInt(power), 0};
  if (compare(dividend, {divisor.unscaled * power, divisor.scale}) != 0)
    return with_scale(out, digits - precision(out), Rounding::kDown);
  while (out.scale > dividend.scale - divisor.scale && out.unscaled % 10 == 0) {
    out.unscaled /= 10;
    --out.scale;
  }
  return out;
}

}  // namespace

Result<Decimal> exponential(const Decimal& value) {
  if (value.unscaled == 0) return Decimal{1, 0};
  constexpr int kDigitsMax = 10;  // the exponent of the result is an int
  if (int64_t{precision(value)} - value.scale > kDigitsMax) return arithmetic_error("Overflow");
  return rounded(exp(to_float(value)), value);
}

Result<Decimal> natural_log(const Decimal& value) {
  if (value.unscaled <= 0) return arithmetic_error("Natural log of number zero or less");
  if (without_trailing_zeros(value).to_string() == "1") return Decimal{};
  return rounded(log(to_float(value)), value);
}

Result<Decimal> common_log(const Decimal& value) {
  if (value.unscaled <= 0) return arithmetic_error("Log10 of number zero or less");
  const Decimal bare = without_trailing_zeros(value);
  // the zero was divided by the logarithm of 10, with all its digits
  if (bare.unscaled == 1 && bare.scale == 0) {
    return Decimal{0, -(std::max(precision(value), kDecimalFractionMin) + 1)};
  }
  if (bare.unscaled == 1) {
    const int digits = std::clamp(precision(value), kDecimalFractionMin, kTranscendentalPrecisionMax);
    return common_log_of_power(-int64_t{bare.scale}, digits);
  }
  return rounded(log10(to_float(value)), value);
}

Result<Bytes> checked_wire(const BigInt& value) {
  Bytes wire = bigint_to_wire(value);
  if (wire.size() <= kNumberBytesMax) return wire;
  return invalid("the result has more than " + std::to_string(kNumberBytesMax) + " bytes");
}

Result<Bytes> checked_wire(const Decimal& value) {
  Bytes wire = value.to_wire();
  if (wire.size() <= 4 + kNumberBytesMax) return wire;
  return invalid("the result has more than " + std::to_string(kNumberBytesMax) + " bytes");
}

}  // namespace keyzone
