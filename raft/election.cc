// Who leads: PreVote, votes, roles (Raft paper 5.2, 5.4.1; thesis 9.6, 4.2.3, 3.10).
#include "raft/invariants.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace keyzone::raft {

void Raft::leave_role() {
  fail_own_reads();
  votes_.clear();
  own_vote_sequence_ = 0;
  peers_.clear();
  transfer_to_ = NodeId();
  acknowledge_ = false;
  election_elapsed_ = 0;
  heartbeat_elapsed_ = 0;
  wants_election_timeout_ = true;
  asleep_ = false;
}

void Raft::become_follower(Term term, NodeId leader) {
  KEYZONE_ASSERT(term >= hard_state_.term);
  leave_role();
  if (term > hard_state_.term) {
    hard_state_.term = term;
    hard_state_.vote = NodeId();
    hard_state_changed_ = true;
    matched_ = acknowledged_ = LogIndex();
  }
  role_ = Role::kFollower;
  leader_ = leader;
  heard_leader_ = leader != NodeId();
}

void Raft::become_pre_candidate() {
  leave_role();
  role_ = Role::kPreCandidate;
  leader_ = NodeId();
  ask_for_votes(MessageKind::kPreVote, term().next(), false);
  record_vote(config_.self, true);
}

void Raft::become_candidate(bool forced) {
  leave_role();
  role_ = Role::kCandidate;
  leader_ = NodeId();
  hard_state_.term = hard_state_.term.next();
  hard_state_.vote = config_.self;
  hard_state_changed_ = true;
  matched_ = acknowledged_ = LogIndex();
  own_vote_sequence_ = sequence_ + 1;  // counts once it is durable
  ask_for_votes(MessageKind::kVote, term(), forced);
}

void Raft::become_leader() {
  leave_role();
  role_ = Role::kLeader;
  leader_ = config_.self;
  installing_.reset();
  uncommitted_bytes_ = 0;
  update_peers();
  // An entry of its own term, so that it learns what is committed (Raft paper 8).
  term_start_ = append_own(EntryKind::kEmpty, nullptr);
}

// Who is a voter no more may still be needed until that is committed: it may be the only one with the newest
// log among those who have to agree (thesis, 4.2.2).
bool Raft::promotable() const {
  if (faulty_) return false;
  for (auto at = configurations_.rbegin(); at != configurations_.rend(); ++at) {
    if (at->configuration.is_voter(config_.self)) return true;
    if (at->index <= commit_) return false;
  }
  return false;
}

bool Raft::has_live_leader() const {
  if (is_leader()) return true;
  return leader_ != NodeId() && heard_leader_ && election_elapsed_ < config_.election_timeout_ticks;
}

void Raft::campaign() {
  if (is_leader() || !promotable()) return;
  InvariantGuard guard(*this);
  start_campaign(false);
}

void Raft::start_campaign(bool forced) {
  if (!promotable()) return;
  if (forced) {
    become_candidate(true);
  } else {
    become_pre_candidate();
  }
}

void Raft::set_election_timeout(uint32_t ticks) { election_timeout_ = std::max<uint32_t>(ticks, 1); }

void Raft::tick_election() {
  if (++election_elapsed_ < election_timeout_) return;
  if (promotable()) {
    start_campaign(false);
  } else {
    become_follower(term(), NodeId());
  }
}

void Raft::ask_for_votes(MessageKind kind, Term term, bool forced) {
  for (NodeId node : configuration().members()) {
    if (node == config_.self || !configuration().is_voter(node)) continue;
    Message message = make(kind, node);
    message.term = term;
    message.index = log_.last_index();
    message.log_term = log_.last_term();
    message.forced = forced;
    if (kind == MessageKind::kPreVote) {
      send(std::move(message));
    } else {
      promise(std::move(message));  // a candidate that forgot its term and log must not be elected
    }
  }
}

// Counts by voter: the first answer of each counts, of others none.
void Raft::record_vote(NodeId voter, bool granted) {
  votes_.emplace(voter, granted);
  const VoteResult result = count_votes(configuration(), [this](NodeId node) {
    const auto vote = votes_.find(node);
    return vote == votes_.end() ? 0 : vote->second ? 1 : -1;
  });
  if (result == VoteResult::kPending) return;
  if (result == VoteResult::kLost) return become_follower(term(), NodeId());
  if (role_ == Role::kPreCandidate) return become_candidate(false);
  become_leader();
}

void Raft::handle_vote(const Message& message) {
  if (faulty_) return;  // it may have voted otherwise before it forgot
  const bool pre = message.kind == MessageKind::kPreVote;
  if (has_live_leader() && !message.forced) return;
  // A PreVote asks about a term to come; a real one finds this replica in its term (see enter_newer_term).
  const bool free =
      pre ? message.term > term()
          : hard_state_.vote == message.from || (hard_state_.vote == NodeId() && leader_ == NodeId());
  const bool granted = free && log_.is_up_to_date(message.index, message.log_term);
  if (granted && !pre) {
    if (hard_state_.vote != message.from) hard_state_changed_ = true;
    hard_state_.vote = message.from;
    election_elapsed_ = 0;
  }
  Message reply = make(pre ? MessageKind::kPreVoteReply : MessageKind::kVoteReply, message.from);
  reply.reject = !granted;
  if (pre && granted) reply.term = message.term;
  promise(std::move(reply));
}

void Raft::handle_vote_reply(const Message& message) {
  if (message.kind == MessageKind::kPreVoteReply) {
    if (role_ != Role::kPreCandidate) return;
    if (!message.reject && message.term != term().next()) return;
  } else if (role_ != Role::kCandidate) {
    return;
  }
  record_vote(message.from, !message.reject);
}

void Raft::handle_timeout_now(const Message& message) {
  if (role_ != Role::kFollower || leader_ != message.from) return;
  start_campaign(true);
}

}  // namespace keyzone::raft
