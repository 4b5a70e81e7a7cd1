#include "sim/faults.h"

namespace keyzone::sim {

namespace {

constexpr Time kAmbushWithin = 20 * kMillisecond;
constexpr Time kAmbushDowntime = 30 * kMillisecond;
constexpr uint32_t kAmbushChance = 600'000;   // in a million
constexpr Time kDowntimeMost = 15 * kSecond;  // of the node that stops after another one's disk was replaced
constexpr DiskPace kAmbushPace{10 * kMillisecond, 400 * kMillisecond};

}  // namespace

Faults::Faults(World& world, Fabric& fabric, std::vector<std::unique_ptr<Machine>>& machines,
               Quorums& quorums)
    : world_(world), fabric_(fabric), machines_(machines), quorums_(quorums), random_(world.fork()) {}

void Faults::schedule(const FaultPlan& plan) {
  for (const auto& event : plan) {
    world_.at(event.at, [this, event, era = era_] {
      if (era == era_) begin(event);
    });
  }
}

void Faults::tell(const std::string& text) {
  world_.trace().tell(world_.now(), Trace::Kind::kFault, happened_, 0, [&] { return "fault: " + text; });
}

void Faults::begin(const FaultEvent& event) {
  ++happened_;
  tell(event.describe());
  auto& machine = *machines_[event.node];
  const auto later = [this, &event](std::function<void()> what) {
    world_.after(event.duration, [this, era = era_, what = std::move(what)] {
      if (era == era_) what();
    });
  };
  switch (event.kind) {
    case FaultKind::kDrop:
    case FaultKind::kDuplicate:
    case FaultKind::kDelay:
      return change_weather(event);
    case FaultKind::kStrand:
      machine.run_timers_at(static_cast<int64_t>(event.strength));
      later([&machine] { machine.run_timers_at(Machine::kFullRate); });
      [[fallthrough]];
    case FaultKind::kIsolate:
      for (size_t i = 0; i < machines_.size(); ++i) {
        if (i == event.node) continue;
        cut(event.node, i, event.duration);
        cut(i, event.node, event.duration);
      }
      return;
    case FaultKind::kOneWay:
      return cut(event.node, event.other, event.duration);
    case FaultKind::kPart:
      cut(event.node, event.other, event.duration);
      return cut(event.other, event.node, event.duration);
    case FaultKind::kBreakLinks:
      return fabric_.break_links(event.node);
    case FaultKind::kBreakStreams:
      return fabric_.break_streams(event.node);
    case FaultKind::kStallStreams:
      return fabric_.stall_streams(event.node, world_.now() + event.duration);
    case FaultKind::kPowerLoss:
    case FaultKind::kKill:
      return restart(event.node, event.kind == FaultKind::kPowerLoss, event.strength, event.duration);
    case FaultKind::kPowerLossAll:
      for (size_t i = 0; i < machines_.size(); ++i) {
        const Time downtime = 1 + static_cast<Time>(random_.below(static_cast<uint64_t>(event.duration)));
        restart(i, true, event.strength, downtime);
      }
      return;
    case FaultKind::kPause:
      machine.pause();
      return later([&machine] { machine.resume(); });
    case FaultKind::kClockStep:
      machine.clock_offset = static_cast<Time>(event.strength) - 2 * kSecond;
      return;
    case FaultKind::kSlowDisk:
      machine.pace = {static_cast<Time>(event.strength / 10), static_cast<Time>(event.strength)};
      return later([&machine] { machine.pace = {}; });
    case FaultKind::kSyncError:
      machine.disk().fail_next(storage::DiskCall::kSync, "/log/", 1);
      return;
    case FaultKind::kFullDisk:
      for (size_t i = 0; i < event.nodes; ++i) {
        auto& full = *machines_[(event.node + i) % machines_.size()];
        full.limit_space(event.strength);
        later([&full] { full.lift_limit(); });
      }
      return;
    case FaultKind::kReplaceDisk:
      return replace_disk(event);
    case FaultKind::kAmbush:
      return ambush(event);
  }
}

// An operator never does that to two nodes before the first one has all its data again.
void Faults::replace_disk(const FaultEvent& event) {
  auto& machine = *machines_[event.node];
  if (!machine.running() || !quorums_.may_empty(event.node)) return tell("it still is needed");
  restart(event.node, true, 0, event.duration);
  machine.disk().wipe();
  quorums_.emptied(event.node);
  world_.after(event.duration + static_cast<Time>(event.strength), [this, other = event.other, era = era_] {
    if (era == era_) restart(other, false, 0, draw_log(random_, kMillisecond, kDowntimeMost));
  });
}

void Faults::ambush(const FaultEvent& event) {
  cut(event.node, event.other, event.duration);
  cut(event.other, event.node, event.duration);
  ambushed_ = 0;
  while (ambushed_ == event.node || ambushed_ == event.other) ++ambushed_;
  ambush_until_ = world_.now() + event.duration;
  // Slow disks keep votes that were asked for on their way while the third node is gone.
  for (const size_t node : {event.node, event.other}) {
    auto& machine = *machines_[node];
    machine.pace = kAmbushPace;
    world_.after(event.duration, [this, &machine, era = era_] {
      if (era == era_) machine.pace = {};
    });
  }
  restart(ambushed_, true, 0, kAmbushDowntime);
}

void Faults::change_weather(const FaultEvent& event) {
  auto& weather = fabric_.weather;
  const auto parts = static_cast<uint32_t>(event.strength);
  if (event.kind == FaultKind::kDrop) weather.drop_ppm = parts;
  if (event.kind == FaultKind::kDuplicate) weather.duplicate_ppm = parts;
  if (event.kind == FaultKind::kDelay) {
    weather.delay_most = static_cast<Time>(event.strength);
    weather.overtake_ppm = 200'000;
    weather.late_ppm = 10'000;
  }
  world_.after(event.duration, [this, kind = event.kind, era = era_] {
    if (era != era_) return;
    const Weather calm;
    auto& now = fabric_.weather;
    if (kind == FaultKind::kDrop) now.drop_ppm = calm.drop_ppm;
    if (kind == FaultKind::kDuplicate) now.duplicate_ppm = calm.duplicate_ppm;
    if (kind == FaultKind::kDelay) {
      now.delay_most = calm.delay_most;
      now.overtake_ppm = calm.overtake_ppm;
      now.late_ppm = calm.late_ppm;
    }
  });
}

void Faults::cut(size_t from, size_t to, Time duration) {
  fabric_.cut(from, to);
  world_.after(duration, [this, from, to, era = era_] {
    if (era == era_) fabric_.mend(from, to);
  });
}

void Faults::restart(size_t node, bool power_lost, uint64_t disk_calls_left, Time downtime) {
  auto& machine = *machines_[node];
  if (!machine.running()) return;
  tell("node " + std::to_string(node + 1) + " stops");
  machine.stop(power_lost, disk_calls_left);
  world_.after(downtime, [&machine] { machine.start(); });
}

void Faults::term_changed(size_t node) {
  if (world_.now() >= ambush_until_ || node != ambushed_ || !random_.chance(kAmbushChance)) return;
  const Time within = 1 + static_cast<Time>(random_.below(kAmbushWithin));
  const Time downtime = 1 + static_cast<Time>(random_.below(kAmbushDowntime));
  world_.after(within, [this, node, downtime, era = era_] {
    if (era != era_) return;
    ++happened_;
    restart(node, true, random_.below(4), downtime);
  });
}

void Faults::heal() {
  ++era_;
  ambush_until_ = 0;
  tell("all is healed");
  fabric_.heal();
  for (auto& machine : machines_) {
    machine->lift_limit();
    machine->run_timers_at(Machine::kFullRate);
    machine->disk().clear_faults();
    machine->pace = {};
    if (machine->paused()) machine->resume();
    machine->start();
  }
}

}  // namespace keyzone::sim
