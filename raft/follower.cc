// A follower's log: taking entries, acknowledging what is durable, snapshots, repair (Raft paper 5.3, 7).
#include "raft/invariants.h"
#include "raft/raft.h"

namespace keyzone::raft {

// Entries follow each other, terms don't fall, configurations decode.
bool Raft::sane_append(const Message& message) const {
  LogIndex index = message.index;
  Term term = message.log_term;
  for (const Entry& entry : message.entries) {
    index = index.next();
    if (entry.index != index || entry.term < term || entry.term > message.term) return false;
    term = entry.term;
    if (entry.kind != EntryKind::kConfiguration) continue;
    if (!entry.payload || !Configuration::decode(*entry.payload)) return false;
  }
  return true;
}

void Raft::handle_append(const Message& message) {
  if (!sane_append(message)) return;
  // What is committed here is in the leader's log as it is (leader completeness): only the rest needs a look.
  const bool agrees = message.index < commit_ || log_.matches(message.index, message.log_term);
  // The first configuration of a group isn't in its log: who joins later learns it from a snapshot only.
  if (!agrees || needs_snapshot()) return reject_append(message);
  accept_entries(message);
  const LogIndex equal(message.index.value + message.entries.size());
  matched_ = std::max({matched_, equal, commit_});
  follower_commit(message.commit);
  acknowledge_ = true;
  acknowledge();
  check_repaired();
}

void Raft::reject_append(const Message& message) {
  Message reply = make(MessageKind::kAppendReply, message.from);
  reply.reject = true;
  reply.faulty = faulty_;
  reply.installing = needs_snapshot();
  reply.index = message.index;
  // Skips whole terms: at or below the hint the logs may agree, above it they can't.
  reply.hint = log_.agreement(std::min(message.index, log_.last_index()), message.log_term);
  reply.log_term = log_.term_at(reply.hint).value_or(Term());
  promise(std::move(reply));
}

// Entries that agree stay, even if the message has fewer: it may be old (Raft paper, figure 2, step 3).
void Raft::accept_entries(const Message& message) {
  for (const Entry& entry : message.entries) {
    if (entry.index <= commit_ || log_.matches(entry.index, entry.term)) continue;
    if (entry.index <= log_.last_index()) truncate_log(entry.index);
    log_.append(entry);
    if (entry.kind != EntryKind::kConfiguration) continue;
    configurations_.push_back({entry.index, *Configuration::decode(*entry.payload)});
  }
}

void Raft::truncate_log(LogIndex from) {
  KEYZONE_ASSERT(from > commit_);
  log_.truncate(from);
  const LogIndex last = log_.last_index();
  entries_handed_ = std::min(entries_handed_, last);
  // What is at the disk makes durable what is cut off now; it doesn't count for what takes its place.
  for (Outstanding& outstanding : outstanding_) outstanding.last = std::min(outstanding.last, last);
  while (configurations_.back().index > last) configurations_.pop_back();
}

// Acknowledges what is durable and equal to the leader's log; the rest follows from persisted().
void Raft::acknowledge() {
  if (!acknowledge_ || role_ != Role::kFollower || leader_ == NodeId() || !promises_durable()) return;
  const LogIndex index = std::min(matched_, log_.persisted());
  if (index <= acknowledged_ && index != matched_) return;
  Message reply = make(MessageKind::kAppendReply, leader_);
  reply.index = index;
  reply.faulty = faulty_;
  send(std::move(reply));
  acknowledged_ = std::max(acknowledged_, index);
  acknowledge_ = index < matched_;
}

// Commits what the leader committed, as far as this log is known to equal the leader's.
void Raft::follower_commit(LogIndex index) { commit_ = std::max(commit_, std::min(index, matched_)); }

void Raft::handle_heartbeat(const Message& message) {
  if (message.quiesce) return handle_quiesce(message);
  follower_commit(message.commit);
  Message reply = make(MessageKind::kHeartbeatReply, message.from);
  reply.context = message.context;
  reply.index = matched_;
  reply.installing = installing_.has_value();
  reply.faulty = faulty_;
  promise(std::move(reply));
  if (!faulty_ || repair_index_) return;
  // Asks what the leader has committed; answered by a quorum without this replica.
  Message ask = make(MessageKind::kReadIndex, message.from);
  ask.faulty = true;
  promise(std::move(ask));
}

void Raft::handle_install_snapshot(const Message& message) {
  const SnapshotInfo& info = message.snapshot;
  if (info.term > message.term || info.configuration.voters.empty()) return;
  if (!needs_snapshot() && (info.index <= commit_ || log_.matches(info.index, info.term))) {
    // The log has it: nothing to fetch. It is committed, so it equals this leader's log.
    matched_ = std::max({matched_, info.index, commit_});
    follower_commit(info.index);
    acknowledge_ = true;
    return acknowledge();
  }
  if (installing_) return;
  installing_ = info;
  offer_ = SnapshotOffer{message.from, info};
}

bool Raft::install_snapshot(const SnapshotInfo& info) {
  InvariantGuard guard(*this);
  installing_.reset();
  if (is_leader() || (info.index <= commit_ && !needs_snapshot())) return false;
  if (info.term > term()) become_follower(info.term, NodeId());  // whoever gave the data was ahead
  matched_ = std::max(matched_, info.index);
  acknowledge_ = true;
  if (log_.matches(info.index, info.term) && !needs_snapshot()) {  // the log caught up meanwhile
    follower_commit(info.index);
    acknowledge();
    return false;
  }
  log_.reset(info.index, info.term);
  matched_ = commit_ = applied_ = handed_out_ = entries_handed_ = info.index;
  for (Outstanding& outstanding : outstanding_) outstanding.last = std::min(outstanding.last, info.index);
  configurations_ = {{info.index, info.configuration}};
  install_ = info;
  return true;
}

void Raft::snapshot_failed() { installing_.reset(); }

// All that any quorum acknowledged before the damage was seen is here again.
void Raft::check_repaired() {
  if (!faulty_ || !repair_index_ || !promises_durable()) return;
  if (std::min(matched_, log_.persisted()) < *repair_index_) return;
  faulty_ = false;
  repaired_ = true;
  acknowledge_ = true;
  acknowledge();  // now it counts
}

}  // namespace keyzone::raft
