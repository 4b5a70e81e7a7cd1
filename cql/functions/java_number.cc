#include "cql/functions/java_number.h"

#include <bit>
#include <cmath>
#include <limits>

#include "schema/types/decimal_math.h"
#include "schema/types/floating.h"

namespace keyzone::cql {

namespace {

template <class Int>
Int saturating(double value) {
  if (std::isnan(value)) return 0;
  constexpr double kLow = static_cast<double>(std::numeric_limits<Int>::min());
  if (value < kLow) return std::numeric_limits<Int>::min();
  if (value >= -kLow) return std::numeric_limits<Int>::max();
  return static_cast<Int>(value);
}

int64_t low_bits(const BigInt& value) {
  const BigInt magnitude = abs(value) & BigInt(std::numeric_limits<uint64_t>::max());
  const auto bits = static_cast<uint64_t>(magnitude);
  return static_cast<int64_t>(value < 0 ? 0 - bits : bits);
}

int64_t low_bits(const Decimal& value) {
  if (value.scale <= 0) {
    // 10^64 and more is a multiple of 2^64.
    return value.scale <= -64
               ? 0
               : low_bits(BigInt(value.unscaled * power_of_ten(static_cast<uint32_t>(-value.scale))));
  }
  if (static_cast<size_t>(value.scale) > kNumberDigitsMax) return 0;  // more places than digits
  return low_bits(BigInt(value.unscaled / power_of_ten(static_cast<uint32_t>(value.scale))));
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

template <class Int>
Bytes be_bytes(Int value) {
  Bytes out;
  append_be(out, value);
  return out;
}

}  // namespace

JavaNumber JavaNumber::of(TypeKind kind, BytesView wire) {
  switch (kind) {
    case TypeKind::kTinyint:
      return JavaNumber(int64_t{load_be<int8_t>(wire.data())});
    case TypeKind::kSmallint:
      return JavaNumber(int64_t{load_be<int16_t>(wire.data())});
    case TypeKind::kInt:
      return JavaNumber(int64_t{load_be<int32_t>(wire.data())});
    case TypeKind::kFloat:
      return JavaNumber(double{std::bit_cast<float>(load_be<uint32_t>(wire.data()))});
    case TypeKind::kDouble:
      return JavaNumber(std::bit_cast<double>(load_be<uint64_t>(wire.data())));
    case TypeKind::kDecimal:
      return JavaNumber(Decimal::from_wire(wire));
    case TypeKind::kVarint:
      return JavaNumber(bigint_from_wire(wire));
    default:
      return JavaNumber(load_be<int64_t>(wire.data()));
  }
}

int64_t JavaNumber::to_long() const {
  return std::visit(
      Overloaded{[](int64_t v) { return v; }, [](double v) { return saturating<int64_t>(v); },
                 [](const BigInt& v) { return low_bits(v); }, [](const Decimal& v) { return low_bits(v); }},
      value_);
}

int32_t JavaNumber::to_int() const {
  if (const double* v = std::get_if<double>(&value_)) return saturating<int32_t>(*v);
  return static_cast<int32_t>(to_long());
}

double JavaNumber::to_double() const {
  return std::visit(Overloaded{[](int64_t v) { return static_cast<double>(v); }, [](double v) { return v; },
                               [](const BigInt& v) { return parse_double(v.str()).value_or(0); },
                               [](const Decimal& v) { return parse_double(v.to_string()).value_or(0); }},
                    value_);
}

float JavaNumber::to_float() const {
  return std::visit(Overloaded{[](int64_t v) { return static_cast<float>(v); },
                               [](double v) { return static_cast<float>(v); },
                               [](const BigInt& v) { return parse_float(v.str()).value_or(0); },
                               [](const Decimal& v) { return parse_float(v.to_string()).value_or(0); }},
                    value_);
}

BigInt JavaNumber::to_bigint() const {
  const BigInt* v = as_bigint();
  return v ? *v : BigInt(to_long());
}

Result<Decimal> JavaNumber::to_decimal() const {
  if (const Decimal* v = as_decimal()) return *v;
  if (const BigInt* v = as_bigint()) return Decimal{*v, 0};
  const double v = to_double();
  if (std::isnan(v)) return invalid("A NaN cannot be converted into a decimal");
  if (std::isinf(v)) return invalid("An infinite number cannot be converted into a decimal");
  return Decimal::from_double(v);
}

Result<Bytes> JavaNumber::to_wire(TypeKind kind) const {
  switch (kind) {
    case TypeKind::kTinyint:
      return be_bytes(static_cast<int8_t>(to_int()));
    case TypeKind::kSmallint:
      return be_bytes(static_cast<int16_t>(to_int()));
    case TypeKind::kInt:
      return be_bytes(to_int());
    case TypeKind::kFloat:
      return be_bytes(std::bit_cast<uint32_t>(to_float()));
    case TypeKind::kDouble:
      return be_bytes(std::bit_cast<uint64_t>(to_double()));
    case TypeKind::kVarint:
      return checked_wire(to_bigint());
    case TypeKind::kDecimal: {
      KEYZONE_TRY(decimal, to_decimal());
      return checked_wire(decimal);
    }
    default:
      return be_bytes(to_long());
  }
}

}  // namespace keyzone::cql
