// The program: picks disks, network and clock, and hands them to the code that can't tell.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "commands.h"
#include "config/node_config.h"

namespace {

constexpr char kVersion[] = "0.1.0";

int usage(std::FILE* out) {
  std::fputs(
      "keyzone: a CQL database whose tablets are replicated by Raft in three zones\n"
      "\n"
      "  keyzone node --config FILE   one node of a cluster\n"
      "  keyzone dev                  three zones in one process, for a laptop, a container or a CI job\n"
      "  keyzone status               the nodes of a cluster, their zones, leaders and sizes\n"
      "  keyzone bench                load for a running cluster, and a report\n"
      "  keyzone sim                  a whole cluster in simulation, with faults\n"
      "  keyzone version\n"
      "\n"
      "keyzone VERB --help says more.\n",
      out);
  return out == stderr ? 2 : 0;
}

}  // namespace

int main(int argc, char** argv, char** variables) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc < 2) return usage(stderr);
  const std::string verb = argv[1];
  const std::vector<std::string> arguments(argv + 2, argv + argc);
  const auto environment = keyzone::environment_of(variables);
  if (verb == "node") return keyzone::run_node(arguments, environment);
  if (verb == "dev") return keyzone::run_dev(arguments, environment);
  if (verb == "status") return keyzone::run_status(arguments);
  if (verb == "bench") return keyzone::run_bench_command(arguments);
  if (verb == "sim") return keyzone::run_sim_command(arguments);
  if (verb == "version" || verb == "--version") {
    std::printf("keyzone %s\n", kVersion);
    return 0;
  }
  if (verb == "help" || verb == "--help" || verb == "-h") return usage(stdout);
  std::fprintf(stderr, "keyzone: there is no verb '%s'\n", verb.c_str());
  return usage(stderr);
}
