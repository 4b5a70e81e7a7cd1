// One replica of one Raft group: the loop around raft::Raft that the tablet and the catalog share. It is the
// one place where order matters: stage on the log, send, apply, answer. What the group decides about is the
// subclass's.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "actors/interfaces.h"
#include "actors/node_context.h"
#include "actors/random.h"
#include "actors/shard.h"
#include "actors/shard_actor.h"
#include "raft/raft.h"

namespace keyzone::actors {

// The state of a group at one applied index, chunk by chunk.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  virtual LogIndex index() const = 0;
  virtual Result<Bytes> next() = 0;  // empty: that was all
};

// A snapshot that a replica takes.
struct SnapshotInstall {
  NodeId from;
  uint64_t transfer = 0;
  uint64_t next_chunk = 0;
  uint32_t idle_ticks = 0;
  raft::SnapshotInfo info;
  bool complete = false;  // all is written; waiting for the disk
  storage::FlushMark store_mark = 0;
  storage::LogMark log_mark = 0;
};

class Replica : public ShardActor, public raft::LogReader {
 public:
  struct Start {
    GroupId group;
    std::vector<NodeId> voters;  // when the group begins, on a disk that doesn't know it
    std::vector<NodeId> learners;
    bool campaign = false;  // placement wants the leader here: don't wait for a timeout
    RoutePtr route;
  };
  Replica(caf::actor_config& config, NodeContext& context, Shard& shard, Start start);

  caf::behavior make_behavior() override;
  void on_exit() override;

 protected:
  // --- what the group decides about

  // Opens the state on disk, or makes a new one. The index that is applied in it.
  virtual Result<LogIndex> open_state() = 0;
  // Throws away the state: it will come as a snapshot.
  virtual Result<void> reset_state() = 0;
  // Leaves nothing of it on disk.
  virtual Result<void> drop_state() = 0;
  // False: the store has no room now; wait_for_room() was or will be called.
  virtual bool may_apply() { return true; }
  // Committed entries of all kinds, in order. Answers whom it concerns (answer()). An error is fatal to the
  // replica.
  virtual Result<void> apply(const std::vector<raft::Entry>& entries) = 0;
  // Everything that was acknowledged before read_index(context) is applied.
  virtual void serve_reads(uint64_t context, Timestamp clock) = 0;
  virtual void fail_reads(uint64_t context) = 0;
  // All proposals at or below `index` that were not answered are lost: someone else's entries are there.
  virtual void forget_proposals(LogIndex index) = 0;
  virtual void leadership_changed() {}
  virtual void handle_writes(const WriteRequestsPtr& requests) = 0;
  virtual void handle_reads(const ReadRequestsPtr& requests) = 0;
  virtual void handle_catalog(const CatalogPtr& catalog) { (void)catalog; }
  virtual void on_tick() {}
  virtual void raft_moved() {}                     // peers may have acknowledged more
  virtual bool has_work() const { return false; }  // requests that wait: don't sleep

  virtual Result<std::unique_ptr<ChunkSource>> open_snapshot() = 0;
  virtual Result<void> install_begin() = 0;
  virtual Result<void> install_add(BytesView chunk) = 0;
  virtual bool install_complete() const = 0;
  virtual Result<LogIndex> install_switch() = 0;  // the index that is applied now
  virtual void install_abort() = 0;
  virtual caf::behavior extra_behavior() { return {}; }

  // --- for the subclass

  // kNoSpace: a client's write could not be stored by a majority, or not here. What the group needs for
  // itself (its schema, the catalog's changes) is small, and tried all the same.
  Result<void> check_space() const;
  // kNoSpace while entries wait for space on the log's disk; else as raft::Raft::propose.
  Result<LogIndex> propose(std::vector<raft::Payload> payloads);
  // Makes a new context and asks Raft; kNotLeader, kOverloaded.
  Result<uint64_t> ask_to_read();
  // The leader may propose: all that earlier leaders left is applied here.
  bool leading() const;
  void answer(NodeId origin, Reply reply);
  void expect_answers(NodeId origin, size_t count);  // gets memory for them at once
  void refuse(NodeId origin, RequestId id, ErrorKind kind, std::string message = {});
  void send_to(NodeId node, PeerItem item) { outgoing_.push_back({node, std::move(item)}); }
  // Runs Raft's decisions once all that waits in the mailbox has been taken in.
  void pump_soon();
  void wake();
  void fatal(const std::string& what, const Error& error);

  NodeContext& context_;
  Shard& shard_;
  Start start_;
  Random random_;
  std::unique_ptr<raft::Raft> raft_;
  LogIndex applied_;
  ReplicaStatus reported_;  // as the status board has it

 private:
  struct Transfer {  // a snapshot that we give
    std::unique_ptr<ChunkSource> source;
    raft::SnapshotInfo info;
    uint64_t next_chunk = 0;
    Bytes last_data;  // of chunk next_chunk - 1, in case it is asked for again
    bool done = false;
    uint32_t idle_ticks = 0;
  };

  // raft::LogReader
  std::optional<Term> term_at(LogIndex index) override;
  Result<std::vector<raft::Entry>> entries(LogIndex first, LogIndex last, size_t bytes_max) override;

  Result<void> boot();
  Result<raft::Restored> restore(LogIndex applied, bool* damaged);
  void pump();
  void handle_ready(raft::Ready ready);
  void stage_held();
  void apply_committed();
  void finish_reads();
  void tick();
  void schedule_tick();
  void draw_election_timeout(bool soon);
  void handle_raft(const RaftMessages& messages);
  void handle_trimmable(LogIndex applied);
  void peer_changed(const PeerChange& change);
  void flush_outgoing();
  void report_status();
  void hand_over();
  bool hand_over_to_best();
  bool can_store(NodeId node) const;
  void leave_full_disk();
  void drop();
  bool members_differ() const;
  void reconcile_members();
  // snapshots
  void give_chunk(const SnapshotRequest& request);
  void take_offer(const raft::SnapshotOffer& offer);
  void take_chunk(const SnapshotChunk& chunk);
  void ask_chunk();
  void watch_install();
  void install_if_durable();
  void abort_install();

  caf::actor self_;  // handed to the shard; cleared on exit
  // not staged yet: the disk is full, or a snapshot's switch is not durable
  std::deque<raft::Ready> held_;
  bool switch_pending_ = false;  // held_.front() has an install whose state was switched
  storage::FlushMark switch_mark_ = 0;
  std::deque<raft::Entry> committed_;  // to be applied
  std::deque<raft::ReadState> reads_;  // confirmed, waiting for applied_
  std::vector<std::pair<NodeId, PeerItem>> outgoing_;
  std::map<NodeId, Replies> replies_;
  std::map<std::pair<NodeId, uint64_t>, Transfer> transfers_;
  std::optional<SnapshotInstall> install_;
  uint64_t next_context_ = 1;
  uint64_t next_transfer_ = 1;
  LogIndex leader_start_;  // last index of the log when we became leader
  uint32_t quiet_ticks_ = 0;
  uint32_t full_ticks_ = 0;  // how long it has led with a full disk
  uint32_t campaigns_left_ = 0;
  bool pump_scheduled_ = false;
  bool ticking_ = false;
  bool waiting_for_room_ = false;
  bool soon_ = false;  // the next election timeout is to be a short one: the leader's node is dead
  bool stopping_ = false;
  std::vector<NodeId> wanted_voters_;
  std::vector<NodeId> wanted_learners_;
  CatalogVersion wanted_version_;  // of the catalog that wants them

 protected:
  // The replicas that placement wants, from the catalog; the leader changes the group's members to that, a
  // step at a time. A leader whose catalog is older than what the group's members were made for (it was away)
  // changes nothing.
  void want_members(CatalogVersion version, std::vector<NodeId> voters, std::vector<NodeId> learners = {});
};

}  // namespace keyzone::actors
