// Numbers without limit: varint's and decimal's values, as Java's BigInteger and BigDecimal have them.
// Include this from .cc files only: Boost.Multiprecision is heavy.
#pragma once
#include <boost/multiprecision/cpp_int.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "schema/bytes.h"

namespace keyzone {

using BigInt = boost::multiprecision::cpp_int;

BigInt bigint_from_wire(BytesView wire);                    // two's complement, big-endian; empty is 0
Bytes bigint_to_wire(const BigInt& value);                  // the shortest such
std::optional<BigInt> parse_bigint(std::string_view text);  // [±]digits, at most kNumberDigitsMax
BigInt power_of_ten(uint32_t exponent);

inline constexpr size_t kNumberDigitsMax = 36'000;  // what fits in kNumberBytesMax

// unscaled / 10^scale. 1.0 and 1.00 are equal and yet different values.
struct Decimal {
  BigInt unscaled;
  int32_t scale = 0;

  static Decimal from_wire(BytesView wire);  // int32 scale, then the unscaled value
  Bytes to_wire() const;
  static std::optional<Decimal> parse(std::string_view text);  // [±]digits[.digits][e[±]digits]
  std::string to_string() const;                               // as BigDecimal.toString
  static Decimal from_double(double value);                    // as new BigDecimal(Double.toString(value))
};

// Compares magnitudes without aligning them, so that 1e1000000000 costs no more than 1.
int compare(const Decimal& a, const Decimal& b);

}  // namespace keyzone
