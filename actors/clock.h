// The hybrid logical clock of a node: microseconds, never going back, never behind what a peer has shown.
#pragma once
#include <algorithm>
#include <atomic>
#include <functional>

#include "schema/ids.h"

namespace keyzone::actors {

class HybridClock {
 public:
  // `skew_max`: how far a peer's clock may be ahead of ours; beyond it the peer is not believed (and
  // complained about by name).
  HybridClock(std::function<Timestamp()> wall, Timestamp skew_max)
      : wall_(std::move(wall)), skew_max_(skew_max) {}

  // Strictly increasing. Any thread.
  Timestamp next() { return advance(wall_(), 1); }
  // Like next(), leaving room for `count` consecutive stamps from the one returned.
  Timestamp next(uint32_t count) {
    const Timestamp last =
        advance(wall_() + static_cast<Timestamp>(count) - 1, static_cast<Timestamp>(count));
    return last - static_cast<Timestamp>(count) + 1;
  }
  Timestamp now() const { return std::max(wall_(), last_.load(std::memory_order_relaxed)); }
  Timestamp wall() const { return wall_(); }

  // False: too far ahead to be believed.
  bool observe(Timestamp seen) {
    if (seen <= last_.load(std::memory_order_relaxed)) return true;
    if (seen > wall_() + skew_max_) return false;
    advance(seen, 0);
    return true;
  }

  // What is ours beyond doubt: stamps in our own log.
  void catch_up(Timestamp seen) { advance(seen, 0); }

 private:
  Timestamp advance(Timestamp floor, Timestamp step) {
    Timestamp last = last_.load(std::memory_order_relaxed);
    Timestamp next = 0;
    do {
      next = std::max(floor, last + step);
    } while (!last_.compare_exchange_weak(last, next, std::memory_order_relaxed));
    return next;
  }
  std::function<Timestamp()> wall_;
  const Timestamp skew_max_;
  std::atomic<Timestamp> last_{0};
};

}  // namespace keyzone::actors
