// The command line of `keyzone bench`.
#pragma once
#include <string>
#include <vector>

#include "net/bench/bench.h"
#include "schema/result.h"

namespace keyzone::net {

// What follows `keyzone bench`: an operation and options, such as {"read", "--rows", "1000"}. Errors are
// kInvalid and name the option.
Result<BenchOptions> parse_bench_arguments(const std::vector<std::string>& arguments);
std::string bench_help();

// All of `keyzone bench`, --help included. Gives the exit status: that of run_bench, or 1 for a wrong command
// line.
int bench_main(const std::vector<std::string>& arguments);

}  // namespace keyzone::net
