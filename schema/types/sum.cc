#include "schema/types/sum.h"

#include <bit>

#include "schema/types/decimal_math.h"
#include "schema/types/native_types.h"

namespace keyzone {
namespace {

template <class Unsigned>
Bytes sum_of_integers(BytesView a, BytesView b) {
  return be_bytes(static_cast<Unsigned>(load_be<Unsigned>(a.data()) + load_be<Unsigned>(b.data())));
}

template <class Float, class Bits>
Bytes sum_of_floats(BytesView a, BytesView b) {
  const auto x = std::bit_cast<Float>(load_be<Bits>(a.data()));
  const auto y = std::bit_cast<Float>(load_be<Bits>(b.data()));
  return be_bytes(std::bit_cast<Bits>(x + y));
}

}  // namespace

bool can_be_summed(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyint:
    case TypeKind::kSmallint:
    case TypeKind::kInt:
    case TypeKind::kBigint:
    case TypeKind::kFloat:
    case TypeKind::kDouble:
    case TypeKind::kVarint:
    case TypeKind::kDecimal:
    case TypeKind::kText:
    case TypeKind::kAscii:
      return true;
    default:
      return false;
  }
}

Result<Bytes> sum_of(TypeKind kind, BytesView a, BytesView b) {
  switch (kind) {
    case TypeKind::kTinyint:
      return sum_of_integers<uint8_t>(a, b);
    case TypeKind::kSmallint:
      return sum_of_integers<uint16_t>(a, b);
    case TypeKind::kInt:
      return sum_of_integers<uint32_t>(a, b);
    case TypeKind::kBigint:
      return sum_of_integers<uint64_t>(a, b);
    case TypeKind::kFloat:
      return sum_of_floats<float, uint32_t>(a, b);
    case TypeKind::kDouble:
      return sum_of_floats<double, uint64_t>(a, b);
    case TypeKind::kVarint:
      return checked_wire(BigInt(bigint_from_wire(a) + bigint_from_wire(b)));
    case TypeKind::kDecimal: {
      KEYZONE_TRY(sum, add(Decimal::from_wire(a), Decimal::from_wire(b)));
      return checked_wire(sum);
    }
    default:
      KEYZONE_ASSERT(can_be_summed(kind));
      return Bytes(a) + Bytes(b);
  }
}

}  // namespace keyzone
