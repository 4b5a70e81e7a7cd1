// Counts of durations: exact below 256 us, above it in buckets less than 1 % wide, so that percentiles of
// millions of operations fit in 30 KiB.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

namespace keyzone::net {

class Histogram {
 public:
  void add(uint64_t microseconds) {
    ++counts_[bucket_of(microseconds)];
    ++total_;
    if (microseconds > max_) max_ = microseconds;
  }
  void clear() { *this = {}; }
  uint64_t count() const { return total_; }
  uint64_t max() const { return max_; }
  // The duration that `fraction` of all do not exceed, in microseconds; 0 if there are none.
  uint64_t percentile(double fraction) const {
    if (total_ == 0) return 0;
    const auto wanted = static_cast<uint64_t>(static_cast<double>(total_) * fraction);
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted || seen == total_) return end_of(i) < max_ ? end_of(i) : max_;
    }
    return max_;
  }

 private:
  static constexpr int kBits = 7;  // of precision: 128 buckets for each doubling
  static constexpr size_t kSteps = size_t{1} << kBits;
  static constexpr int kMaxBits = 36;  // 19 hours; what is longer counts as that

  // Values below 2 * kSteps have a bucket each; from there on, the leading kBits + 1 bits decide.
  static size_t bucket_of(uint64_t v) {
    constexpr uint64_t kMaxValue = (uint64_t{1} << kMaxBits) - 1;
    if (v > kMaxValue) v = kMaxValue;
    const int shift = std::bit_width(v | kSteps) - kBits - 1;
    return static_cast<size_t>(shift) * kSteps + static_cast<size_t>(v >> shift);
  }
  static uint64_t end_of(size_t bucket) {  // the greatest value in it
    if (bucket < 2 * kSteps) return bucket;
    const size_t shift = bucket / kSteps - 1;
    return ((bucket - shift * kSteps + 1) << shift) - 1;
  }

  std::array<uint64_t, (kMaxBits - kBits + 1) * kSteps> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace keyzone::net
