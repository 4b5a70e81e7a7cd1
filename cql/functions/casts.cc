// CAST(x AS type): cast_as_int and so on, one overload for each type that can be cast to it.
#include "cql/functions/java_number.h"
#include "cql/functions/registry.h"
#include "cql/functions/temporal.h"
#include "schema/types/decimal_math.h"
#include "schema/types/floating.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {

namespace {

using enum TypeKind;

void add_cast(Registry& registry, TypeKind from, TypeKind to, StrictBody body) {
  std::string legacy(native_type_name(to));
  legacy[0] = static_cast<char>(legacy[0] - 'a' + 'A');
  Function function = strict_function(cast_function_name(*native_type(to)), native_type(to),
                                      {native_type(from)}, std::move(body));
  if (from == kSmallint && (to == kText || to == kAscii)) {  // Java's text of no Short
    function.call = [strict = std::move(function.call)](std::span<const FunctionArgument> arguments,
                                                        FunctionContext& context) -> Result<FunctionValue> {
      if (arguments[0] && arguments[0]->empty()) return FunctionValue("null");
      return strict(arguments, context);
    };
  }
  registry.add(std::move(function), "castAs" + legacy);
}

// What Java throws at the first letter, and Cassandra does not catch.
Error not_finite(const std::string& text) {
  const char letter = text[text.starts_with('-') ? 1 : 0];
  return {ErrorKind::kServer, std::string("java.lang.NumberFormatException: Character ") + letter +
                                  " is neither a decimal digit number, decimal point, nor \"e\" notation "
                                  "exponential mark."};
}

// Decimals get the digits that the number shows, not those of its nearest double.
Result<FunctionValue> to_decimal(TypeKind from, BytesView wire) {
  const JavaNumber number = JavaNumber::of(from, wire);
  Decimal decimal;
  if (from == kFloat || from == kDouble) {
    const std::string text = from == kFloat ? java_text(number.to_float()) : java_text(number.to_double());
    const auto parsed = Decimal::parse(text);
    if (!parsed) return not_finite(text);
    decimal = *parsed;
  } else if (from == kVarint) {
    KEYZONE_TRY(converted, number.to_decimal());
    decimal = converted;
  } else {
    decimal = Decimal{BigInt(number.to_long()), 0};
  }
  KEYZONE_TRY(bytes, checked_wire(decimal));
  return FunctionValue(std::move(bytes));
}

Result<FunctionValue> to_number(TypeKind from, TypeKind to, BytesView wire) {
  if (to == kDecimal) return to_decimal(from, wire);
  const JavaNumber number = JavaNumber::of(from, wire);
  KEYZONE_TRY(bytes, to == kVarint ? checked_wire(BigInt(number.to_long())) : number.to_wire(to));
  return FunctionValue(std::move(bytes));
}

Result<FunctionValue> to_text(TypeKind from, BytesView wire) {
  std::string text = native_type(from)->to_cql_literal(wire);
  if (text.starts_with('\'')) text = text.substr(1, text.size() - 2);
  return FunctionValue(std::move(text));
}

struct Temporal {
  TypeKind from;
  TypeKind to;
};
constexpr Temporal kTemporal[] = {
    {kTimeuuid, kDate}, {kTimeuuid, kTimestamp}, {kTimestamp, kDate}, {kDate, kTimestamp}};
constexpr TypeKind kToText[] = {kInet, kBoolean, kTimeuuid, kTimestamp, kDate, kTime, kUuid};

}  // namespace

void add_casts(Registry& registry) {
  const auto add_text_casts = [&](TypeKind from) {
    for (const TypeKind to : {kAscii, kText}) {
      add_cast(registry, from, to, [from](std::span<const BytesView> v) { return to_text(from, v[0]); });
    }
  };
  for (const TypeKind from : kNumericKinds) {
    for (const TypeKind to : kNumericKinds) {
      if (from == to || to == kCounter) continue;
      add_cast(registry, from, to,
               [from, to](std::span<const BytesView> v) { return to_number(from, to, v[0]); });
    }
    add_text_casts(from);
  }
  add_cast(registry, kAscii, kText,
           [](std::span<const BytesView> v) { return Result<FunctionValue>(Bytes(v[0])); });
  for (const TypeKind from : kToText) add_text_casts(from);
  for (const auto [from, to] : kTemporal) {
    add_cast(registry, from, to,
             [from = from, to = to](std::span<const BytesView> v) -> Result<FunctionValue> {
               const int64_t millis = millis_of(from, v[0]);
               return FunctionValue(to == kDate ? date_of_millis(millis) : be_bytes(millis));
             });
  }
}

}  // namespace keyzone::cql
