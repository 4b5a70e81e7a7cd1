// Quiet groups sleep: no ticks, no heartbeats. Nodes watch each other, and wake the groups of a dead leader.
#include "raft/invariants.h"
#include "raft/raft.h"

namespace keyzone::raft {

bool Raft::can_sleep() const {
  const LogIndex last = log_.last_index();
  const bool still = leader_ready() && !asleep_ && commit_ == last && applied_ == last &&
                     log_.persisted() == last && reads_.empty() && early_reads_.empty() &&
                     transfer_to_ == NodeId() && !configuration().joint();
  return still && std::all_of(peers_.begin(), peers_.end(), [&](const auto& item) {
           const Progress& peer = item.second;
           return peer.state == ProgressState::kReplicate && peer.match == last && peer.active &&
                  !peer.faulty;
         });
}

void Raft::sleep() {
  KEYZONE_ASSERT(can_sleep());
  InvariantGuard guard(*this);
  for (auto& [node, peer] : peers_) send_heartbeat(node, peer, true);
  asleep_ = true;
}

// A follower that can't follow into sleep says so, and its leader wakes up.
void Raft::handle_quiesce(const Message& message) {
  const LogIndex last = log_.last_index();
  const bool equal = message.index == last && log_.matches(message.index, message.log_term);
  if (equal) {
    matched_ = std::max(matched_, last);
    follower_commit(message.commit);
  }
  asleep_ =
      equal && commit_ == last && log_.persisted() == last && promises_durable() && !faulty_ && !installing_;
  Message reply = make(MessageKind::kHeartbeatReply, message.from);
  reply.context = message.context;
  reply.index = matched_;
  reply.faulty = faulty_;
  reply.quiesce = asleep_;
  reply.reject = !asleep_;
  promise(std::move(reply));
}

void Raft::wake() {
  InvariantGuard guard(*this);
  if (is_leader()) {
    if (asleep_) wake_up();
  } else if (role_ == Role::kFollower) {
    become_follower(term(), NodeId());
  }
}

void Raft::wake_up() {
  asleep_ = false;
  election_elapsed_ = 0;
  heartbeat_elapsed_ = 0;
  if (!is_leader()) return;
  for (auto& [node, peer] : peers_) peer.active = true;  // nobody was asked for a while
  broadcast_heartbeat();
}

}  // namespace keyzone::raft
