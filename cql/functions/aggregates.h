// Aggregates of one type, for functions that use them within a value.
#pragma once
#include "cql/functions/functions.h"

namespace keyzone::cql {

AggregateBody sum_of(TypeKind kind);                      // REQUIRES: is_numeric(kind)
AggregateBody average_of(TypeKind kind);                  // REQUIRES: is_numeric(kind)
AggregateBody extreme_of(const TypePtr& type, int sign);  // 1: the greatest; -1: the least

}  // namespace keyzone::cql
