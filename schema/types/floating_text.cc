// Digits of floating-point numbers as Java 17 finds them, which is what Cassandra runs on. They read back as
// the same number, but are not always the shortest that do: 2^60 is 1.15292150460684698E18. So the way to
// them is Java's, too.
#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <type_traits>

#include "schema/types/big_number.h"
#include "schema/types/floating.h"

namespace keyzone {

namespace {

constexpr int kSignificandBits = 53;     // of a double; a float's are moved up to the same place
constexpr int kIntegerExponentMax = 62;  // up to here a whole number fits a long
constexpr int kPlainExponentMin = -3, kPlainExponentMax = 8;
constexpr int kWordBits = 64;
constexpr int kPowersOfFiveKnown = 27;  // whose size in bits Java has in a table; it estimates larger ones

struct Digits {
  std::string text;  // 12300 of 1.23E5 or 123
  int exponent = 0;  // the point is behind so many digits
};

// What Java is given: the value is fraction * 2^(exponent - 52), and bit 52 of the fraction is set.
struct Binary {
  uint64_t fraction;
  int exponent;
  int significant_bits;  // fewer for numbers too small to have all of them
};

Binary binary_of(uint64_t fraction, int exponent, int exponent_bias, int bits) {
  Binary out{fraction, exponent, bits};
  if (exponent == 0) {
    const int width = kWordBits - std::countl_zero(fraction);
    out = {fraction << (bits - width), 1 - (bits - width), width};
  } else {
    out.fraction |= uint64_t{1} << (bits - 1);
  }
  out.fraction <<= kSignificandBits - bits;
  out.exponent -= exponent_bias;
  return out;
}

int bits_of_power_of_five(int power) {
  if (power >= kPowersOfFiveKnown) return power * 3;
  unsigned __int128 value = 1;
  for (int i = 0; i < power; ++i) value *= 5;
  return power == 0 ? 0 : kWordBits - std::countl_zero(static_cast<uint64_t>(value));
}

// A whole number; its digits below half of what the last bit is worth are dropped.
Digits whole_digits(const Binary& binary) {
  constexpr double kDigitsPerBit = 0.30102999566398120;
  const int shift = binary.exponent - (kSignificandBits - 1);
  uint64_t value = shift >= 0 ? binary.fraction << shift : binary.fraction >> -shift;
  const int spare_bits = binary.exponent - binary.significant_bits - 1;
  const int dropped = spare_bits > 1 ? static_cast<int>(spare_bits * kDigitsPerBit) : 0;
  if (dropped > 0) {
    uint64_t unit = 1;
    for (int i = 0; i < dropped; ++i) unit *= 10;
    value = value / unit + (value % unit >= unit / 2);
  }
  Digits out{std::to_string(value), 0};
  out.exponent = static_cast<int>(out.text.size()) + dropped;
  out.text.erase(out.text.find_last_not_of('0') + 1);
  return out;
}

void round_up(Digits& digits) {
  size_t at = digits.text.size();
  while (at > 0 && digits.text[at - 1] == '9') digits.text[--at] = '0';
  if (at > 0) {
    ++digits.text[at - 1];
  } else {
    digits.text[0] = '1';
    ++digits.exponent;
  }
}

// The value as dividend / divisor * 10^exponent, of which digits are divided off until what is left is no
// more than half of the last bit. The numbers are products of powers of two and five.
struct Scaled {
  uint64_t fraction;
  int exponent;
  int dividend_twos, dividend_fives, divisor_twos, divisor_fives, half_twos, half_fives;
};

Scaled scaled_of(const Binary& binary, int fraction_bits, int small_bits) {
  // Nearly the logarithm; one too much is noticed when the first digit is zero.
  const double mantissa =
      std::bit_cast<double>((uint64_t{0x3ff} << (kSignificandBits - 1)) |
                            (binary.fraction & ((uint64_t{1} << (kSignificandBits - 1)) - 1)));
  Scaled s;
  s.exponent = static_cast<int>(
      std::floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + binary.exponent * 0.301029995663981));
  s.dividend_fives = std::max(0, -s.exponent);
  s.dividend_twos = s.dividend_fives + small_bits + binary.exponent;
  s.divisor_fives = std::max(0, s.exponent);
  s.divisor_twos = s.divisor_fives + small_bits;
  s.half_fives = s.dividend_fives;
  s.half_twos = s.dividend_twos - binary.significant_bits;
  s.fraction = binary.fraction >> std::countr_zero(binary.fraction);
  s.dividend_twos -= fraction_bits - 1;
  const int common = std::min(s.dividend_twos, s.divisor_twos);
  s.dividend_twos -= common;
  s.divisor_twos -= common;
  s.half_twos -= common;
  if (fraction_bits == 1) --s.half_twos;  // below a power of two the numbers lie closer
  if (s.half_twos < 0) {
    s.dividend_twos -= s.half_twos;
    s.divisor_twos -= s.half_twos;
    s.half_twos = 0;
  }
  return s;
}

// Java's int and long, which overflow: the last digit may then be the lower one of two, and ours is, too.
template <class Word>
class Wrapping {
 public:
  using Bits = std::make_unsigned_t<Word>;
  Wrapping(uint64_t value) : value_(static_cast<Word>(static_cast<Bits>(value))) {}
  friend Wrapping operator+(Wrapping a, Wrapping b) { return of(bits(a) + bits(b)); }
  friend Wrapping operator-(Wrapping a, Wrapping b) { return of(bits(a) - bits(b)); }
  friend Wrapping operator*(Wrapping a, Wrapping b) { return of(bits(a) * bits(b)); }
  friend Wrapping operator/(Wrapping a, Wrapping b) { return of(static_cast<Bits>(a.value_ / b.value_)); }
  friend Wrapping operator<<(Wrapping a, unsigned shift) { return of(bits(a) << shift); }
  friend auto operator<=>(Wrapping a, Wrapping b) { return a.value_ <=> b.value_; }
  friend bool operator==(Wrapping a, Wrapping b) { return a.value_ == b.value_; }
  explicit operator int() const { return static_cast<int>(value_); }

 private:
  static Bits bits(Wrapping a) { return static_cast<Bits>(a.value_); }
  static Wrapping of(uint64_t bits) { return Wrapping(bits); }
  Word value_;
};

template <class Int>
Int power(int twos, int fives) {
  Int out = 1;
  for (int i = 0; i < fives; ++i) out = out * Int(5);
  return out << static_cast<unsigned>(twos);
}

// Java compares words with > where it compares longer numbers with >=; `stop_at_equal` says which.
template <class Int>
Digits divided_digits(const Scaled& s, bool stop_at_equal) {
  const Int ten = 10;
  Int dividend = power<Int>(s.dividend_twos, s.dividend_fives) * Int(s.fraction);
  const Int divisor = power<Int>(s.divisor_twos, s.divisor_fives);
  Int half = power<Int>(s.half_twos, s.half_fives);
  const Int tens = divisor * ten;
  Digits out{"", s.exponent + 1};
  bool low = false, high = false;
  const auto divide = [&] {
    const Int quotient = dividend / divisor;
    dividend = (dividend - quotient * divisor) * ten;
    half = half * ten;
    const Int sum = dividend + half;
    const bool overflow = half <= Int(0);
    low = overflow || dividend < half;
    high = overflow || (stop_at_equal ? sum >= tens : sum > tens);
    return static_cast<char>('0' + static_cast<int>(quotient));
  };
  const char first = divide();
  if (first == '0' && !high) {
    --out.exponent;
  } else {
    out.text += first;
  }
  if (out.exponent - 1 < kPlainExponentMin || out.exponent - 1 >= kPlainExponentMax) low = high = false;
  while (!low && !high) out.text += divide();
  if (!high) return out;
  const Int difference = dividend + dividend - tens;
  const bool odd = (out.text.back() & 1) != 0;
  if (!low || difference > Int(0) || (difference == Int(0) && odd)) round_up(out);
  return out;
}

Digits digits_of(const Binary& binary) {
  const int fraction_bits = kSignificandBits - std::countr_zero(binary.fraction);
  const int small_bits = std::max(0, fraction_bits - binary.exponent - 1);  // to the right of the point
  if (small_bits == 0 && binary.exponent <= kIntegerExponentMax) return whole_digits(binary);
  const Scaled s = scaled_of(binary, fraction_bits, small_bits);
  const int dividend_bits = fraction_bits + s.dividend_twos + bits_of_power_of_five(s.dividend_fives);
  const int tens_bits = s.divisor_twos + 1 + bits_of_power_of_five(s.divisor_fives + 1);
  const int bits = std::max(dividend_bits, tens_bits);
  if (bits < kWordBits / 2) return divided_digits<Wrapping<int32_t>>(s, false);
  if (bits < kWordBits) return divided_digits<Wrapping<int64_t>>(s, false);
  return divided_digits<BigInt>(s, true);
}

std::string written(const Digits& digits) {
  const std::string& text = digits.text;
  if (digits.exponent > 0 && digits.exponent < kPlainExponentMax) {
    const auto whole = static_cast<size_t>(digits.exponent);
    if (text.size() <= whole) return text + std::string(whole - text.size(), '0') + ".0";
    return text.substr(0, whole) + "." + text.substr(whole);
  }
  if (digits.exponent <= 0 && digits.exponent > kPlainExponentMin) {
    return "0." + std::string(static_cast<size_t>(-digits.exponent), '0') + text;
  }
  return text.substr(0, 1) + "." + (text.size() > 1 ? text.substr(1) : "0") + "E" +
         std::to_string(digits.exponent - 1);
}

template <class Float>
std::string java_text_of(Float value, const Binary& binary) {
  if (std::isnan(value)) return "NaN";
  const std::string sign = std::signbit(value) ? "-" : "";
  if (std::isinf(value)) return sign + "Infinity";
  return sign + (value == 0 ? "0.0" : written(digits_of(binary)));
}

}  // namespace

std::string java_text(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  return java_text_of(value, binary_of(bits & ((uint64_t{1} << 52) - 1), static_cast<int>(bits >> 52 & 0x7ff),
                                       1023, kSignificandBits));
}

std::string java_text(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return java_text_of(
      value, binary_of(bits & ((uint32_t{1} << 23) - 1), static_cast<int>(bits >> 23 & 0xff), 127, 24));
}

}  // namespace keyzone
