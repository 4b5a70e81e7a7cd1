// Scenarios are text: lines that begin with "> " are commands, those below are what happened. The commands
// are listed in tests/raft/README.md.
#pragma once
#include <string>

namespace keyzone::raft::test {

// The same scenario with what happened now.
std::string play(const std::string& scenario);

}  // namespace keyzone::raft::test
