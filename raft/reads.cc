// Linearizable reads by ReadIndex (thesis 6.4): a read may be answered at the commit index of a leader that,
// after the read was asked for, was still followed by a majority. A leader asks with a round of heartbeats
// for its own reads. A follower's question says that it follows; where the two of them are a majority, nobody
// else is asked.
#include "raft/invariants.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace keyzone::raft {

Result<void> Raft::read_index(uint64_t context) {
  InvariantGuard guard(*this);
  if (asleep_) wake_up();
  if (is_leader()) return enqueue_read(config_.self, context, config_.incarnation, false);
  if (leader_ == NodeId()) return Error{ErrorKind::kNotLeader, "this group has no leader now"};
  // It may have forgotten that it voted for a newer leader: its question would say too much.
  if (faulty_) return Error{ErrorKind::kNotLeader, "this replica is under repair"};
  if (forwarded_.size() >= config_.pending_reads_max) {
    return Error{ErrorKind::kOverloaded, "too many reads wait for the leader of this group"};
  }
  forwarded_.push_back({context, 0});
  Message message = make(MessageKind::kReadIndex, leader_);
  message.context = context;
  promise(std::move(message));
  return {};
}

// What this node and a follower that asks in this term know: until it asked, it had voted for nobody newer,
// and neither has this node until now. If no majority is without them, no newer leader had committed anything
// by then.
bool Raft::suffices_with(NodeId follower) const {
  return has_quorum(configuration(), [&](NodeId node) {
    return node == config_.self || (node == follower && !peers_.at(node).faulty);
  });
}

Result<void> Raft::enqueue_read(NodeId from, uint64_t context, uint64_t incarnation, bool repair) {
  if (transfer_to_ != NodeId()) return Error{ErrorKind::kNotLeader, "leadership is being handed over"};
  if (reads_.size() + early_reads_.size() >= config_.pending_reads_max) {
    return Error{ErrorKind::kOverloaded, "too many reads of this group are pending"};
  }
  PendingRead read{from, context, incarnation, repair, 0, commit_};
  if (from != config_.self && !repair && leader_ready() && suffices_with(from)) {
    answer_read(read);
    return {};
  }
  // A new leader doesn't know what is committed before an entry of its own term is.
  (leader_ready() ? reads_ : early_reads_).push_back(read);
  return {};
}

void Raft::handle_read_index(const Message& message) {
  const auto found = peers_.find(message.from);
  const bool known = is_leader() && found != peers_.end() && accept_incarnation(message, found->second);
  if (known && enqueue_read(message.from, message.context, message.incarnation, message.faulty)) return;
  Message reply = make(MessageKind::kReadIndexReply, message.from);
  reply.reject = true;
  reply.context = message.context;
  reply.incarnation = message.incarnation;
  reply.faulty = message.faulty;
  send(std::move(reply));
}

void Raft::admit_early_reads() {
  if (!leader_ready()) return;
  for (PendingRead& read : early_reads_) {
    read.index = commit_;
    reads_.push_back(read);
  }
  early_reads_.clear();
}

// All reads that came since the last round share the next one.
void Raft::start_read_round() {
  if (!has_unassigned_reads()) return;
  ++round_;
  for (auto read = reads_.rbegin(); read != reads_.rend() && read->round == 0; ++read) read->round = round_;
  broadcast_heartbeat();
  confirm_reads();
}

void Raft::confirm_reads() {
  while (!reads_.empty() && reads_.front().round != 0) {
    const PendingRead& read = reads_.front();
    const bool confirmed = has_quorum(configuration(), [&](NodeId node) {
      if (node == config_.self) return true;
      const Progress& peer = peers_.at(node);
      return !peer.faulty && peer.round >= read.round;
    });
    if (!confirmed) return;
    answer_read(read);
    reads_.pop_front();
  }
}

void Raft::answer_read(const PendingRead& read) {
  if (read.from == config_.self) {
    read_states_.push_back({read.context, read.index, clock_});
    return;
  }
  const auto found = peers_.find(read.from);
  if (found != peers_.end()) {  // the reply says what is committed
    Progress& peer = found->second;
    peer.commit_sent = std::max(peer.commit_sent, std::min(peer.match, read.index));
  }
  Message reply = make(MessageKind::kReadIndexReply, read.from);
  reply.index = read.index;
  reply.context = read.context;
  reply.incarnation = read.incarnation;
  reply.faulty = read.repair;
  send(std::move(reply));
}

void Raft::handle_read_index_reply(const Message& message) {
  if (message.from != leader_ || message.incarnation != config_.incarnation) return;
  if (!message.reject) follower_commit(message.index);
  if (message.faulty) {
    if (faulty_ && !message.reject && !repair_index_) repair_index_ = message.index;
    return check_repaired();
  }
  const auto read = std::find_if(forwarded_.begin(), forwarded_.end(),
                                 [&](const ForwardedRead& r) { return r.context == message.context; });
  if (read == forwarded_.end()) return;
  forwarded_.erase(read);
  if (message.reject) {
    reads_failed_.push_back(message.context);
  } else {
    read_states_.push_back({message.context, message.index, message.clock});
  }
}

// This replica no longer leads, or no longer follows whom it asked.
void Raft::fail_own_reads() {
  for (const auto* reads : {&reads_, &early_reads_}) {
    for (const PendingRead& read : *reads) {
      if (read.from == config_.self) reads_failed_.push_back(read.context);
    }
  }
  for (const ForwardedRead& read : forwarded_) reads_failed_.push_back(read.context);
  reads_.clear();
  early_reads_.clear();
  forwarded_.clear();
}

void Raft::age_forwarded_reads() {
  for (ForwardedRead& read : forwarded_) ++read.age_ticks;
  while (!forwarded_.empty() && forwarded_.front().age_ticks >= config_.election_timeout_ticks) {
    reads_failed_.push_back(forwarded_.front().context);
    forwarded_.pop_front();
  }
}

}  // namespace keyzone::raft
