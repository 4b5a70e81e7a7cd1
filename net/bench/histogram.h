// Counts of durations: exact below 256 us, above it in buckets less than 1 % wide, so that percentiles of
// millions of operations fit in 30 KiB.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "schema/buckets.h"

namespace keyzone::net {

class Histogram {
 public:
  void add(uint64_t microseconds) {
    ++counts_[Sizes::of(microseconds)];
    ++total_;
    if (microseconds > max_) max_ = microseconds;
  }
  void clear() { *this = {}; }
  uint64_t count() const { return total_; }
  uint64_t max() const { return max_; }
  // The duration that `fraction` of all do not exceed, in microseconds; 0 if there are none.
  uint64_t percentile(double fraction) const {
    const auto count_of = [this](size_t bucket) { return counts_[bucket]; };
    return std::min(Sizes::percentile(count_of, total_, fraction), max_);
  }

 private:
  using Sizes = Buckets<7, 36>;  // up to 19 hours

  std::array<uint64_t, Sizes::kCount> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace keyzone::net
