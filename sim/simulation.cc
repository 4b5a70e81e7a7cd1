#include "sim/simulation.h"

#include "sim/watch.h"

namespace keyzone::sim {

namespace {

constexpr size_t kNodes = 3;
constexpr Time kStartPatience =
    20 * kSecond;  // for a cluster to be there after what goes wrong while it is founded
constexpr Time kFoundingTime = kSecond;       // while it goes wrong
constexpr Time kHealPatience = 30 * kSecond;  // for a healed cluster to serve every key
constexpr Time kDigestEvery = 5 * kSecond;    // digests while it runs
constexpr Time kLookAtEnd = 500 * kMillisecond;
constexpr Time kStep = 10 * kMillisecond;                 // how often conditions are looked at
constexpr Time kWorkMost = 4;                             // of an actor on one message, microseconds
constexpr uint64_t kMessagesPerSecondMax = 500'000;       // more: the nodes keep themselves busy with nothing
constexpr std::chrono::milliseconds kClockSkewMax{5000};  // clocks are set apart by less
constexpr int kFailedStartsMax = 20;

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options);
  Report run();

 private:
  actors::NodeOptions node_options(size_t node) const;
  void draw_options();
  bool set_up();
  void run_faults();
  void wind_down();
  void check();

  // Goes on until `end`, or until there is a violation. False: there is one.
  bool run_until(Time end);
  // Goes on until `condition` holds. False: not before `end`, or there is a violation.
  template <class Condition>
  bool run_until(Time end, const Condition& condition);
  void step();
  bool run_some_actor();
  void look_at_nodes();
  void fail(const char* checker, std::string text);

  const SimulationOptions options_;
  World world_;
  Random random_;
  Fabric fabric_;
  Watch watch_;
  std::vector<std::unique_ptr<Machine>> machines_;
  Quorums quorums_;
  Faults faults_;
  std::unique_ptr<Workload> workload_;
  actors::NodeOptions drawn_;
  Report report_;
  uint64_t messages_this_second_ = 0;
  Time second_ = 0;
};

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      world_(options.seed, options.trace),
      random_(world_.fork()),
      fabric_(world_, kNodes),
      watch_(world_),
      quorums_(world_, fabric_, machines_),
      faults_(world_, fabric_, machines_, quorums_) {
  report_.seed = options.seed;
  draw_options();
  for (size_t i = 0; i < kNodes; ++i) {
    machines_.push_back(std::make_unique<Machine>(
        world_, fabric_, i, node_options(i), [this](size_t machine, const actors::ReplicaStatus& status) {
          quorums_.see(machine, status);
          if (watch_.see(machine, status)) faults_.term_changed(machine);
        }));
    if (options.faults.mode != FaultChoice::Mode::kNone) {
      machines_[i]->clock_offset = static_cast<Time>(random_.below(kSecond));
      machines_[i]->clock_drift_ppm = static_cast<int64_t>(random_.below(400)) - 200;
    }
  }
  WorkloadOptions work;
  work.keys = 1 + random_.below(4);
  work.clients = 3 + random_.below(4);
  work.think_time = draw_log(random_, 60 * kMillisecond, 300 * kMillisecond);
  if (random_.below(4) != 0) work.focus = draw_log(random_, 300 * kMillisecond, 5 * kSecond);
  workload_ = std::make_unique<Workload>(world_, fabric_, kNodes, work);
}

// Small limits, so that what is rare in a real node (a flush, a trimmed log, a snapshot) happens all the
// time.
void Simulation::draw_options() {
  drawn_.initial_tablets = std::max<uint64_t>(1, random_.below(4));
  drawn_.election_timeout = std::chrono::milliseconds(400 << random_.below(2));
  drawn_.peer_timeout = std::chrono::milliseconds(600 << random_.below(3));
  drawn_.write_buffer_bytes = 64u << 10;
  drawn_.block_cache_bytes = 1u << 20;
  drawn_.row_cache_bytes = 16u << 10;                                  // rows come and go
  drawn_.log_segment_bytes = uint64_t{16u << 10} << random_.below(6);  // often shorter than what is written
  drawn_.log_bytes_before_flush = uint64_t{4u << 10} << random_.below(6);
  drawn_.disk_space_reserve = random_.below(2) == 0 ? 0 : 1u << 20;
  drawn_.clock_skew_max = kClockSkewMax;
  drawn_.sweep_interval = std::chrono::milliseconds(500 << random_.below(4));
  drawn_.commands_under_way = 1 + random_.below(16);
  drawn_.log_entries_kept = uint64_t{5} << random_.below(8);
}

actors::NodeOptions Simulation::node_options(size_t node) const {
  auto out = drawn_;
  out.cluster_name = "sim";
  out.name = "node-" + std::to_string(node + 1);
  out.zone = "az" + std::to_string(node + 1);
  out.listen_address = out.rpc_address = Fabric::address_of(node);
  out.folder = "/data";
  for (size_t i = 0; i < kNodes; ++i) out.seeds.push_back({Fabric::address_of(i), out.storage_port});
  return out;
}

void Simulation::fail(const char* checker, std::string text) {
  if (!report_.violation) report_.violation = Violation{checker, std::move(text)};
}

// --- time

bool Simulation::run_some_actor() {
  size_t runnable = 0;
  for (const auto& machine : machines_) runnable += machine->runnable();
  if (runnable == 0) return false;
  size_t chosen = random_.below(runnable);
  for (auto& machine : machines_) {
    if (chosen >= machine->runnable()) {
      chosen -= machine->runnable();
      continue;
    }
    machine->fire_timers();
    world_.trace().add(Trace::Kind::kRun, machine->index(), chosen);
    machine->run(chosen);
    ++report_.messages;
    if (auto reason = machine->take_fatal()) {
      world_.trace().tell(world_.now(), Trace::Kind::kNode, machine->index(), 2, [&] {
        return "node " + std::to_string(machine->index() + 1) + " gives up: " + *reason;
      });
      if (options_.faults == FaultChoice{FaultChoice::Mode::kOne, FaultKind::kFullDisk} &&
          drawn_.disk_space_reserve > 0) {
        fail("liveness",
             "node " + std::to_string(machine->index() + 1) + " ends when its disk is full: " + *reason);
      }
      faults_.restart(machine->index(), random_.below(2) == 0, 0, kSecond);
    }
    break;
  }
  world_.advance(world_.now() + 1 + static_cast<Time>(random_.below(kWorkMost)));
  return true;
}

void Simulation::step() {
  if (world_.run_due()) return;
  if (run_some_actor()) {
    ++messages_this_second_;
    return;
  }
  Time next = world_.next_event();
  for (const auto& machine : machines_) next = std::min(next, machine->next_timer());
  if (next == kNever) next = world_.now() + kStep;
  world_.advance(std::max(next, world_.now()));
  for (auto& machine : machines_) machine->fire_timers();
}

template <class Condition>
bool Simulation::run_until(Time end, const Condition& condition) {
  Time look = world_.now();
  while (world_.now() < end) {
    step();
    if (world_.now() < look) continue;
    look = world_.now() + kStep;
    look_at_nodes();
    if (report_.violation) return false;
    if (condition()) return true;
  }
  return false;
}

bool Simulation::run_until(Time end) {
  run_until(end, [] { return false; });
  return !report_.violation;
}

void Simulation::look_at_nodes() {
  if (auto found = quorums_.look()) fail(found->checker.c_str(), found->text);
  if (auto found = watch_.take_violation()) fail(found->checker.c_str(), found->text);
  if (auto found = workload_->take_violation()) fail(found->checker.c_str(), found->text);
  for (const auto& machine : machines_) {
    if (machine->failed_starts() > kFailedStartsMax) {
      fail("restart",
           "node " + std::to_string(machine->index() + 1) + " can't start: " + machine->start_error());
    }
  }
  if (world_.now() / kSecond != second_) {
    second_ = world_.now() / kSecond;
    messages_this_second_ = 0;
  }
  if (messages_this_second_ > kMessagesPerSecondMax) fail("liveness", "the nodes' actors are never done");
}

// --- the parts of a run

bool Simulation::set_up() {
  for (auto& machine : machines_) {
    world_.after(static_cast<Time>(random_.below(300 * kMillisecond)), [&machine] { machine->start(); });
  }
  faults_.schedule(draw_founding_faults(world_.fork(), options_.faults, kNodes, world_.now(), kFoundingTime));
  workload_->create_schema();
  if (run_until(kStartPatience, [this] { return workload_->prepared(); })) return true;
  fail("liveness", "a new cluster takes no schema");
  return false;
}

void Simulation::run_faults() {
  const Time begin = world_.now(), end = begin + options_.duration;
  const auto plan = draw_faults(world_.fork(), options_.faults, kNodes, begin, end);
  faults_.schedule(plan);
  workload_->begin();
  while (world_.now() < end) {
    if (!run_until(std::min(end, world_.now() + kDigestEvery))) return;
    watch_.ask_digests(machines_);
    watch_.compare_catalogs(machines_);
  }
}

// Everything is healed: every key must be served, and all replicas must come to the same state.
void Simulation::wind_down() {
  faults_.heal();
  workload_->end();
  const Time patience = world_.now() + kHealPatience;
  workload_->begin_last_round();
  if (!run_until(patience, [this] { return workload_->last_round_done(); })) {
    return fail("liveness", "not every key is served after all was healed");
  }
  watch_.ask_digests(machines_);
  Time look = world_.now() + kLookAtEnd;
  const bool converged = run_until(patience + kHealPatience, [this, &look] {
    if (world_.now() < look) return false;
    if (watch_.converged(kNodes)) return true;
    watch_.ask_digests(machines_);
    look = world_.now() + kLookAtEnd;
    return false;
  });
  watch_.compare_catalogs(machines_);
  look_at_nodes();
  if (!converged) fail("liveness", "replicas don't come together: " + watch_.lagging(kNodes));
}

void Simulation::check() {
  for (auto& found : workload_->check()) fail(found.checker.c_str(), std::move(found.text));
}

Report Simulation::run() {
  if (set_up()) run_faults();
  if (!report_.violation) wind_down();
  // What clients saw says more than a cluster that came to a stop.
  if (!report_.violation || report_.violation->checker == "liveness") {
    const auto before = std::exchange(report_.violation, std::nullopt);
    check();
    if (!report_.violation) report_.violation = before;
  }
  report_.operations = workload_->answered();
  report_.refused = workload_->refused();
  report_.faults = faults_.happened();
  report_.hash = world_.trace().hash();
  report_.ended = world_.now();
  return report_;
}

}  // namespace

Report simulate(const SimulationOptions& options) { return Simulation(options).run(); }

}  // namespace keyzone::sim
