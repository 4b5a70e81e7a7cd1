#include "sim/world.h"

#include <xxhash.h>

#include <cstdio>

namespace keyzone::sim {

Time draw_log(Random& random, Time low, Time high) {
  int magnitudes = 0;
  for (Time bound = low; bound < high; bound *= 2) ++magnitudes;
  if (magnitudes == 0) return low;
  const Time base = low << random.below(static_cast<uint64_t>(magnitudes));
  return std::min(high, base + static_cast<Time>(random.below(static_cast<uint64_t>(base) + 1)));
}

void Trace::add_bytes(Kind kind, uint64_t a, std::string_view bytes) {
  add(kind, a, XXH3_64bits(bytes.data(), bytes.size()));
}

void Trace::print(Time now, const std::string& text) {
  std::printf("%4lld.%06lld %s\n", static_cast<long long>(now / kSecond),
              static_cast<long long>(now % kSecond), text.c_str());
}

void World::at(Time when, std::function<void()> what) {
  events_.push({std::max(when, now_), tiebreak_.next(), std::move(what)});
}

bool World::run_due() {
  if (events_.empty() || events_.top().when > now_) return false;
  const auto what = std::move(const_cast<Event&>(events_.top()).what);
  events_.pop();
  what();
  return true;
}

}  // namespace keyzone::sim
