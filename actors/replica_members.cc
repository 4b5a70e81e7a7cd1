// A group's members become those that the catalog wants.
#include <algorithm>

#include "actors/replica.h"

namespace keyzone::actors {

namespace {

constexpr uint64_t kCaughtUpEntries = 64;  // a learner that lags by no more may vote

}  // namespace

void Replica::want_members(CatalogVersion version, std::vector<NodeId> voters, std::vector<NodeId> learners) {
  std::sort(voters.begin(), voters.end());
  std::sort(learners.begin(), learners.end());
  wanted_voters_ = std::move(voters);
  wanted_learners_ = std::move(learners);
  wanted_version_ = version;
  if (members_differ()) wake();
}

// Of a leader's group from what the catalog wants: there is something to do.
bool Replica::members_differ() const {
  if (wanted_voters_.empty() || !raft_ || !raft_->is_leader()) return false;
  const auto& now = raft_->configuration();
  if (now.joint()) return true;
  if (wanted_version_.value < now.version) return false;
  return now.voters != wanted_voters_ || now.learners != wanted_learners_;
}

// The leader brings the group's members to what the catalog wants: first as learners, then, when they have
// caught up, in one joint change that also lets go of who is no longer wanted.
void Replica::reconcile_members() {
  if (!members_differ() || !leading()) return;
  const auto& now = raft_->configuration();
  if (now.joint()) return;  // Raft itself goes on
  using Change = raft::ConfigurationChange;
  std::vector<Change> add, change;
  for (const auto& wanted : {wanted_voters_, wanted_learners_}) {
    for (const auto node : wanted) {
      if (!now.contains(node)) add.push_back({Change::Kind::kAddLearner, node});
    }
  }
  wake();
  if (!add.empty()) {
    (void)raft_->propose_configuration(add, wanted_version_.value);
    return;
  }
  const auto status = raft_->status();
  for (const auto node : wanted_voters_) {
    if (now.is_voter(node)) continue;
    for (const auto& peer : status.peers) {
      const bool behind = peer.match.value == 0 || !peer.active ||
                          peer.match.value + kCaughtUpEntries < status.last_index.value;
      if (peer.node == node && behind) return;  // not yet
    }
    change.push_back({Change::Kind::kAddVoter, node});
  }
  for (const auto node : now.members()) {
    const auto has = [node](const std::vector<NodeId>& nodes) {
      return std::binary_search(nodes.begin(), nodes.end(), node);
    };
    if (!has(wanted_voters_) && !has(wanted_learners_)) change.push_back({Change::Kind::kRemove, node});
    if (has(wanted_learners_) && now.is_voter(node)) change.push_back({Change::Kind::kAddLearner, node});
  }
  if (!change.empty()) (void)raft_->propose_configuration(change, wanted_version_.value);
}

}  // namespace keyzone::actors
