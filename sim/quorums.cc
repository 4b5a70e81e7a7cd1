#include "sim/quorums.h"

#include <algorithm>

namespace keyzone::sim {

namespace {

constexpr Time kLookEvery = 100 * kMillisecond;
// Links are dialled again within a second; then a few rounds of elections with timeouts of up to 1.6 s.
constexpr Time kLeaderPatience = 8 * kSecond;
// A node with an empty disk asks to be let in, gets snapshots, is promoted.
constexpr Time kMemberPatience = 10 * kSecond;

bool has_majority(const std::vector<NodeId>& voters, const std::set<NodeId>& running) {
  const auto count =
      std::count_if(voters.begin(), voters.end(), [&](NodeId node) { return running.contains(node); });
  return 2 * static_cast<size_t>(count) > voters.size();
}

}  // namespace

void Quorums::see(size_t machine, const actors::ReplicaStatus& status) {
  seen_[status.group].reports[machine] = {machines_[machine]->life(), status};
}

bool Quorums::watch_lives() {
  std::vector<Life> now;
  for (const auto& machine : machines_) now.push_back({machine->life(), machine->is_well()});
  const bool same = now == lives_;
  lives_ = std::move(now);
  return same;
}

// A machine that is slow or stands still is neither here nor gone.
bool Quorums::all_well() const {
  return std::all_of(machines_.begin(), machines_.end(),
                     [](const auto& machine) { return machine->is_well() || !machine->running(); });
}

std::map<GroupId, Quorums::Reports> Quorums::reports() const {
  std::map<GroupId, Reports> out;
  for (const auto& [group, seen] : seen_) {
    for (const auto& [machine, report] : seen.reports) {
      if (machines_[machine]->running() && machines_[machine]->life() == report.life) {
        out[group][machine] = &report.status;
      }
    }
  }
  return out;
}

std::set<NodeId> Quorums::nodes() const {
  std::set<NodeId> out;
  for (const auto& machine : machines_) {
    if (machine->running()) out.insert(machine->node()->context().self);
  }
  return out;
}

std::optional<Violation> Quorums::look() {
  if (!watch_lives() || !all_well() || !fabric_.is_calm()) calm_since_ = world_.now();
  if (world_.now() < next_look_) return std::nullopt;
  next_look_ = world_.now() + kLookEvery;
  const auto groups = reports();
  if (!emptied_.empty() && groups.size() == seen_.size() &&
      std::all_of(groups.begin(), groups.end(),
                  [this](const auto& group) { return has_settled(group.second); })) {
    emptied_.clear();
  }
  for (const auto& [group, replicas] : groups) {
    if (auto found = check(group, replicas)) return found;
  }
  return std::nullopt;
}

// Raft gives the lead to who has the newest log among those that run, if they are a majority by its
// configuration.
bool Quorums::can_lead(const actors::ReplicaStatus& candidate, const Reports& reports) const {
  const auto age = [](const actors::ReplicaStatus& status) {
    return std::pair(status.last_term, status.last_index);
  };
  std::set<NodeId> voters;
  for (const auto& [machine, status] : reports) {
    if (age(*status) <= age(candidate)) voters.insert(machines_[machine]->node()->context().self);
  }
  const auto& members = candidate.members;
  return has_majority(members.voters, voters) && (!members.joint() || has_majority(members.outgoing, voters));
}

// Every node has a replica that votes, and they know it.
bool Quorums::has_settled(const Reports& reports) const {
  const auto ids = nodes();
  if (reports.size() != machines_.size() || ids.size() != machines_.size()) return false;
  const std::vector<NodeId> wanted(ids.begin(), ids.end());
  return std::all_of(reports.begin(), reports.end(), [&](const auto& report) {
    return report.second->members_settled && report.second->members.voters == wanted;
  });
}

bool Quorums::should_be_led(const Reports& reports) const {
  return std::any_of(reports.begin(), reports.end(), [&](const auto& report) {
    const auto& [machine, status] = report;
    return status->members.is_voter(machines_[machine]->node()->context().self) && can_lead(*status, reports);
  });
}

Time Quorums::lasts(bool so, std::optional<Time>& since) const {
  if (!so) {
    since.reset();
    return 0;
  }
  if (!since) since = world_.now();
  return world_.now() - std::max(*since, calm_since_);
}

std::optional<Violation> Quorums::check(GroupId group, const Reports& reports) {
  auto& seen = seen_[group];
  const std::string name = "group " + std::to_string(group.value);
  const bool led =
      std::any_of(reports.begin(), reports.end(), [](const auto& r) { return r.second->is_leader; });
  if (lasts(!led && should_be_led(reports), seen.leaderless_since) > kLeaderPatience) {
    return Violation{"liveness", name + " finds no leader, and a majority of it runs"};
  }
  const bool all_run = nodes().size() == machines_.size();
  if (lasts(all_run && !has_settled(reports), seen.unsettled_since) > kMemberPatience) {
    std::string text = name + " does not come to its members:";
    for (const auto& [machine, status] : reports) {
      text += " node " + std::to_string(machine + 1) + " has " + status->members.to_string() + ";";
    }
    return Violation{"liveness", text};
  }
  return std::nullopt;
}

bool Quorums::may_empty(size_t machine) const {
  return std::all_of(emptied_.begin(), emptied_.end(), [machine](size_t other) { return other == machine; });
}

void Quorums::emptied(size_t machine) { emptied_.insert(machine); }

}  // namespace keyzone::sim
