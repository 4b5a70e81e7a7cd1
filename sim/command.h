// The command line of `keyzone sim`.
#pragma once
#include <string>
#include <vector>

namespace keyzone::sim {

// What follows `keyzone sim`. Prints one line a seed; the exit status: 0, or 1 if a checker found a
// violation, or 2 if the arguments make no sense.
int run_command(const std::vector<std::string>& arguments);

}  // namespace keyzone::sim
