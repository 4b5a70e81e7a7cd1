// Which types are numbers.
#pragma once
#include "schema/types/type.h"

namespace keyzone::cql {

// All that arithmetic works on; in the order in which overloads are listed.
inline constexpr TypeKind kNumericKinds[] = {TypeKind::kTinyint, TypeKind::kSmallint, TypeKind::kInt,
                                             TypeKind::kBigint,  TypeKind::kFloat,    TypeKind::kDouble,
                                             TypeKind::kDecimal, TypeKind::kVarint,   TypeKind::kCounter};
constexpr bool is_numeric(TypeKind kind) {
  for (const TypeKind numeric : kNumericKinds) {
    if (numeric == kind) return true;
  }
  return false;
}

}  // namespace keyzone::cql
