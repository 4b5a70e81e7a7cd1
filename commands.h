// The verbs of the program. Each takes what follows its name and gives the exit status: 0; 1, it could not be
// done; 2, it was asked for wrongly.
#pragma once
#include <string>
#include <vector>

#include "config/node_config.h"

namespace keyzone {

int run_node(const std::vector<std::string>& arguments, const Environment& environment);
int run_dev(const std::vector<std::string>& arguments, const Environment& environment);
int run_status(const std::vector<std::string>& arguments);
int run_bench_command(const std::vector<std::string>& arguments);
int run_sim_command(const std::vector<std::string>& arguments);

}  // namespace keyzone
