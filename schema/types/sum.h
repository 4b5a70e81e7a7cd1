// One value added to another of its type: numbers add up as in Java, texts are strung together.
#pragma once
#include "schema/result.h"
#include "schema/types/type.h"

namespace keyzone {

// Values of the type can be added: numbers but counters, text and ascii.
bool can_be_summed(TypeKind kind);

// Integers wrap around; decimals are rounded as Cassandra does.
// REQUIRES: can_be_summed(kind); both validate, and numbers are not empty. Errors: kInvalid (too many
// digits).
Result<Bytes> sum_of(TypeKind kind, BytesView a, BytesView b);

}  // namespace keyzone
