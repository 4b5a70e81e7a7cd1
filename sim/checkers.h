// Checkers of histories: pure functions. Each gives nothing, or what is wrong in a sentence.
#pragma once
#include <optional>
#include <string>

#include "sim/history.h"

namespace keyzone::sim {

using Finding = std::optional<std::string>;

// A register whose written values are all different, no compare-and-set among them. Gibbons and Korach's
// zones: complete, O(n log n).
Finding check_unique_register(const History& history);

// Any register. Wing and Gong's search with Lowe's memory, given up (as nothing found, and *gave_up set)
// after `steps_max`. Open reads must be left out.
Finding check_register(const History& history, uint64_t steps_max, bool* gave_up);

// Every element whose insertion was acknowledged before a read began is in that read, unless it is mortal or
// a removal of it began before the read ended; nothing is there that was never inserted, or whose removal
// began after its insertion was acknowledged and was acknowledged before the read began.
Finding check_set(const SetHistory& history);

// Every read is at least what was acknowledged before it began, and at most what was asked for before it
// ended.
Finding check_counter(const CounterHistory& history);

}  // namespace keyzone::sim
