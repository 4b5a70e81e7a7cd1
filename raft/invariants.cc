#include "raft/invariants.h"

namespace keyzone::raft {

InvariantView::InvariantView(const Raft& raft)
    : term(raft.term()),
      vote(raft.hard_state_.vote),
      role(raft.role_),
      leader(raft.leader_),
      commit(raft.commit_),
      applied(raft.applied_),
      handed_out(raft.handed_out_),
      start(raft.log_.start_index()),
      last(raft.log_.last_index()),
      durable_sequence(raft.durable_sequence_) {}

void InvariantView::check(const InvariantView& before, const Raft& raft) {
  const InvariantView now(raft);
  KEYZONE_ASSERT(before.term <= now.term);
  KEYZONE_ASSERT(before.commit <= now.commit);
  KEYZONE_ASSERT(before.applied <= now.applied);
  KEYZONE_ASSERT(before.handed_out <= now.handed_out);
  KEYZONE_ASSERT(before.start <= now.start);
  KEYZONE_ASSERT(before.durable_sequence <= now.durable_sequence);
  if (before.term == now.term) {
    // One vote a term; one leader a term; who led and stepped down doesn't lead again.
    KEYZONE_ASSERT(before.vote == NodeId() || before.vote == now.vote);
    KEYZONE_ASSERT(before.leader == NodeId() || now.leader == NodeId() || before.leader == now.leader);
    KEYZONE_ASSERT(now.role != Role::kLeader || before.role == Role::kLeader ||
                   before.role == Role::kCandidate);
    // A leader only appends to its log.
    KEYZONE_ASSERT(before.role != Role::kLeader || before.last <= now.last);
  }
  check_now(raft);
  if (raft.is_leader()) check_leader(raft);
}

void InvariantView::check_now(const Raft& raft) {
  const LogIndex last = raft.log_.last_index();
  KEYZONE_ASSERT(raft.log_.start_index() <= raft.applied_);
  KEYZONE_ASSERT(raft.applied_ <= raft.handed_out_);
  KEYZONE_ASSERT(raft.handed_out_ <= raft.commit_);
  KEYZONE_ASSERT(raft.commit_ <= last);
  KEYZONE_ASSERT(raft.log_.persisted() <= raft.entries_handed_);
  KEYZONE_ASSERT(raft.entries_handed_ <= last);
  KEYZONE_ASSERT(!raft.configurations_.empty() && raft.configurations_.back().index <= last);
  KEYZONE_ASSERT(raft.durable_sequence_ <= raft.sequence_);
  KEYZONE_ASSERT(!raft.faulty_ || raft.role_ == Role::kFollower);
  KEYZONE_ASSERT(raft.role_ == Role::kLeader || (raft.reads_.empty() && raft.early_reads_.empty()));
  // At most one change of the configuration is not committed yet, besides the one that leaves the joint one.
  const size_t count = raft.configurations_.size();
  KEYZONE_ASSERT(count < 3 || raft.configurations_[count - 3].index <= raft.commit_ || !raft.leader_ready());
}

void InvariantView::check_leader(const Raft& raft) {
  const LogIndex last = raft.log_.last_index();
  KEYZONE_ASSERT(raft.leader_ == raft.config_.self);
  KEYZONE_ASSERT(raft.hard_state_.vote == raft.config_.self);
  KEYZONE_ASSERT(raft.term_start_ <= last);
  for (const auto& [node, peer] : raft.peers_) {
    KEYZONE_ASSERT(node != raft.config_.self);
    KEYZONE_ASSERT(peer.match < peer.next && peer.match <= last && peer.next <= last.next());
    KEYZONE_ASSERT(peer.commit_sent <= raft.commit_);
    KEYZONE_ASSERT(peer.state != ProgressState::kReplicate || peer.inflight.empty() ||
                   peer.inflight.back() < peer.next);
  }
}

}  // namespace keyzone::raft
