// Arithmetic of decimals with the precision and rounding of Cassandra's DecimalType. Results that would have
// absurdly many digits are refused. Include from .cc files only.
#pragma once
#include "schema/result.h"
#include "schema/types/big_number.h"
#include "schema/types/type.h"

namespace keyzone {

inline constexpr int kDecimalPrecisionMax = 10'000;     // digits of a sum, difference or product
inline constexpr int kDecimalFractionMin = 32;          // digits that a quotient has at least
inline constexpr int kDecimalScaleMax = 1'000;          // and places at most
inline constexpr int kTranscendentalPrecisionMax = 90;  // digits of exp, log and log10; Cassandra: 10,000

enum class Rounding { kHalfUp, kHalfEven, kDown };

int precision(const Decimal& value);  // digits of the unscaled value; 1 for zero
// `value` with `scale` places.
Result<Decimal> with_scale(const Decimal& value, int64_t scale, Rounding rounding);
// With at most `digits` digits.
Result<Decimal> with_precision(const Decimal& value, int digits, Rounding rounding);
Decimal without_trailing_zeros(const Decimal& value);

Result<Decimal> add(const Decimal& a, const Decimal& b);
Result<Decimal> subtract(const Decimal& a, const Decimal& b);
Result<Decimal> multiply(const Decimal& a, const Decimal& b);
Result<Decimal> divide(const Decimal& a, const Decimal& b);
// a / b with exactly `scale` places.
Result<Decimal> divide(const Decimal& a, const Decimal& b, int64_t scale, Rounding rounding);
Result<Decimal> remainder(const Decimal& a, const Decimal& b);

Result<Decimal> exponential(const Decimal& value);
Result<Decimal> natural_log(const Decimal& value);
Result<Decimal> common_log(const Decimal& value);

// The wire form, or an error if it is longer than a value may be.
Result<Bytes> checked_wire(const BigInt& value);
Result<Bytes> checked_wire(const Decimal& value);

}  // namespace keyzone
