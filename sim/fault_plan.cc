// Which faults a seed has, and when.
#include <algorithm>

#include "sim/faults.h"

namespace keyzone::sim {

namespace {

constexpr uint64_t kSeedsWithout = 10;  // in a hundred
constexpr uint64_t kSeedsWithOne = 20;
constexpr Time kGapLeast = 300 * kMillisecond;  // between two faults, on average, from seed to seed
constexpr Time kSpaceLeftMost = 1 << 20;        // bytes, of a disk that gets full
constexpr Time kGapMost = 8 * kSecond;

constexpr Time kFoundingGap = 200 * kMillisecond;
constexpr Time kFoundingFaultMost = 2 * kSecond;
// What can go wrong among nodes that have no clients yet.
constexpr FaultKind kFoundingKinds[] = {FaultKind::kDrop,      FaultKind::kDuplicate,   FaultKind::kDelay,
                                        FaultKind::kIsolate,   FaultKind::kPart,        FaultKind::kOneWay,
                                        FaultKind::kPause,     FaultKind::kBreakLinks,  FaultKind::kKill,
                                        FaultKind::kPowerLoss, FaultKind::kPowerLossAll};

std::vector<FaultKind> draw_kinds(Random& random, FaultChoice choice) {
  std::vector<FaultKind> kinds;
  using Mode = FaultChoice::Mode;
  if (choice.mode == Mode::kNone) return kinds;
  if (choice.mode == Mode::kOne) return {choice.one};
  const uint64_t lot = choice.mode == Mode::kAll ? 100 : random.below(100);
  if (lot < kSeedsWithout) return kinds;
  if (lot < kSeedsWithout + kSeedsWithOne) return {static_cast<FaultKind>(random.below(kFaultKinds))};
  for (size_t i = 0; i < kFaultKinds; ++i) {
    if (choice.mode == Mode::kAll || random.below(2) == 0) kinds.push_back(static_cast<FaultKind>(i));
  }
  return kinds;
}

FaultEvent draw_event(Random& random, FaultKind kind, size_t nodes, Time at) {
  FaultEvent event;
  event.kind = kind;
  event.at = at;
  event.node = random.below(nodes);
  event.other = (event.node + 1 + random.below(nodes - 1)) % nodes;
  switch (kind) {
    case FaultKind::kDrop:
    case FaultKind::kDuplicate:
      event.duration = draw_log(random, 100 * kMillisecond, 10 * kSecond);
      event.strength = static_cast<uint64_t>(draw_log(random, 1000, 500'000));
      break;
    case FaultKind::kDelay:
      event.duration = draw_log(random, 100 * kMillisecond, 10 * kSecond);
      event.strength = static_cast<uint64_t>(draw_log(random, 2 * kMillisecond, kSecond));
      break;
    case FaultKind::kIsolate:
    case FaultKind::kOneWay:
    case FaultKind::kPart:
      event.duration = draw_log(random, 10 * kMillisecond, 15 * kSecond);
      break;
    case FaultKind::kStrand:
      event.duration = draw_log(random, kSecond, 15 * kSecond);
      event.strength = static_cast<uint64_t>(draw_log(random, 100, 1000));
      break;
    case FaultKind::kBreakLinks:
    case FaultKind::kBreakStreams:
      break;
    case FaultKind::kStallStreams:
      event.duration = draw_log(random, 10 * kMillisecond, 5 * kSecond);
      break;
    case FaultKind::kPowerLoss:
    case FaultKind::kKill:
    case FaultKind::kPowerLossAll:
      event.duration = draw_log(random, kMillisecond, 8 * kSecond);
      event.strength = random.below(4);
      break;
    case FaultKind::kPause:
      event.duration = draw_log(random, 10 * kMillisecond, 10 * kSecond);
      break;
    case FaultKind::kClockStep:
      event.strength = random.below(4 * kSecond);
      break;
    case FaultKind::kSlowDisk:
      event.duration = draw_log(random, kSecond, 10 * kSecond);
      event.strength = static_cast<uint64_t>(draw_log(random, 5 * kMillisecond, 500 * kMillisecond));
      break;
    case FaultKind::kSyncError:
      event.duration = draw_log(random, kMillisecond, 2 * kSecond);
      break;
    case FaultKind::kFullDisk:
      event.nodes = 1 + random.below(nodes);
      event.duration = draw_log(random, 500 * kMillisecond, 15 * kSecond);
      event.strength = static_cast<uint64_t>(draw_log(random, 1, kSpaceLeftMost));
      break;
    case FaultKind::kReplaceDisk:
      event.duration = draw_log(random, kMillisecond, 5 * kSecond);
      event.strength = static_cast<uint64_t>(draw_log(random, 50 * kMillisecond, 10 * kSecond));
      break;
    case FaultKind::kAmbush:
      event.duration = draw_log(random, 3 * kSecond, 10 * kSecond);
      break;
  }
  return event;
}

FaultPlan draw_events(Random& random, const std::vector<FaultKind>& kinds, Time gap, size_t nodes, Time begin,
                      Time end) {
  FaultPlan plan;
  if (kinds.empty()) return plan;
  Time at = begin;
  while (true) {
    at += 1 + static_cast<Time>(random.below(static_cast<uint64_t>(2 * gap)));
    if (at >= end) return plan;
    const auto kind = kinds[random.below(kinds.size())];
    plan.push_back(draw_event(random, kind, nodes, at));
  }
}

}  // namespace

const char* name_of(FaultKind kind) {
  static constexpr const char* kNames[kFaultKinds] = {
      "drop",       "duplicate",  "delay",          "isolate",       "strand",
      "one way",    "part",       "break links",    "break streams", "stall streams",
      "power loss", "kill",       "power loss all", "pause",         "clock step",
      "slow disk",  "sync error", "full disk",      "replace disk",  "ambush"};
  return kNames[static_cast<size_t>(kind)];
}

std::optional<FaultChoice> FaultChoice::parse(const std::string& name) {
  for (const auto mode : {Mode::kDrawn, Mode::kNone, Mode::kAll}) {
    if (name == FaultChoice{mode}.name()) return FaultChoice{mode};
  }
  for (size_t i = 0; i < kFaultKinds; ++i) {
    const FaultChoice choice{Mode::kOne, static_cast<FaultKind>(i)};
    if (name == choice.name()) return choice;
  }
  return std::nullopt;
}

std::string FaultChoice::name() const {
  switch (mode) {
    case Mode::kDrawn:
      return "drawn";
    case Mode::kNone:
      return "none";
    case Mode::kAll:
      return "all";
    case Mode::kOne:
      break;
  }
  std::string text = name_of(one);
  std::replace(text.begin(), text.end(), ' ', '-');
  return text;
}

std::string FaultEvent::describe() const {
  std::string text = std::string(name_of(kind)) + " at node " + std::to_string(node + 1);
  if (kind == FaultKind::kOneWay || kind == FaultKind::kPart || kind == FaultKind::kReplaceDisk ||
      kind == FaultKind::kAmbush) {
    text += " and " + std::to_string(other + 1);
  }
  if (nodes > 1) text += " and " + std::to_string(nodes - 1) + " more";
  if (duration > 0) text += " for " + std::to_string(duration / kMillisecond) + " ms";
  if (strength > 0) text += ", " + std::to_string(strength);
  return text;
}

FaultPlan draw_faults(Random random, FaultChoice choice, size_t nodes, Time begin, Time end) {
  const auto kinds = draw_kinds(random, choice);
  const Time gap = draw_log(random, kGapLeast, kGapMost);
  return draw_events(random, kinds, gap, nodes, begin, end);
}

FaultPlan draw_founding_faults(Random random, FaultChoice choice, size_t nodes, Time begin, Time end) {
  auto kinds = draw_kinds(random, choice);
  std::erase_if(kinds, [](FaultKind kind) {
    return std::find(std::begin(kFoundingKinds), std::end(kFoundingKinds), kind) == std::end(kFoundingKinds);
  });
  if (random.below(2) == 0) return {};
  auto plan = draw_events(random, kinds, kFoundingGap, nodes, begin, end);
  for (auto& event : plan) event.duration = std::min(event.duration, kFoundingFaultMost);
  return plan;
}

}  // namespace keyzone::sim
