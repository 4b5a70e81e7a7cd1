// What clients did and saw, from outside: the only thing that the checkers of answers look at.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace keyzone::sim {

// Moments in the order of events: every call and every return has its own.
using Moment = uint64_t;
inline constexpr Moment kOpen = UINT64_MAX;  // never answered: it may take effect at any time, or never

inline constexpr int64_t kNothing = 0;  // the value before the first write

// One operation on one register (a key of a table).
struct Operation {
  enum class Kind : uint8_t { kRead, kWrite, kCompareAndSet };
  Kind kind = Kind::kRead;
  int64_t value = kNothing;     // read or written
  int64_t expected = kNothing;  // kCompareAndSet: written only where this was
  bool applied = true;          // kCompareAndSet: the answer
  Moment call = 0;
  Moment answer = kOpen;
  bool is_open() const { return answer == kOpen; }
};
using History = std::vector<Operation>;

// One insertion into a set, one reading of all of it, or the removal of a range. An element is inserted once.
struct SetOperation {
  bool is_read = false;
  int64_t element = 0;
  bool mortal = false;      // of an insertion: it expires, nobody says when
  bool is_removal = false;  // of element to last, both included
  int64_t last = 0;
  std::vector<int64_t> elements;  // of a read, in order
  Moment call = 0;
  Moment answer = kOpen;
};
using SetHistory = std::vector<SetOperation>;

// One addition of 1 to a counter, or one reading of it.
struct CounterOperation {
  bool is_read = false;
  int64_t value = 0;  // of a read
  Moment call = 0;
  Moment answer = kOpen;
};
using CounterHistory = std::vector<CounterOperation>;

std::string describe(const Operation& operation);

}  // namespace keyzone::sim
