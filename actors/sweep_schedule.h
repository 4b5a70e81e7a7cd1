// Which tablets of a shard have something to sweep, and from when on: what expired, was deleted or dropped.
// One step is given out at a time, so that sweeping costs little however much there is; tablets with nothing
// to sweep aren't in it.
#pragma once
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "schema/ids.h"

namespace keyzone::actors {

inline constexpr uint32_t kSweepKeys = 250;                 // looked at in one step
inline constexpr std::chrono::milliseconds kSweepPace{50};  // between two steps of a shard
// a tablet rests that much longer than its pass took
inline constexpr int kSweepRestFactor = 3;

// A shard's thread alone. Times are stamps.
class SweepSchedule {
 public:
  // The tablet wants its next step at `due`; replaces what it wanted before.
  void want(GroupId group, Timestamp due) {
    forget(group);
    due_.emplace(group, due);
    order_.emplace(due, group);
  }
  void forget(GroupId group) {
    const auto found = due_.find(group);
    if (found == due_.end()) return;
    order_.erase({found->second, group});
    due_.erase(found);
  }
  // The tablet that has been due for longest; it is forgotten until it wants its next step.
  std::optional<GroupId> take(Timestamp now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    const GroupId group = order_.begin()->second;
    forget(group);
    return group;
  }
  bool any_due(Timestamp now) const { return !order_.empty() && order_.begin()->first <= now; }

 private:
  std::map<GroupId, Timestamp> due_;
  std::set<std::pair<Timestamp, GroupId>> order_;
};

// When a tablet's next pass may begin, its last one having gone from `begun` to `ended`.
inline Timestamp rest_after_pass(Timestamp begun, Timestamp ended, std::chrono::milliseconds interval) {
  const Timestamp least = std::chrono::microseconds(interval).count();
  return ended + std::max(least, (ended - begun) * kSweepRestFactor);
}

}  // namespace keyzone::actors
