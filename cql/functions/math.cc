// abs, exp, log, log10, round: each gives the type it takes.
#include <bit>
#include <cmath>

#include "cql/functions/java_number.h"
#include "cql/functions/registry.h"
#include "schema/types/decimal_math.h"
#include "schema/types/native_types.h"

namespace keyzone::cql {

namespace {

using enum TypeKind;

struct MathEntry {
  const char* name;
  double (*on_double)(double);
  Result<Decimal> (*on_decimal)(const Decimal&);
};

// Math.round: half up, to the nearest integer that a long has.
double round_half_up(double value) {
  const double whole = std::floor(value);
  return static_cast<double>(JavaNumber(value - whole >= 0.5 ? whole + 1 : whole).to_long());
}
Result<Decimal> absolute(const Decimal& value) { return Decimal{BigInt(abs(value.unscaled)), value.scale}; }
Result<Decimal> rounded(const Decimal& value) { return with_scale(value, 0, Rounding::kHalfUp); }

constexpr MathEntry kMath[] = {
    {"abs", std::fabs, absolute},      {"exp", std::exp, exponential},    {"log", std::log, natural_log},
    {"log10", std::log10, common_log}, {"round", round_half_up, rounded},
};

bool keeps_integers(const MathEntry& entry) {
  return entry.on_decimal == absolute || entry.on_decimal == rounded;
}

Result<Bytes> compute(const MathEntry& entry, TypeKind kind, const JavaNumber& number) {
  switch (kind) {
    case kDecimal: {
      KEYZONE_TRY(value, entry.on_decimal(*number.as_decimal()));
      return checked_wire(value);
    }
    case kVarint: {
      KEYZONE_TRY(value, entry.on_decimal(Decimal{*number.as_bigint(), 0}));
      KEYZONE_TRY(whole, with_scale(value, 0, Rounding::kDown));
      return checked_wire(whole.unscaled);
    }
    case kFloat:
      if (entry.on_double == round_half_up) {  // of floats it gives an int
        return JavaNumber(int64_t{JavaNumber(round_half_up(number.to_double())).to_int()}).to_wire(kind);
      }
      [[fallthrough]];
    case kDouble:
      return JavaNumber(entry.on_double(number.to_double())).to_wire(kind);
    default:
      if (!keeps_integers(entry)) return JavaNumber(entry.on_double(number.to_double())).to_wire(kind);
      const int64_t value = number.to_long();
      const bool negate = entry.on_decimal == absolute && value < 0;
      return JavaNumber(negate ? static_cast<int64_t>(0 - static_cast<uint64_t>(value)) : value)
          .to_wire(kind);
  }
}

}  // namespace

void add_math_functions(Registry& registry) {
  for (const MathEntry& entry : kMath) {
    for (const TypeKind kind : kNumericKinds) {
      registry.add(strict_function(entry.name, native_type(kind), {native_type(kind)},
                                   [entry, kind](std::span<const BytesView> values) -> Result<FunctionValue> {
                                     KEYZONE_TRY(bytes,
                                                 compute(entry, kind, JavaNumber::of(kind, values[0])));
                                     return FunctionValue(std::move(bytes));
                                   }));
    }
  }
}

}  // namespace keyzone::cql
