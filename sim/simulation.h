// One run: three zones with a node each, clients and faults, on virtual time, all drawn from a seed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "sim/faults.h"
#include "sim/workload.h"
#include "sim/world.h"

namespace keyzone::sim {

struct SimulationOptions {
  uint64_t seed = 1;
  Time duration = 60 * kSecond;  // with faults; what follows (healing, the last round) comes on top
  FaultChoice faults;
  bool trace = false;  // print what happens
};

struct Report {
  uint64_t seed = 0;
  uint64_t operations = 0;  // answered
  uint64_t refused = 0;     // operations, for want of space
  uint64_t faults = 0;
  uint64_t hash = 0;
  uint64_t messages = 0;  // handled by actors
  Time ended = 0;
  std::optional<Violation> violation;
};

Report simulate(const SimulationOptions& options);

}  // namespace keyzone::sim
