// Version 1 UUIDs and the time in them, in ticks of 100 ns.
#pragma once
#include <cstdint>

#include "schema/bytes.h"

namespace keyzone {

inline constexpr int64_t kTimeuuidEpochTicks = 0x01B21DD213814000;  // from 15 October 1582 to 1970
inline constexpr int64_t kTimeuuidTicksPerMs = 10000;
inline constexpr uint64_t kTimeuuidLowMin = 0x8080808080808080;  // the last eight bytes that sort first…
inline constexpr uint64_t kTimeuuidLowMax = 0x7f7f7f7f7f7f7f7f;  // …and last

// `low` is the clock sequence (with its variant bits) and the node.
Bytes timeuuid_at(int64_t ticks_since_1970, uint64_t low);
int64_t timeuuid_ticks(BytesView wire);  // since 1970. REQUIRES: a valid timeuuid

}  // namespace keyzone
