// Whether groups find their leaders and members: a checker that looks at the replicas' own reports while the
// nodes run. It demands something only when nothing has gone wrong for a while, of those groups that Raft
// lets act with the nodes that run.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/machine.h"
#include "sim/workload.h"

namespace keyzone::sim {

class Quorums {
 public:
  Quorums(World& world, const Fabric& fabric, const std::vector<std::unique_ptr<Machine>>& machines)
      : world_(world), fabric_(fabric), machines_(machines) {}

  // Every report of a replica.
  void see(size_t machine, const actors::ReplicaStatus& status);
  // To be called every few milliseconds.
  std::optional<Violation> look();

  // The disk of this machine may be lost: the others have all that was ever acknowledged, and are a majority
  // of every group.
  bool may_empty(size_t machine) const;
  void emptied(size_t machine);

 private:
  struct Life {
    uint64_t number = 0;
    bool well = false;
    bool operator==(const Life&) const = default;
  };
  using Reports = std::map<size_t, const actors::ReplicaStatus*>;  // of one group, by machine that runs

  bool watch_lives();  // false: something changed
  bool all_well() const;
  std::map<GroupId, Reports> reports() const;
  std::set<NodeId> nodes() const;
  bool can_lead(const actors::ReplicaStatus& candidate, const Reports& reports) const;
  bool has_settled(const Reports& reports) const;
  bool should_be_led(const Reports& reports) const;
  // How long something has been so, while nothing went wrong. `since` is kept by the caller.
  Time lasts(bool so, std::optional<Time>& since) const;
  std::optional<Violation> check(GroupId group, const Reports& reports);

  World& world_;
  const Fabric& fabric_;
  const std::vector<std::unique_ptr<Machine>>& machines_;
  std::vector<Life> lives_;
  Time calm_since_ = 0;
  Time next_look_ = 0;
  std::set<size_t> emptied_;  // and not known to have everything again
  struct Report {
    uint64_t life;
    actors::ReplicaStatus status;
  };
  struct Group {
    std::map<size_t, Report> reports;  // the newest of each machine
    std::optional<Time> leaderless_since, unsettled_since;
  };
  std::map<GroupId, Group> seen_;
};

}  // namespace keyzone::sim
