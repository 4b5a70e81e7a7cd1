// What all of a simulation shares: virtual time, the events to come, chance, and the trace that tells whether
// two runs were the same.
#pragma once
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "actors/random.h"

namespace keyzone::sim {

using Time = int64_t;  // microseconds since the simulation began
inline constexpr Time kMillisecond = 1000;
inline constexpr Time kSecond = 1'000'000;
inline constexpr Time kNever = INT64_MAX;

using actors::Random;

// In [low, high], spread over orders of magnitude: as often between 1 and 10 as between 10 and 100. REQUIRES:
// low > 0
Time draw_log(Random& random, Time low, Time high);

// A rolling hash over all that happens, and, if asked for, the same as text on stdout.
class Trace {
 public:
  enum class Kind : uint8_t { kRun, kFrame, kStream, kDisk, kFault, kClient, kNode };

  explicit Trace(bool print) : print_(print) {}
  void add(Kind kind, uint64_t a, uint64_t b = 0) {
    mix(static_cast<uint64_t>(kind) | a << 8);
    mix(b);
  }
  void add_bytes(Kind kind, uint64_t a, std::string_view bytes);
  // With a line of text when printing is on; `text` is only called then.
  template <class Text>
  void tell(Time now, Kind kind, uint64_t a, uint64_t b, const Text& text) {
    add(kind, a, b);
    mix(static_cast<uint64_t>(now));
    if (print_) print(now, text());
  }
  uint64_t hash() const { return hash_; }
  bool printing() const { return print_; }
  static void print(Time now, const std::string& text);

 private:
  void mix(uint64_t x) {
    hash_ = (hash_ ^ x) * 0x9E3779B97F4A7C15ull;
    hash_ ^= hash_ >> 29;
  }
  uint64_t hash_ = 0x6b65797a6f6e65ull;
  bool print_;
};

class World {
 public:
  World(uint64_t seed, bool print_trace) : random_(seed), trace_(print_trace) {}

  Time now() const { return now_; }
  // A generator of its own for each concern, so that one more draw here doesn't shift what happens there.
  Random fork() { return random_.fork(); }
  Trace& trace() { return trace_; }

  // Events at the same instant happen in an order drawn from the seed.
  void at(Time when, std::function<void()> what);
  void after(Time delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  Time next_event() const { return events_.empty() ? kNever : events_.top().when; }
  void advance(Time to) { now_ = to; }
  // The earliest event, if it is due now. False: there is none.
  bool run_due();

 private:
  struct Event {
    Time when;
    uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  Time now_ = 0;
  Random random_;
  Random tiebreak_ = random_.fork();
  Trace trace_;
  std::priority_queue<Event> events_;
};

}  // namespace keyzone::sim
