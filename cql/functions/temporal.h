// Times of several types as milliseconds, and durations added to them. Their arithmetic wraps around as
// Java's does; no time is refused for being far away.
#pragma once
#include "schema/time_units.h"
#include "schema/types/duration.h"
#include "schema/types/type.h"

namespace keyzone::cql {

// Since 1970, of a timestamp, date or timeuuid. REQUIRES: valid and not empty.
int64_t millis_of(TypeKind kind, BytesView wire);
// The day as a date. What lies before 1970 and within a day counts to the next, as in Cassandra.
Bytes date_of_millis(int64_t millis);

int64_t add_duration(int64_t millis, const Duration& duration);
int64_t subtract_duration(int64_t millis, const Duration& duration);
// The last of start, start + duration, start + 2 durations, … that is not after `millis`.
Result<int64_t> floor_millis(int64_t millis, const Duration& duration, int64_t start);

}  // namespace keyzone::cql
