// Units of time in each other.
#pragma once
#include <cstdint>

namespace keyzone {

inline constexpr int64_t kMicrosPerMilli = 1000;
inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Cassandra's cells know expiries up to here only, unless it is told to forget about older versions.
inline constexpr int64_t kExpiryMax = INT32_MAX - 1;  // seconds since 1970: 2038-01-19

}  // namespace keyzone
