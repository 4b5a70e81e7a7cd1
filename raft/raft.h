// One Raft group's mind: inputs in, decisions out. It does no I/O, has no clock and draws nothing: its caller
// (the tablet actor) ticks it, draws its election timeouts, carries its messages and keeps its log.
//
// The caller's loop, after any call below:
//
//   while (raft.has_ready()) {
//     Ready ready = raft.take_ready();
//     if (ready.wants_election_timeout) raft.set_election_timeout(draw between base and 2 x base);
//     if (ready.must_persist()) log.write(ready);   // in order; later: raft.persisted(ready.sequence)
//     send(ready.messages);                         // at once: what has to wait for the disk isn't in there
//     yet apply(ready.committed);                       // in order; later: raft.applied(index)
//     answer(ready.reads);                          // each as soon as applied() reaches its index
//   }
//
// Messages that are promises (votes, acknowledgements) are held inside until persisted() says that what they
// promise is durable; a leader's appends leave at once, so that the leader replicates while it syncs.
// Several Readys may be at the disk at the same time; they are made durable in order.
//
// Read next: election.cc (votes), follower.cc and leader.cc (the log), reads.cc, membership.cc, sleep.cc.
#pragma once
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "raft/log.h"
#include "raft/progress.h"
#include "raft/types.h"

namespace keyzone::raft {

struct Config {
  NodeId self;
  uint64_t incarnation = 1;                 // grows with each start of the node
  uint32_t election_timeout_ticks = 10;     // the least one; also how long a leader counts as alive
  uint32_t heartbeat_ticks = 2;             // at most half of the above
  size_t append_bytes_max = 1 << 20;        // of one kAppend; a single larger entry still goes
  size_t inflight_appends_max = 64;         // a peer
  size_t uncommitted_bytes_max = 32 << 20;  // propose() refuses above it
  size_t persist_bytes_max = 1 << 20;       // of one Ready; a single larger entry still goes
  size_t committed_bytes_max = 4 << 20;     // the same
  size_t cache_bytes_max = 1 << 20;         // recent entries kept in memory once durable and handed out
  size_t pending_reads_max = 1 << 16;
  // False: this disk has forgotten something (a damaged record in the middle of its log, not a torn tail).
  // The replica neither votes nor counts to any quorum until it holds all that its leader had committed when
  // asked after the start; then Ready::repaired. Give the sound prefix of the log as `Restored`.
  // Sound for configurations of up to three voters, even if the newest HardState is among what was lost.
  bool may_vote = true;
};

// What a replica finds on its disk when it starts. The first members of a new group: all default but
// log_start.configuration, with the first voters and learners, the same at all of them. Who joins later: all
// default; its configuration comes with a snapshot, which may be one at index 0.
struct Restored {
  HardState hard_state;
  SnapshotInfo log_start;  // the log holds what comes after it
  LogIndex last_index;     // of the log; log_start.index: the log is empty
  LogIndex applied;        // by the state machine; log_start.index <= applied <= last_index
  // The log's entries of kind configuration, ascending, if the caller knows them; else the log is read for
  // them.
  std::optional<std::vector<Entry>> configurations;
};

// A read that may be answered once everything up to `index` is applied.
struct ReadState {
  uint64_t context;
  LogIndex index;
  Timestamp clock = kNoTimestamp;  // of the leader that confirmed it: no older than the start of the read
};

struct SnapshotOffer {
  NodeId from;        // fetch the data there
  SnapshotInfo info;  // what it will be, or newer
};

struct SoftState {
  Role role = Role::kFollower;
  NodeId leader;  // none: unknown
  Term term;
  bool operator==(const SoftState&) const = default;
};

// What to do now, in the order of the fields.
struct Ready {
  uint64_t sequence = 0;  // for persisted()
  bool wants_election_timeout = false;
  std::optional<SoftState> soft_state;  // if it changed
  // To persist, atomically: first the new start of the log (with the switch of the state machine to the
  // snapshot's data; the old log is void), then term and vote, then the entries, which replace everything
  // from entries.front().index on.
  std::optional<SnapshotInfo> install;
  std::optional<HardState> hard_state;
  std::vector<Entry> entries;
  std::vector<Message> messages;       // to send now
  std::vector<Entry> committed;        // to apply now: durable here, committed, in order, no gaps, all kinds
  std::vector<ReadState> reads;        // confirmed
  std::vector<uint64_t> reads_failed;  // contexts; ask again with a fresh one
  std::optional<SnapshotOffer> snapshot_offer;  // fetch it, then install_snapshot() or snapshot_failed()
  bool repaired = false;       // Config::may_vote was false and is moot; forget the mark on disk
  LogIndex commit;             // as of now
  std::optional<Error> error;  // the log could not be read: nothing is applied any more, stop the replica

  bool must_persist() const { return install || hard_state || !entries.empty(); }
};

struct PeerStatus {
  NodeId node;
  LogIndex match;
  LogIndex next;
  ProgressState state = ProgressState::kProbe;
  bool learner = false;
  bool active = false;
  bool faulty = false;
};

struct Status {
  NodeId self;
  Role role = Role::kFollower;
  Term term;
  NodeId vote;
  NodeId leader;
  LogIndex first_index;  // of the log
  LogIndex last_index;
  LogIndex persisted;
  LogIndex commit;
  LogIndex applied;
  bool asleep = false;
  bool faulty = false;
  NodeId transferring_to;
  Configuration configuration;
  std::vector<PeerStatus> peers;  // at the leader
};

class Raft {
 public:
  // `reader` outlives this and reads what was persisted.
  Raft(const Config& config, const Restored& restored, LogReader& reader);

  // --- inputs

  // A message from a peer. Ignores what is not for this node or makes no sense: peers aren't trusted to be
  // sane, only not to lie.
  void step(Message message);
  void tick();

  // Appends commands; the index of the first. They are applied when they come back in Ready::committed with
  // the same term, lost if another term's entry comes back at the index. kNotLeader: surely not appended; see
  // leader(). kOverloaded: surely not appended.
  Result<LogIndex> propose(std::vector<Payload> payloads);

  // Joint consensus: appends the joint configuration; when that is committed the leader leaves it by itself.
  // Learners come and go in one step. `version` numbers the caller's wishes: one that is older than the
  // configuration in force is refused. kNotLeader; kInvalid: makes no sense, or is older; kOverloaded:
  // another change is under way, or nothing of this term is committed yet: try again.
  Result<LogIndex> propose_configuration(const std::vector<ConfigurationChange>& change,
                                         uint64_t version = 0);

  // Asks for a linearizable read; comes back in Ready::reads or ::reads_failed. At a follower it asks the
  // leader. REQUIRES: `context` was never used before in this life; a retry takes a fresh one. kNotLeader: no
  // leader known, leadership is being transferred, or this replica is under repair. kOverloaded: too many
  // pending.
  Result<void> read_index(uint64_t context);

  // The leader hands over to a voter; proposals and reads are refused until it is done or an election timeout
  // has passed. kNotLeader; kInvalid: no voter of that id.
  Result<void> transfer_leadership(NodeId to);

  // Starts an election now, as if the timeout had passed (PreVote first). No effect at a leader or non-voter.
  void campaign();

  // The timeout in force until the next one is wanted. At least the base timeout; less only after wake().
  void set_election_timeout(uint32_t ticks);

  // At a leader: tells followers at once what is committed, where they would else learn it with the next
  // entries or heartbeat. No effect elsewhere.
  void announce_commit();

  // --- what was done

  bool has_ready() const;
  Ready take_ready();

  // All Readys up to this sequence are durable.
  void persisted(uint64_t sequence);
  // The state machine has applied everything up to `index`.
  void applied(LogIndex index);

  // The log may be cut up to `index`: the new start, to be kept with it. LogReader need not have it from now
  // on. REQUIRES: log start <= index <= applied
  SnapshotInfo compact(LogIndex index);
  // What a snapshot of the state machine at `index` is called.
  // REQUIRES: log start <= index <= applied
  SnapshotInfo snapshot_info(LogIndex index);

  // At the receiver: the data of an offer is here, in full and durable but not in use. True: in use it must
  // come; the next Ready has it as `install`. False: no longer needed; throw it away.
  bool install_snapshot(const SnapshotInfo& info);
  void snapshot_failed();  // at the receiver: it could not be fetched; the leader will offer again
  // At the leader: the peer could not be given the data; goes on probing.
  void report_snapshot_failed(NodeId peer);
  // At the leader: the link to this peer broke; what was in flight may be lost.
  void report_unreachable(NodeId peer);

  // --- sleep: a quiet group sends nothing and counts no ticks; the nodes' own heartbeats watch for it

  bool can_sleep() const;  // a leader whose followers have everything, and nothing is pending
  void sleep();            // REQUIRES: can_sleep(). Tells the followers
  bool asleep() const { return asleep_; }
  // A leader goes on with heartbeats. A follower (its leader's node is suspected dead) takes the leader for
  // lost: it wants an election timeout, and may be given a short one.
  void wake();

  // --- the hybrid clock that rides on messages

  void set_clock(Timestamp clock) { clock_ = clock; }
  Timestamp clock_seen() const { return clock_seen_; }  // the highest on any message so far

  // --- what is

  Role role() const { return role_; }
  bool is_leader() const { return role_ == Role::kLeader; }
  NodeId leader() const { return leader_; }  // none: unknown
  NodeId self() const { return config_.self; }
  Term term() const { return hard_state_.term; }
  LogIndex commit() const { return commit_; }
  LogIndex applied_index() const { return applied_; }
  LogIndex last_index() const { return log_.last_index(); }
  Term last_term() const { return log_.last_term(); }  // of the log's newest entry
  LogIndex first_index() const { return log_.start_index().next(); }
  const Configuration& configuration() const { return configurations_.back().configuration; }
  // The configuration is applied here, and it isn't a joint one.
  bool members_settled() const {
    return !configuration().joint() && configurations_.back().index <= applied_;
  }
  // The leader has committed an entry of its own term: it knows all that was ever acknowledged.
  bool leader_ready() const;
  Status status() const;

 private:
  friend struct InvariantView;  // invariants.h

  struct ConfigurationAt {
    LogIndex index;  // of its entry, or the start of the log
    Configuration configuration;
  };
  struct Outstanding {  // a Ready at the disk
    uint64_t sequence;
    LogIndex last;  // the log is durable up to here once it is done
  };
  struct Deferred {  // a promise that waits for a Ready to be durable
    uint64_t sequence;
    Message message;
  };
  struct PendingRead {
    NodeId from;  // self: asked here
    uint64_t context;
    uint64_t incarnation;  // of `from`
    bool repair;           // asked by a replica under repair
    uint64_t round;        // an answer to heartbeats of this round or later confirms it; 0: not assigned yet
    LogIndex index;
  };
  struct ForwardedRead {
    uint64_t context;
    uint32_t age_ticks;
  };

  // raft.cc
  void dispatch(const Message& message);
  bool enter_newer_term(const Message& message);
  void answer_older_term(const Message& message);
  void step_in_term(const Message& message);
  Message make(MessageKind kind, NodeId to) const;
  void send(Message message) { messages_.push_back(std::move(message)); }
  void promise(Message message);
  bool promises_durable() const;
  void release_promises();
  void collect_to_persist(Ready& ready);
  void collect_committed(Ready& ready);
  void collect_news(Ready& ready);
  LogIndex may_hand_out() const { return std::min(commit_, log_.persisted()); }
  SoftState soft_state() const { return {role_, leader_, term()}; }

  // election.cc
  void become_follower(Term term, NodeId leader);
  void become_pre_candidate();
  void become_candidate(bool forced);
  void become_leader();
  void leave_role();
  void start_campaign(bool forced);
  bool promotable() const;
  bool has_live_leader() const;
  void ask_for_votes(MessageKind kind, Term term, bool forced);
  void record_vote(NodeId voter, bool granted);
  void handle_vote(const Message& message);
  void handle_vote_reply(const Message& message);
  void handle_timeout_now(const Message& message);
  void tick_election();

  // follower.cc
  void handle_append(const Message& message);
  bool sane_append(const Message& message) const;
  bool needs_snapshot() const { return configurations_.front().configuration.voters.empty(); }
  void accept_entries(const Message& message);
  void truncate_log(LogIndex from);
  void reject_append(const Message& message);
  void acknowledge();
  void handle_heartbeat(const Message& message);
  void handle_quiesce(const Message& message);
  void follower_commit(LogIndex index);
  void handle_install_snapshot(const Message& message);
  void check_repaired();

  // leader.cc
  void tick_leader();
  LogIndex append_own(EntryKind kind, Payload payload);
  void replicate();
  bool send_append(NodeId node, Progress& peer);
  void offer_snapshot(NodeId node, Progress& peer);
  void send_heartbeat(NodeId node, Progress& peer, bool quiesce);
  void broadcast_heartbeat();
  void handle_append_reply(const Message& message);
  void handle_append_rejected(const Message& message, Progress& peer);
  void handle_heartbeat_reply(const Message& message);
  bool accept_incarnation(const Message& message, Progress& peer);
  void maybe_commit();
  void continue_transfer();

  // reads.cc
  Result<void> enqueue_read(NodeId from, uint64_t context, uint64_t incarnation, bool repair);
  bool suffices_with(NodeId follower) const;
  void handle_read_index(const Message& message);
  void handle_read_index_reply(const Message& message);
  void admit_early_reads();
  void start_read_round();
  void confirm_reads();
  void answer_read(const PendingRead& read);
  void fail_own_reads();
  void age_forwarded_reads();
  bool has_unassigned_reads() const { return !reads_.empty() && reads_.back().round == 0; }

  // membership.cc
  Result<Configuration> changed(const std::vector<ConfigurationChange>& change) const;
  LogIndex append_configuration(const Configuration& next);
  void configuration_committed();
  void update_peers();
  void load_configurations(const Restored& restored);
  const Configuration& configuration_at(LogIndex index) const;

  // sleep.cc
  void wake_up();

  const Config config_;
  Log log_;
  HardState hard_state_;
  Role role_ = Role::kFollower;
  NodeId leader_;
  LogIndex commit_;
  LogIndex applied_;
  LogIndex handed_out_;      // committed entries given to the caller; applied_ <= handed_out_ <= commit_
  LogIndex entries_handed_;  // entries given to the caller to persist
  LogIndex term_start_;      // leader: index of the first entry of its term
  std::vector<ConfigurationAt> configurations_;  // ascending; the first was in force at the start of the log

  // time, in ticks
  uint32_t election_elapsed_ = 0;
  uint32_t heartbeat_elapsed_ = 0;
  uint32_t election_timeout_;
  bool wants_election_timeout_ = true;
  bool heard_leader_ = false;  // false: leader_ is taken for lost
  bool asleep_ = false;

  // election
  std::map<NodeId, bool> votes_;    // by voter: granted
  uint64_t own_vote_sequence_ = 0;  // the Ready that makes the own vote durable; 0: none under way

  // leader
  std::map<NodeId, Progress> peers_;  // all members but self
  size_t uncommitted_bytes_ = 0;      // appended in this term and not handed out yet
  bool replicate_ = false;            // there may be something to send
  NodeId transfer_to_;
  uint32_t transfer_elapsed_ = 0;
  bool transfer_sent_ = false;

  // reads
  uint64_t round_ = 0;             // newest heartbeat round
  std::deque<PendingRead> reads_;  // leader: until a quorum has answered; ascending by round, unassigned last
  std::deque<PendingRead> early_reads_;  // leader: until an entry of its own term is committed
  std::deque<ForwardedRead> forwarded_;  // follower: asked the leader

  // follower
  LogIndex matched_;                        // the log equals that of this term's leader up to here
  LogIndex acknowledged_;                   // highest index acknowledged in this term
  bool acknowledge_ = false;                // an append is to be acknowledged as far as it is durable
  std::optional<SnapshotInfo> installing_;  // offered and wanted
  std::optional<SnapshotOffer> offer_;      // for the next Ready
  std::optional<SnapshotInfo> install_;     // for the next Ready

  // repair (Config::may_vote)
  bool faulty_;
  std::optional<LogIndex> repair_index_;  // repaired once everything up to here is durable
  bool repaired_ = false;                 // for the next Ready

  // outputs
  uint64_t sequence_ = 0;  // of the newest Ready
  uint64_t durable_sequence_ = 0;
  uint64_t promise_sequence_ = 0;    // of the newest Ready with a term, a vote or a snapshot
  bool hard_state_changed_ = false;  // since that Ready
  std::deque<Outstanding> outstanding_;
  std::deque<Deferred> deferred_;
  std::vector<Message> messages_;
  std::vector<ReadState> read_states_;
  std::vector<uint64_t> reads_failed_;
  std::optional<Error> error_;  // the log could not be read; nothing is handed out any more
  bool error_reported_ = false;
  SoftState reported_soft_state_;
  Timestamp clock_ = kNoTimestamp;
  Timestamp clock_seen_ = kNoTimestamp;
};

}  // namespace keyzone::raft
