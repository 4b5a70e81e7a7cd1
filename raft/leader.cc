// A leader's work: its followers' logs, what is committed, handing over (Raft paper 5.3, 5.4.2; thesis 3.10).
#include "raft/invariants.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace keyzone::raft {
namespace {

// A heartbeat is answered, an append before it isn't: after so many heartbeats the append counts as lost.
constexpr uint32_t kIdleBeatsMax = 2;
// An offered snapshot that the peer doesn't say it fetches is offered again after so many election timeouts.
constexpr uint32_t kSnapshotPatience = 2;

}  // namespace

bool Raft::leader_ready() const { return is_leader() && commit_ >= term_start_; }

Result<LogIndex> Raft::propose(std::vector<Payload> payloads) {
  KEYZONE_ASSERT(!payloads.empty());
  InvariantGuard guard(*this);
  if (!is_leader()) return Error{ErrorKind::kNotLeader, "this replica does not lead its group"};
  if (transfer_to_ != NodeId()) return Error{ErrorKind::kNotLeader, "leadership is being handed over"};
  if (uncommitted_bytes_ >= config_.uncommitted_bytes_max) {
    return Error{ErrorKind::kOverloaded, "too many bytes of this group wait to be committed"};
  }
  if (asleep_) wake_up();
  const LogIndex first = log_.last_index().next();
  for (Payload& payload : payloads) append_own(EntryKind::kNormal, std::move(payload));
  return first;
}

LogIndex Raft::append_own(EntryKind kind, Payload payload) {
  Entry entry{log_.last_index().next(), term(), kind, std::move(payload)};
  uncommitted_bytes_ += entry.size();
  log_.append(std::move(entry));
  replicate_ = true;
  return log_.last_index();
}

// Sends each peer what it lacks, as far as its window allows.
void Raft::replicate() {
  replicate_ = false;
  for (auto& [node, peer] : peers_) {
    while (send_append(node, peer)) {
    }
  }
}

// True: another one may follow.
bool Raft::send_append(NodeId node, Progress& peer) {
  if (peer.paused(config_.inflight_appends_max)) return false;
  const LogIndex last = log_.last_index();
  if (peer.state == ProgressState::kReplicate && peer.next > last) return false;
  const LogIndex previous(peer.next.value - 1);
  const std::optional<Term> previous_term = log_.term_at(previous);
  Message message = make(MessageKind::kAppend, node);
  if (previous_term && peer.next <= last) {
    auto entries = log_.entries(peer.next, last, config_.append_bytes_max);
    if (!entries) return offer_snapshot(node, peer), false;
    message.entries = *std::move(entries);
  }
  if (!previous_term) return offer_snapshot(node, peer), false;
  message.index = previous;
  message.log_term = *previous_term;
  message.commit = commit_;
  peer.commit_sent = commit_;
  peer.sent(LogIndex(previous.value + message.entries.size()));
  send(std::move(message));
  return peer.state == ProgressState::kReplicate;
}

// The log no longer has what the peer needs.
void Raft::offer_snapshot(NodeId node, Progress& peer) {
  if (!peer.active) return;  // it would be fetched by nobody
  peer.become_snapshot();
  Message message = make(MessageKind::kInstallSnapshot, node);
  message.snapshot = snapshot_info(applied_);
  send(std::move(message));
}

void Raft::send_heartbeat(NodeId node, Progress& peer, bool quiesce) {
  Message message = make(MessageKind::kHeartbeat, node);
  message.context = round_;
  message.commit = std::min(peer.match, commit_);  // no more than the peer surely has
  message.quiesce = quiesce;
  if (quiesce) {
    message.index = log_.last_index();
    message.log_term = log_.last_term();
  }
  peer.commit_sent = std::max(peer.commit_sent, message.commit);
  send(std::move(message));
}

void Raft::broadcast_heartbeat() {
  for (auto& [node, peer] : peers_) send_heartbeat(node, peer, false);
}

void Raft::announce_commit() {
  InvariantGuard guard(*this);
  if (!is_leader() || asleep_) return;
  for (auto& [node, peer] : peers_) {
    if (peer.commit_sent < std::min(peer.match, commit_)) send_heartbeat(node, peer, false);
  }
}

void Raft::tick_leader() {
  if (transfer_to_ != NodeId() && ++transfer_elapsed_ >= config_.election_timeout_ticks)
    transfer_to_ = NodeId();
  if (++election_elapsed_ >= config_.election_timeout_ticks) {
    election_elapsed_ = 0;
    // CheckQuorum: who reaches no majority stops leading (thesis 6.2).
    const bool quorum = has_quorum(configuration(), [this](NodeId node) {
      if (node == config_.self) return true;
      const Progress& peer = peers_.at(node);
      return peer.active && !peer.faulty;
    });
    if (!quorum) return become_follower(term(), NodeId());
    for (auto& [node, peer] : peers_) peer.active = false;
  }
  if (++heartbeat_elapsed_ < config_.heartbeat_ticks) return;
  heartbeat_elapsed_ = 0;
  const uint32_t patience = kSnapshotPatience * config_.election_timeout_ticks / config_.heartbeat_ticks;
  for (auto& [node, peer] : peers_) {
    if (!peer.inflight.empty()) ++peer.idle_beats;
    if (peer.state == ProgressState::kSnapshot && ++peer.snapshot_beats > patience) peer.become_probe();
  }
  broadcast_heartbeat();
}

// False: from an earlier life of the peer, whose acknowledgements are void since it forgot something.
bool Raft::accept_incarnation(const Message& message, Progress& peer) {
  if (message.incarnation < peer.incarnation) return false;
  if (!message.faulty) {
    peer.faulty = false;
  } else if (message.incarnation > peer.incarnation) {
    peer.faulty = true;
    peer.match = LogIndex();
    peer.become_probe();
    peer.next = log_.last_index().next();
    replicate_ = true;
  }
  peer.incarnation = message.incarnation;
  return true;
}

void Raft::handle_append_reply(const Message& message) {
  const auto found = peers_.find(message.from);
  if (!is_leader() || found == peers_.end()) return;
  Progress& peer = found->second;
  if (!accept_incarnation(message, peer) || message.index > log_.last_index()) return;
  peer.active = true;
  replicate_ = true;
  if (message.reject) return handle_append_rejected(message, peer);
  peer.acknowledged(message.index);
  if (peer.state == ProgressState::kProbe && peer.match.next() >= peer.next) peer.become_replicate();
  if (peer.state == ProgressState::kSnapshot && peer.match >= log_.start_index()) peer.become_probe();
  maybe_commit();
  continue_transfer();
}

void Raft::handle_append_rejected(const Message& message, Progress& peer) {
  if (message.installing) {
    if (peer.state != ProgressState::kSnapshot) offer_snapshot(message.from, peer);
    return;
  }
  if (peer.state == ProgressState::kReplicate) {
    if (message.index > peer.match) peer.become_probe();
    return;
  }
  if (peer.state != ProgressState::kProbe || message.index.next() != peer.next) return;  // an old answer
  const LogIndex agreement = log_.agreement(message.hint, message.log_term);
  peer.next = std::max(std::min(message.index, agreement.next()), peer.match.next());
  peer.probe_sent = false;
}

void Raft::handle_heartbeat_reply(const Message& message) {
  const auto found = peers_.find(message.from);
  if (!is_leader() || found == peers_.end()) return;
  Progress& peer = found->second;
  if (!accept_incarnation(message, peer)) return;
  peer.active = true;
  peer.round = std::max(peer.round, std::min(message.context, round_));
  if (message.installing) peer.snapshot_beats = 0;
  peer.probe_sent = false;
  const bool restarted = message.index < peer.match;   // it doesn't know yet that its log equals ours
  const bool lost = peer.idle_beats >= kIdleBeatsMax;  // an append or its answer
  if (peer.state == ProgressState::kReplicate && (restarted || lost)) peer.become_probe();
  if (peer.state == ProgressState::kProbe || peer.next <= log_.last_index()) replicate_ = true;
  confirm_reads();
}

// Commits what a majority of voters has durably. Only entries of the own term are committed by counting; the
// earlier ones follow from them (Raft paper, 5.4.2 and figure 8).
void Raft::maybe_commit() {
  const LogIndex index = quorum_index(configuration(), [this](NodeId node) {
    if (node == config_.self) return log_.persisted();
    const Progress& peer = peers_.at(node);
    return peer.faulty ? LogIndex() : peer.match;
  });
  if (index <= commit_ || log_.term_at(index) != term()) return;
  commit_ = index;
  admit_early_reads();
  configuration_committed();
}

Result<void> Raft::transfer_leadership(NodeId to) {
  InvariantGuard guard(*this);
  if (!is_leader()) return Error{ErrorKind::kNotLeader, "this replica does not lead its group"};
  const auto& voters = configuration().voters;
  if (to == config_.self || !std::binary_search(voters.begin(), voters.end(), to)) {
    return invalid("node " + std::to_string(to.value) + " is no other voter of this group");
  }
  if (asleep_) wake_up();
  transfer_to_ = to;
  transfer_elapsed_ = 0;
  transfer_sent_ = false;
  replicate_ = true;
  continue_transfer();
  return {};
}

// The heir may campaign once it has the whole log.
void Raft::continue_transfer() {
  if (!is_leader() || transfer_to_ == NodeId() || transfer_sent_) return;
  const auto heir = peers_.find(transfer_to_);
  if (heir == peers_.end() || heir->second.faulty || heir->second.match != log_.last_index()) return;
  transfer_sent_ = true;
  send(make(MessageKind::kTimeoutNow, transfer_to_));
}

void Raft::report_snapshot_failed(NodeId node) {
  const auto found = peers_.find(node);
  if (found == peers_.end() || found->second.state != ProgressState::kSnapshot) return;
  found->second.become_probe();
  found->second.probe_sent = true;  // not before its next heartbeat
}

void Raft::report_unreachable(NodeId node) {
  const auto found = peers_.find(node);
  if (found != peers_.end() && found->second.state == ProgressState::kReplicate) found->second.become_probe();
}

}  // namespace keyzone::raft
