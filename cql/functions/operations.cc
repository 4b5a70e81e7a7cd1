// + - * / % and negation: on numbers (the wider type wins, floating-point if one is), times with durations,
// text.
#include <bit>
#include <cmath>

#include "cql/functions/java_number.h"
#include "cql/functions/registry.h"
#include "cql/functions/temporal.h"
#include "schema/types/decimal_math.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {

namespace {

using enum TypeKind;

// ---- which type results ----

constexpr int kUnlimited = 1000;
constexpr int size_of(TypeKind kind) {
  switch (kind) {
    case kTinyint:
      return 1;
    case kSmallint:
      return 2;
    case kInt:
    case kFloat:
      return 4;
    case kBigint:
    case kCounter:
    case kDouble:
      return 8;
    default:
      return kUnlimited;
  }
}
constexpr bool is_floating(TypeKind kind) { return kind == kFloat || kind == kDouble || kind == kDecimal; }

constexpr TypeKind result_kind(TypeKind left, TypeKind right) {
  const int size = std::max(size_of(left), size_of(right));
  if (is_floating(left) || is_floating(right)) return size <= 4 ? kFloat : size == 8 ? kDouble : kDecimal;
  return size == 1 ? kTinyint : size == 2 ? kSmallint : size == 4 ? kInt : size == 8 ? kBigint : kVarint;
}
static_assert(result_kind(kInt, kFloat) == kFloat && result_kind(kBigint, kFloat) == kDouble &&
              result_kind(kTinyint, kCounter) == kBigint && result_kind(kVarint, kDouble) == kDecimal);

// ---- on each kind of number ----

// Two's complement, wrapped to the type's width by the caller. Java computes tinyint and smallint as int.
Result<int64_t> on_integers(char op, int64_t a, int64_t b) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  if ((op == '/' || op == '%') && b == 0) return invalid("/ by zero");
  if (b == -1 && op == '/') return static_cast<int64_t>(0 - x);
  if (b == -1 && op == '%') return int64_t{0};
  switch (op) {
    case '+':
      return static_cast<int64_t>(x + y);
    case '-':
      return static_cast<int64_t>(x - y);
    case '*':
      return static_cast<int64_t>(x * y);
    case '/':
      return a / b;
    default:
      return a % b;
  }
}

template <class Float>
Float on_floats(char op, Float a, Float b) {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return std::fmod(a, b);
  }
}

Result<BigInt> on_bigints(char op, const BigInt& a, const BigInt& b) {
  if ((op == '/' || op == '%') && b == 0) return invalid("BigInteger divide by zero");
  switch (op) {
    case '+':
      return BigInt(a + b);
    case '-':
      return BigInt(a - b);
    case '*':
      return BigInt(a * b);
    case '/':
      return BigInt(a / b);
    default:
      return BigInt(a % b);
  }
}

Result<Decimal> on_decimals(char op, const Decimal& a, const Decimal& b) {
  switch (op) {
    case '+':
      return add(a, b);
    case '-':
      return subtract(a, b);
    case '*':
      return multiply(a, b);
    case '/':
      return divide(a, b);
    default:
      return remainder(a, b);
  }
}

Result<Bytes> compute(char op, TypeKind result, const JavaNumber& a, const JavaNumber& b) {
  switch (result) {
    case kFloat:
      return be_bytes(std::bit_cast<uint32_t>(on_floats(op, a.to_float(), b.to_float())));
    case kDouble:
      return be_bytes(std::bit_cast<uint64_t>(on_floats(op, a.to_double(), b.to_double())));
    case kVarint: {
      KEYZONE_TRY(value, on_bigints(op, a.to_bigint(), b.to_bigint()));
      return checked_wire(value);
    }
    case kDecimal: {
      KEYZONE_TRY(x, a.to_decimal());
      KEYZONE_TRY(y, b.to_decimal());
      KEYZONE_TRY(value, on_decimals(op, x, y));
      return checked_wire(value);
    }
    default: {
      KEYZONE_TRY(value, on_integers(op, a.to_long(), b.to_long()));
      return JavaNumber(value).to_wire(result);
    }
  }
}

Result<Bytes> negate(TypeKind kind, const JavaNumber& number) {
  switch (kind) {
    case kFloat:
      return be_bytes(std::bit_cast<uint32_t>(-number.to_float()));
    case kDouble:
      return be_bytes(std::bit_cast<uint64_t>(-number.to_double()));
    case kVarint:
      return checked_wire(BigInt(-*number.as_bigint()));
    case kDecimal:
      return checked_wire(Decimal{BigInt(-number.as_decimal()->unscaled), number.as_decimal()->scale});
    default:
      return JavaNumber(static_cast<int64_t>(0 - static_cast<uint64_t>(number.to_long()))).to_wire(kind);
  }
}

// ---- the functions ----

// Wraps the reason of a failure as Cassandra does.
StrictBody operation(char op, TypeKind left, TypeKind right,
                     std::function<Result<Bytes>(BytesView, BytesView)> body) {
  return [=](std::span<const BytesView> values) -> Result<FunctionValue> {
    auto result = body(values[0], values[1]);
    if (result) return FunctionValue(*std::move(result));
    return function_failure(operator_function_name(op),
                            "the operation '" + std::string(native_type_name(left)) + " " + op + " " +
                                std::string(native_type_name(right)) + "' failed: " + result.error().message);
  };
}

void add_operation(Registry& registry, char op, TypeKind result, TypeKind left, TypeKind right,
                   std::function<Result<Bytes>(BytesView, BytesView)> body) {
  registry.add(strict_function(std::string(operator_function_name(op)), native_type(result),
                               {native_type(left), native_type(right)},
                               operation(op, left, right, std::move(body))));
}

void add_numeric(Registry& registry, TypeKind left, TypeKind right) {
  const TypeKind result = result_kind(left, right);
  for (const char op : {'+', '-', '*', '/', '%'}) {
    add_operation(registry, op, result, left, right, [=](BytesView a, BytesView b) {
      return compute(op, result, JavaNumber::of(left, a), JavaNumber::of(right, b));
    });
  }
}

Result<Bytes> move_in_time(TypeKind kind, char op, BytesView time, BytesView wire) {
  KEYZONE_TRY(duration, Duration::from_wire(wire));
  if (kind == kDate && duration.nanoseconds != 0) {
    return invalid("The duration must have a day precision. Was: " + duration.to_string());
  }
  if (duration.nanoseconds % kNanosPerMilli != 0) {
    return invalid("The duration must have a millisecond precision. Was: " + duration.to_string());
  }
  const int64_t millis = millis_of(kind, time);
  const int64_t moved = op == '+' ? add_duration(millis, duration) : subtract_duration(millis, duration);
  return kind == kDate ? date_of_millis(moved) : be_bytes(moved);
}

void add_negation(Registry& registry, TypeKind kind) {
  registry.add(strict_function(std::string(kNegationName), native_type(kind), {native_type(kind)},
                               [kind](std::span<const BytesView> values) -> Result<FunctionValue> {
                                 KEYZONE_TRY(bytes, negate(kind, JavaNumber::of(kind, values[0])));
                                 return FunctionValue(std::move(bytes));
                               }));
}

}  // namespace

void add_operations(Registry& registry) {
  for (const TypeKind left : kNumericKinds) {
    for (const TypeKind right : kNumericKinds) add_numeric(registry, left, right);
    add_negation(registry, left);
  }
  for (const TypeKind kind : {kTimestamp, kDate}) {
    for (const char op : {'+', '-'}) {
      add_operation(registry, op, kind, kind, kDuration, [=](BytesView time, BytesView duration) {
        return move_in_time(kind, op, time, duration);
      });
    }
  }
  for (const TypeKind left : {kText, kAscii}) {
    for (const TypeKind right : {kText, kAscii}) {
      const TypeKind result = left == kAscii && right == kAscii ? kAscii : kText;
      add_operation(registry, '+', result, left, right,
                    [](BytesView a, BytesView b) -> Result<Bytes> { return Bytes(a) + Bytes(b); });
    }
  }
}

}  // namespace keyzone::cql
