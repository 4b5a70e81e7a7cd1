// Where a value is counted in a table of counts by size, so that the percentiles of any number of values fit
// in little room.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

namespace keyzone {

// Values below 2 << kBits have a bucket each; from there on the leading kBits + 1 bits decide, so that a
// bucket is at most 1 / (1 << kBits) wide. Values of more than kMaxBits bits count as the greatest.
template <int kBits, int kMaxBits>
struct Buckets {
  static constexpr size_t kSteps = size_t{1} << kBits;  // of a doubling
  static constexpr size_t kCount = (kMaxBits - kBits + 1) * kSteps;

  static size_t of(uint64_t value) {
    constexpr uint64_t kMaxValue = (uint64_t{1} << kMaxBits) - 1;
    if (value > kMaxValue) value = kMaxValue;
    const int shift = std::bit_width(value | kSteps) - kBits - 1;
    return static_cast<size_t>(shift) * kSteps + static_cast<size_t>(value >> shift);
  }
  // The greatest value in it.
  static uint64_t end_of(size_t bucket) {
    if (bucket < 2 * kSteps) return bucket;
    const size_t shift = bucket / kSteps - 1;
    return ((bucket - shift * kSteps + 1) << shift) - 1;
  }
  // The end of the bucket that `fraction` of all do not exceed; `count_of` gives a bucket's count, `total`
  // their sum.
  template <class CountOf>
  static uint64_t percentile(const CountOf& count_of, uint64_t total, double fraction) {
    const auto wanted = static_cast<uint64_t>(static_cast<double>(total) * fraction);
    uint64_t seen = 0;
    for (size_t bucket = 0; bucket < kCount && total > 0; ++bucket) {
      seen += count_of(bucket);
      if (seen > wanted || seen == total) return end_of(bucket);
    }
    return 0;
  }
};

}  // namespace keyzone
