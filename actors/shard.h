// One shard's disk: the log that all its Raft groups share, the LevelDB that holds their rows, and the actor
// that flushes both. Replicas of the shard stage what they have to persist here, on the shard's thread; one
// flush carries what all of them staged meanwhile, and each gets one Durable message for it.
#pragma once
#include <atomic>
#include <caf/actor.hpp>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "actors/interfaces.h"
#include "actors/node_context.h"
#include "actors/sweep_schedule.h"
#include "actors/tablet_entry.h"
#include "raft/raft.h"
#include "storage/log.h"
#include "storage/row_cache.h"
#include "storage/store.h"
#include "storage/table.h"

namespace keyzone::actors {

class Shard {
 public:
  // Opens log and store in `folder`, recovering both. Blocks. REQUIRES: called before the shard runs.
  static Result<std::unique_ptr<Shard>> open(NodeContext& context, size_t index, const std::string& folder);

  storage::Log& log() { return *log_; }
  storage::Store& store() { return *store_; }
  storage::TabletRegistry& registry() { return *registry_; }
  storage::RowCache& row_cache() { return row_cache_; }
  ApplyScratch& apply_scratch() { return apply_scratch_; }
  size_t index() const { return index_; }

  // --- for replicas, on the shard's thread

  // Stages what a Ready wants persisted. `replica` gets Durable with the Ready's sequence (or a later one of
  // its own). kNoSpace, kOverloaded: nothing was staged; try again later, and propose nothing meanwhile.
  Result<void> stage(GroupId group, const raft::Ready& ready, const caf::actor& replica);
  // Stages a new start of the group's log.
  Result<void> trim(GroupId group, const raft::SnapshotInfo& start);
  // Asks for a flush of what was staged outside of stage().
  void flush_soon();

  // Writes a batch that brings the group's state to `applied`.
  Result<void> write(GroupId group, LogIndex applied, leveldb::WriteBatch& batch);
  // `replica` gets a progress_atom when the store may have room again.
  void wait_for_room(const caf::actor& replica) { waiting_for_room_.push_back(replica); }
  // The same for the log, after stage() refused.
  void wait_for_log(const caf::actor& replica) { waiting_for_log_.push_back(replica); }
  // `replica` gets a Trimmable whenever more of its state is safe in the store.
  void add_replica(GroupId group, const caf::actor& replica, LogIndex applied_in_store);
  void remove_replica(GroupId group);
  // Everything written to the store so far is wanted on disk; see store().durable().
  Result<storage::FlushMark> flush_store();

  // Tablets that lead and have something to sweep; whose turn it is gets a sweep_atom.
  SweepSchedule& sweeps() { return sweeps_; }

  // Drops every handle to an actor.
  void release();

  // The disk actor below. Set once, before the shard's replicas run; read on any thread.
  void set_keeper(caf::actor keeper);
  caf::actor keeper() const;

  // Of the store's cache, as of the disk actor's last tick. Any thread.
  storage::CacheCounts cache_counts() const {
    std::lock_guard lock(counts_mutex_);
    return cache_counts_;
  }

  std::atomic<uint64_t> data_bytes{0};  // on disk, as of the disk actor's last tick
  std::atomic<uint64_t> log_bytes{0};
  std::atomic<bool> log_full{false};  // no space for another segment of the log

 private:
  friend class DiskActor;
  Shard(NodeContext& context, size_t index)
      : context_(context), index_(index), row_cache_(context.options.row_cache_bytes) {}

  struct Waiting {
    storage::LogMark mark;
    caf::actor replica;
    GroupId group;
    uint64_t sequence;
  };
  struct Checkpoint {
    storage::FlushMark mark;
    std::vector<std::pair<GroupId, LogIndex>> applied;
  };
  struct Group {
    caf::actor replica;
    LogIndex applied_in_store;
  };

  NodeContext& context_;
  size_t index_;
  mutable std::mutex counts_mutex_;
  storage::CacheCounts cache_counts_;
  mutable std::mutex keeper_mutex_;  // the store's threads report to the keeper
  caf::actor keeper_;
  std::unique_ptr<storage::Log> log_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<storage::TabletRegistry> registry_;
  storage::RowCache row_cache_;
  ApplyScratch apply_scratch_;
  std::deque<Waiting> waiting_;
  std::vector<caf::actor> waiting_for_room_;
  std::vector<caf::actor> waiting_for_log_;
  std::map<GroupId, Group> groups_;
  std::deque<Checkpoint> checkpoints_;
  SweepSchedule sweeps_;
  bool flush_asked_ = false;
};

// Everything up to `applied` is in the store's synced tables: the log may be cut there. To replicas.
struct Trimmable {
  LogIndex applied;
};
using TrimmablePtr = std::shared_ptr<const Trimmable>;

// Spawns the disk actor of a shard.
caf::actor spawn_disk_actor(caf::actor_system& system, NodeContext& context, Shard& shard);

}  // namespace keyzone::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::TrimmablePtr)
