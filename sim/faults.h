// What goes wrong in a run, drawn from the seed beforehand as a list of events that can be printed and
// replayed.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/machine.h"
#include "sim/network.h"
#include "sim/quorums.h"
#include "sim/world.h"

namespace keyzone::sim {

enum class FaultKind : uint8_t {
  kDrop,          // frames are lost
  kDuplicate,     // frames come twice, the second time late
  kDelay,         // frames are late, and overtake each other
  kIsolate,       // one node is cut off from the others
  kStrand,        // one node is cut off, and its timers run slowly: if it leads, it takes its time to notice
  kOneWay,        // nothing passes from one node to another
  kPart,          // nothing passes between two nodes; the third sees both
  kBreakLinks,    // connections between nodes break
  kBreakStreams,  // clients' connections to a node break
  kStallStreams,  // clients' connections to a node stand still
  kPowerLoss,     // a node stops; what it had not synced may be lost
  kKill,          // a node's process stops; its operating system keeps what was written
  kPowerLossAll,  // all nodes at once
  kPause,         // a node's process stands still
  kClockStep,     // a node's clock jumps
  kSlowDisk,      // a node's disk takes long
  kSyncError,     // a node's next sync fails
  kFullDisk,      // the disks of one or more nodes have no space
  kReplaceDisk,   // a node comes back with an empty disk; a while later another one stops
  // for a while two nodes don't see each other, and the third loses power soon after each new term
  kAmbush,
};
inline constexpr size_t kFaultKinds = 20;
const char* name_of(FaultKind kind);

struct FaultEvent {
  FaultKind kind = FaultKind::kDrop;
  Time at = 0;
  Time duration = 0;  // until it is over, or until the node starts again
  size_t node = 0;
  size_t nodes = 1;  // kFullDisk: how many, `node` and those after it
  size_t other = 0;  // kOneWay, kPart, kReplaceDisk, kAmbush
  // what it means depends on the kind: parts in a million, microseconds, disk calls, bytes
  uint64_t strength = 0;
  std::string describe() const;
};
using FaultPlan = std::vector<FaultEvent>;

// Which kinds of faults a run has. Drawn: a swarm; one seed in ten has none at all, one in five a single
// kind.
struct FaultChoice {
  enum class Mode { kDrawn, kNone, kAll, kOne };
  Mode mode = Mode::kDrawn;
  FaultKind one = FaultKind::kDrop;  // kOne

  // "drawn", "none", "all" or the name of a kind, with hyphens for spaces; and back.
  static std::optional<FaultChoice> parse(const std::string& name);
  std::string name() const;
  bool operator==(const FaultChoice&) const = default;
};

// Events between `begin` and `end`, in order.
FaultPlan draw_faults(Random random, FaultChoice choice, size_t nodes, Time begin, Time end);

// Some of the kinds that a choice has, short and close together: while a cluster is founded between `begin` and
// `end`. Half of all seeds have none.
FaultPlan draw_founding_faults(Random random, FaultChoice choice, size_t nodes, Time begin, Time end);

// Makes them happen.
class Faults {
 public:
  Faults(World& world, Fabric& fabric, std::vector<std::unique_ptr<Machine>>& machines, Quorums& quorums);
  void schedule(const FaultPlan& plan);
  // All is well from now on: every node runs, everything passes.
  void heal();
  // A node reports a new term: it may be ambushed.
  void term_changed(size_t node);
  // Stops a node and starts it again after `downtime`.
  void restart(size_t node, bool power_lost, uint64_t disk_calls_left, Time downtime);
  uint64_t happened() const { return happened_; }

 private:
  void begin(const FaultEvent& event);
  void cut(size_t from, size_t to, Time duration);
  void change_weather(const FaultEvent& event);
  void replace_disk(const FaultEvent& event);
  void ambush(const FaultEvent& event);
  void tell(const std::string& text);

  World& world_;
  Fabric& fabric_;
  std::vector<std::unique_ptr<Machine>>& machines_;
  Quorums& quorums_;
  Random random_;
  uint64_t happened_ = 0;
  uint64_t era_ = 0;  // grows when all is healed: what would have ended a fault before does nothing then
  Time ambush_until_ = 0;
  size_t ambushed_ = 0;
};

}  // namespace keyzone::sim
