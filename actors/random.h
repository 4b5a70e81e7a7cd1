// Chance that is handed in: splitmix64, so that a seed gives the same numbers with every compiler.
#pragma once
#include <cstdint>

namespace keyzone::actors {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  // In [0, bound). REQUIRES: bound > 0
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool chance(uint32_t per_million) { return below(1'000'000) < per_million; }
  Random fork() { return Random(next()); }

 private:
  uint64_t state_;
};

}  // namespace keyzone::actors
