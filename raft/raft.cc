// The frame: inputs are sorted out by term, outputs are collected. What is decided lies in the files beside.
#include "raft/raft.h"

#include "raft/invariants.h"

namespace keyzone::raft {

Raft::Raft(const Config& config, const Restored& restored, LogReader& reader)
    : config_(config),
      log_(reader, restored.log_start.index, restored.log_start.term, restored.last_index),
      hard_state_(restored.hard_state),
      commit_(restored.applied),
      applied_(restored.applied),
      handed_out_(restored.applied),
      entries_handed_(restored.last_index),
      election_timeout_(config.election_timeout_ticks),
      faulty_(!config.may_vote) {
  KEYZONE_ASSERT(config.self != NodeId());
  KEYZONE_ASSERT(config.heartbeat_ticks > 0 && 2 * config.heartbeat_ticks <= config.election_timeout_ticks);
  KEYZONE_ASSERT(restored.log_start.index <= restored.applied && restored.applied <= restored.last_index);
  // A log that forgot something may hold entries in the place of committed ones.
  if (!faulty_) commit_ = std::max(commit_, std::min(restored.hard_state.commit, restored.last_index));
  load_configurations(restored);
  hard_state_.term = std::max(hard_state_.term, log_.last_term());
  if (hard_state_.term != restored.hard_state.term) hard_state_.vote = NodeId();
  reported_soft_state_.term = hard_state_.term;
}

void Raft::step(Message message) {
  if (message.to != config_.self || message.from == config_.self || message.from == NodeId()) return;
  InvariantGuard guard(*this);
  clock_seen_ = std::max(clock_seen_, message.clock);
  dispatch(message);
}

void Raft::tick() {
  if (asleep_) return;
  InvariantGuard guard(*this);
  if (is_leader()) {
    tick_leader();
  } else {
    tick_election();
  }
  age_forwarded_reads();
}

void Raft::dispatch(const Message& message) {
  const bool sleepy =
      message.quiesce ||
      ((message.kind == MessageKind::kAppendReply || message.kind == MessageKind::kHeartbeatReply) &&
       !message.reject && !message.faulty);
  if (asleep_ && (!sleepy || message.term != term())) wake_up();
  if (message.term > term()) {
    if (!enter_newer_term(message)) return;
  } else if (message.term < term()) {
    answer_older_term(message);
    return;
  }
  step_in_term(message);
}

// False: the message is to be ignored.
bool Raft::enter_newer_term(const Message& message) {
  switch (message.kind) {
    case MessageKind::kPreVote:
      return true;  // the term is what it would be
    case MessageKind::kPreVoteReply:
      if (!message.reject) return true;
      break;
    case MessageKind::kVote:
      // Raft thesis, 4.2.3: who hears a leader doesn't let others disturb it, unless the leader asked for it.
      if (has_live_leader() && !message.forced) return false;
      break;
    case MessageKind::kAppend:
    case MessageKind::kHeartbeat:
    case MessageKind::kInstallSnapshot:
      become_follower(message.term, message.from);
      return true;
    default:
      break;
  }
  become_follower(message.term, NodeId());
  return true;
}

void Raft::answer_older_term(const Message& message) {
  switch (message.kind) {
    case MessageKind::kAppend:
    case MessageKind::kHeartbeat:
    case MessageKind::kInstallSnapshot: {
      // A leader that was cut off learns that it no longer leads; or this replica, whose term ran ahead while
      // it was cut off, makes the leader take a newer term: it would ignore its votes, and deadlock.
      Message reply = make(MessageKind::kAppendReply, message.from);
      reply.reject = true;
      reply.faulty = faulty_;
      reply.index = message.index;
      promise(std::move(reply));
      break;
    }
    case MessageKind::kPreVote: {
      Message reply = make(MessageKind::kPreVoteReply, message.from);
      reply.reject = true;
      promise(std::move(reply));
      break;
    }
    default:
      break;
  }
}

void Raft::step_in_term(const Message& message) {
  switch (message.kind) {
    case MessageKind::kPreVote:
    case MessageKind::kVote:
      return handle_vote(message);
    case MessageKind::kPreVoteReply:
    case MessageKind::kVoteReply:
      return handle_vote_reply(message);
    case MessageKind::kAppendReply:
      return handle_append_reply(message);
    case MessageKind::kHeartbeatReply:
      return handle_heartbeat_reply(message);
    case MessageKind::kTimeoutNow:
      return handle_timeout_now(message);
    case MessageKind::kReadIndex:
      return handle_read_index(message);
    case MessageKind::kReadIndexReply:
      return handle_read_index_reply(message);
    case MessageKind::kAppend:
    case MessageKind::kHeartbeat:
    case MessageKind::kInstallSnapshot:
      break;
  }
  // From this term's leader. A second one cannot be; who claims it is ignored.
  if (is_leader() || (leader_ != NodeId() && leader_ != message.from)) return;
  if (role_ != Role::kFollower || leader_ == NodeId()) become_follower(term(), message.from);
  heard_leader_ = true;
  election_elapsed_ = 0;
  if (message.kind == MessageKind::kAppend) handle_append(message);
  if (message.kind == MessageKind::kHeartbeat) handle_heartbeat(message);
  if (message.kind == MessageKind::kInstallSnapshot) handle_install_snapshot(message);
}

Message Raft::make(MessageKind kind, NodeId to) const {
  Message message;
  message.kind = kind;
  message.from = config_.self;
  message.to = to;
  message.term = term();
  message.incarnation = config_.incarnation;
  return message;
}

// Sends what must be true after a crash too: the term, the vote and the snapshot behind it have to be
// durable.
void Raft::promise(Message message) {
  if (promises_durable()) return send(std::move(message));
  const bool in_next = hard_state_changed_ || install_;
  deferred_.push_back({in_next ? sequence_ + 1 : promise_sequence_, std::move(message)});
}

bool Raft::promises_durable() const {
  return !hard_state_changed_ && !install_ && promise_sequence_ <= durable_sequence_;
}

void Raft::release_promises() {
  while (!deferred_.empty() && deferred_.front().sequence <= durable_sequence_) {
    send(std::move(deferred_.front().message));
    deferred_.pop_front();
  }
}

bool Raft::has_ready() const {
  return wants_election_timeout_ || hard_state_changed_ || install_ || offer_ || repaired_ ||
         entries_handed_ < log_.last_index() || !messages_.empty() || !read_states_.empty() ||
         !reads_failed_.empty() || (is_leader() && replicate_) || has_unassigned_reads() ||
         (!error_ && handed_out_ < may_hand_out()) || (error_ && !error_reported_) ||
         soft_state() != reported_soft_state_;
}

Ready Raft::take_ready() {
  InvariantGuard guard(*this);
  start_read_round();
  if (is_leader() && replicate_) replicate();
  Ready ready;
  ready.sequence = ++sequence_;
  collect_to_persist(ready);
  collect_committed(ready);
  collect_news(ready);
  ready.messages = std::move(messages_);
  messages_.clear();
  for (Message& message : ready.messages) message.clock = clock_;
  log_.shrink(std::min(log_.persisted(), handed_out_), config_.cache_bytes_max);
  return ready;
}

void Raft::collect_to_persist(Ready& ready) {
  ready.install = std::move(install_);
  install_.reset();
  if (hard_state_changed_) {
    hard_state_.commit = commit_;
    ready.hard_state = hard_state_;
    hard_state_changed_ = false;
  }
  if (ready.install || ready.hard_state) promise_sequence_ = ready.sequence;
  if (entries_handed_ < log_.last_index()) {
    auto entries = log_.entries(entries_handed_.next(), log_.last_index(), config_.persist_bytes_max);
    KEYZONE_ASSERT(entries.ok());  // what isn't durable is in memory
    ready.entries = *std::move(entries);
    entries_handed_ = ready.entries.back().index;
  }
  if (ready.must_persist()) {
    outstanding_.push_back({ready.sequence, entries_handed_});
  } else if (outstanding_.empty()) {
    durable_sequence_ = ready.sequence;
  }
}

void Raft::collect_committed(Ready& ready) {
  if (error_ || handed_out_ >= may_hand_out()) return;
  auto entries = log_.entries(handed_out_.next(), may_hand_out(), config_.committed_bytes_max);
  if (!entries) {
    error_ = entries.error();
    return;
  }
  ready.committed = *std::move(entries);
  handed_out_ = ready.committed.back().index;
  if (!is_leader()) return;
  for (const Entry& entry : ready.committed) {
    if (entry.index >= term_start_) uncommitted_bytes_ -= entry.size();
  }
}

void Raft::collect_news(Ready& ready) {
  ready.wants_election_timeout = std::exchange(wants_election_timeout_, false);
  if (soft_state() != reported_soft_state_) ready.soft_state = reported_soft_state_ = soft_state();
  ready.reads = std::exchange(read_states_, {});
  ready.reads_failed = std::exchange(reads_failed_, {});
  ready.snapshot_offer = std::exchange(offer_, std::nullopt);
  ready.repaired = std::exchange(repaired_, false);
  ready.commit = commit_;
  ready.error = error_;
  error_reported_ = error_.has_value();
}

void Raft::persisted(uint64_t sequence) {
  InvariantGuard guard(*this);
  KEYZONE_ASSERT(sequence <= sequence_);
  durable_sequence_ = std::max(durable_sequence_, sequence);
  while (!outstanding_.empty() && outstanding_.front().sequence <= sequence) {
    log_.set_persisted(outstanding_.front().last);
    outstanding_.pop_front();
  }
  if (own_vote_sequence_ != 0 && own_vote_sequence_ <= durable_sequence_) {
    own_vote_sequence_ = 0;
    record_vote(config_.self, true);
  }
  release_promises();
  if (is_leader()) {
    maybe_commit();  // the leader counts itself only for what it has durably
  } else {
    acknowledge();
    check_repaired();
  }
}

void Raft::applied(LogIndex index) {
  InvariantGuard guard(*this);
  KEYZONE_ASSERT(index <= handed_out_);
  applied_ = std::max(applied_, index);
}

Status Raft::status() const {
  Status status;
  status.self = config_.self;
  status.role = role_;
  status.term = term();
  status.vote = hard_state_.vote;
  status.leader = leader_;
  status.first_index = first_index();
  status.last_index = log_.last_index();
  status.persisted = log_.persisted();
  status.commit = commit_;
  status.applied = applied_;
  status.asleep = asleep_;
  status.faulty = faulty_;
  status.transferring_to = transfer_to_;
  status.configuration = configuration();
  for (const auto& [node, peer] : peers_) {
    status.peers.push_back({node, peer.match, peer.next, peer.state, configuration().is_learner(node),
                            peer.active, peer.faulty});
  }
  return status;
}

}  // namespace keyzone::raft
