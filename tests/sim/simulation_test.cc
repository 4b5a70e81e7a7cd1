// Whole runs: the same seed gives the same run; a cluster without faults and with each of them serves and
// converges.
#include "sim/simulation.h"
#include "actors/logging.h"

#include <gtest/gtest.h>

namespace keyzone::sim {
namespace {

Report run(uint64_t seed, Time duration, FaultChoice faults) {
  set_least_logged(Severity::kOff);
  SimulationOptions options;
  options.seed = seed;
  options.duration = duration;
  options.faults = faults;
  return simulate(options);
}

std::string verdict(const Report& report) {
  return report.violation ? report.violation->checker + ": " + report.violation->text : "good";
}

TEST(Simulation, WithoutFaults) {
  const auto report = run(2, 10 * kSecond, {FaultChoice::Mode::kNone});
  EXPECT_EQ(verdict(report), "good");
  EXPECT_EQ(report.faults, 0u);
  EXPECT_GT(report.operations, 300u);
}

TEST(Simulation, SameSeedSameRun) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const auto first = run(seed, 10 * kSecond, {FaultChoice::Mode::kAll}),
               second = run(seed, 10 * kSecond, {FaultChoice::Mode::kAll});
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_EQ(first.operations, second.operations);
    EXPECT_EQ(first.ended, second.ended);
  }
}

TEST(Simulation, OtherSeedsOtherRuns) {
  EXPECT_NE(run(1, 3 * kSecond, {FaultChoice::Mode::kNone}).hash,
            run(2, 3 * kSecond, {FaultChoice::Mode::kNone}).hash);
}

// Nodes stop, stand still and are cut off while they found a cluster: one that asks to join before its
// invitation comes, or is invited by one that then stops, gets its place.
TEST(Simulation, Founding) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    EXPECT_EQ(verdict(run(seed, kSecond / 2, {FaultChoice::Mode::kAll})), "good") << "seed " << seed;
  }
}

// A node asks for work on its disk even while it ends: that is not left for the next one in its place.
TEST(Simulation, WorkOfANodeThatEnds) {
  constexpr uint64_t kSeed = 7010;
  EXPECT_EQ(verdict(run(kSeed, 60 * kSecond, {})), "good");
}

// Nodes find each other behind a cut sooner than TCP would try again.
TEST(Simulation, IsolatedNodes) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto report = run(seed, 40 * kSecond, {FaultChoice::Mode::kOne, FaultKind::kIsolate});
    EXPECT_EQ(verdict(report), "good") << "seed " << seed;
  }
}

// Writes are refused for want of space, no node ends, and all is well when there is space again.
TEST(Simulation, FullDisks) {
  uint64_t refused = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto report = run(seed, 20 * kSecond, {FaultChoice::Mode::kOne, FaultKind::kFullDisk});
    EXPECT_EQ(verdict(report), "good") << "seed " << seed;
    refused += report.refused;
  }
  EXPECT_GT(refused, 0u);
}

// A disk is replaced by an empty one; when the node has its data again, another one may stop.
TEST(Simulation, ReplacedDisks) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto report = run(seed, 40 * kSecond, {FaultChoice::Mode::kOne, FaultKind::kReplaceDisk});
    EXPECT_EQ(verdict(report), "good") << "seed " << seed;
  }
}

TEST(Simulation, EveryFault) {
  for (uint64_t seed = 100; seed < 106; ++seed) {
    const auto report = run(seed, 20 * kSecond, {FaultChoice::Mode::kAll});
    EXPECT_EQ(verdict(report), "good") << "seed " << seed;
    EXPECT_GT(report.faults, 0u);
  }
}

}  // namespace
}  // namespace keyzone::sim
