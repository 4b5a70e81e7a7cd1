#include "sim/command.h"

#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <vector>

#include "actors/logging.h"
#include "sim/simulation.h"

namespace keyzone::sim {

namespace {

constexpr uint64_t kJobsMax = 64;

struct Arguments {
  uint64_t seed = 1;
  uint64_t seeds = 1;
  uint64_t seconds = 60;
  uint64_t jobs = 1;
  FaultChoice faults;
  bool trace = false;
  bool help = false;
};

int usage(std::FILE* out) {
  std::fputs(
      "keyzone sim: a whole cluster on virtual time, with faults; the same seed gives the same run\n"
      "\n"
      "  --seed N             the first seed (1)\n"
      "  --seeds K            how many, one after the other (1)\n"
      "  --seconds S          virtual seconds with faults (60)\n"
      "  --faults WHICH       drawn (from the seed, the default), none, all, or one kind: kill, power-loss,\n"
      "                       replace-disk... (sim/faults.h)\n"
      "  --trace              print what happens\n"
      "  --jobs J             in so many processes (1)\n"
      "\n"
      "One line a seed: seed, operations, faults, hash of all that happened, verdict. The exit status is 1 "
      "if a checker\n"
      "found a violation.\n",
      out);
  return out == stderr ? 2 : 0;
}

bool parse_number(const std::string& text, uint64_t* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

// False: complained about.
bool parse(const std::vector<std::string>& arguments, Arguments* out) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto& name = arguments[i];
    if (name == "--trace") {
      out->trace = true;
      continue;
    }
    if (name == "--help" || name == "-h") {
      out->help = true;
      continue;
    }
    const std::string value = i + 1 < arguments.size() ? arguments[++i] : "";
    bool good = true;
    if (name == "--seed") {
      good = parse_number(value, &out->seed);
    } else if (name == "--seeds") {
      good = parse_number(value, &out->seeds) && out->seeds > 0;
    } else if (name == "--seconds") {
      good = parse_number(value, &out->seconds) && out->seconds > 0 && out->seconds <= 1'000'000;
    } else if (name == "--jobs") {
      good = parse_number(value, &out->jobs) && out->jobs > 0 && out->jobs <= kJobsMax;
    } else if (name == "--faults") {
      const auto choice = FaultChoice::parse(value);
      good = choice.has_value();
      out->faults = choice.value_or(FaultChoice());
    } else {
      std::fprintf(stderr, "keyzone sim: there is no option '%s'\n", name.c_str());
      return false;
    }
    if (!good) {
      std::fprintf(stderr, "keyzone sim: '%s' is no value for %s\n", value.c_str(), name.c_str());
      return false;
    }
  }
  return true;
}

std::string flag_of(FaultChoice faults) {
  return faults.mode == FaultChoice::Mode::kDrawn ? "" : " --faults " + faults.name();
}

bool run_seed(const Arguments& arguments, uint64_t seed) {
  SimulationOptions options;
  options.seed = seed;
  options.duration = static_cast<Time>(arguments.seconds) * kSecond;
  options.faults = arguments.faults;
  options.trace = arguments.trace;
  const auto report = simulate(options);
  std::printf("seed %llu: %llu operations, %llu faults, hash %016llx, ",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(report.operations),
              static_cast<unsigned long long>(report.faults), static_cast<unsigned long long>(report.hash));
  if (!report.violation) {
    std::printf("good\n");
  } else {
    std::printf("violation of %s: %s; again: keyzone sim --seed %llu --seconds %llu%s --trace\n",
                report.violation->checker.c_str(), report.violation->text.c_str(),
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(arguments.seconds),
                flag_of(arguments.faults).c_str());
  }
  std::fflush(stdout);
  return !report.violation;
}

// Every `jobs`-th seed from the first + `job` on.
bool run_seeds(const Arguments& arguments, uint64_t job) {
  bool good = true;
  for (uint64_t i = job; i < arguments.seeds; i += arguments.jobs)
    good &= run_seed(arguments, arguments.seed + i);
  return good;
}

bool run_in_processes(const Arguments& arguments) {
  std::vector<pid_t> children;
  bool good = true;
  for (uint64_t job = 0; job < arguments.jobs; ++job) {
    const pid_t child = fork();
    if (child == 0) std::_Exit(run_seeds(arguments, job) ? 0 : 1);
    good &= child > 0;
    if (child > 0) children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    good &= waitpid(child, &status, 0) == child && status == 0;
  }
  return good;
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  Arguments parsed;
  if (!parse(arguments, &parsed)) return usage(stderr);
  if (parsed.help) return usage(stdout);
  const auto level = least_logged();
  set_least_logged(parsed.trace ? Severity::kInfo : Severity::kOff);
  const bool good = parsed.jobs > 1 ? run_in_processes(parsed) : run_seeds(parsed, 0);
  set_least_logged(level);
  return good ? 0 : 1;
}

}  // namespace keyzone::sim
