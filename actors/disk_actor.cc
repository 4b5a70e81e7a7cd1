// The actor behind Shard: flushes the log when something was staged, tells replicas what is durable, has the
// store flushed before the log grows too long, sweeps what dropped tablets left, and
// tells tablets when it is their turn to sweep.

#include <caf/event_based_actor.hpp>

#include "actors/logging.h"
#include "actors/shard.h"
#include "actors/shard_actor.h"
#include "actors/spare_space.h"

namespace keyzone::actors {

namespace {

constexpr std::chrono::milliseconds kDiskTick{500};
constexpr size_t kOrphanKeys = 2000;  // of dropped tablets, a tick
constexpr int kIdleTicksBeforeConfirmation = 2;
constexpr uint64_t kTicksBetweenSizes = 4;
constexpr uint64_t kTicksBetweenSpares = 20;

// Log work on its way back from the executor.
struct Work {
  std::unique_ptr<storage::LogWork> work;
  bool is_flush = false;
};
using WorkPtr = std::shared_ptr<Work>;

}  // namespace
}  // namespace keyzone::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyzone::actors::WorkPtr)

namespace keyzone::actors {

class DiskActor : public ShardActor {
 public:
  DiskActor(caf::actor_config& config, NodeContext& context, Shard& shard)
      : ShardActor(config, shard.index()), context_(context), shard_(shard) {}

  caf::behavior make_behavior() override {
    delayed_send(this, kDiskTick, tick_atom::value);
    return {
        [this](flush_atom) { flush(); },
        [this](done_atom, const WorkPtr& work) { finish(*work); },
        [this](progress_atom) { store_progress(); },
        [this](tick_atom) { tick(); },
        [this](sweep_atom) { sweep(); },
        [this](drop_atom, uint64_t group) { drop(GroupId(group)); },
    };
  }

 private:
  void start(std::unique_ptr<storage::LogWork> work, bool is_flush) {
    auto shared = std::make_shared<Work>(Work{std::move(work), is_flush});
    context_.environment.log_executor->run([shared, self = caf::actor_cast<caf::actor>(this)] {
      shared->work->run();
      caf::anon_send(self, done_atom::value, shared);
    });
  }

  void flush() {
    shard_.flush_asked_ = false;
    if (flushing_) return;  // goes on when that one is done
    if (auto work = shard_.log_->begin_flush()) {
      flushing_ = true;
      idle_ticks_ = 0;
      start(std::move(work), true);
    }
    if (shard_.log_->wants_segment()) maintain();
  }

  void maintain() {
    if (maintaining_) return;
    if (auto work = shard_.log_->begin_maintenance()) {
      maintaining_ = true;
      start(std::move(work), false);
    }
  }

  void finish(Work& done) {
    (done.is_flush ? flushing_ : maintaining_) = false;
    auto result = shard_.log_->finish(std::move(done.work));
    if (!result && shard_.log_->failed()) {
      context_.environment.fatal("the log of shard " + std::to_string(shard_.index()) +
                                 " has failed: " + result.error().message);
      return;
    }
    shard_.log_full = shard_.log_->stats().full;
    notify_durable();
    if (result) wake(shard_.waiting_for_log_);
    flush();
    if (done.is_flush) maintain();
  }

  // Replicas that found no room, to try again.
  void wake(std::vector<caf::actor>& waiting) {
    for (auto& replica : std::exchange(waiting, {})) caf::anon_send(replica, progress_atom::value);
  }

  void notify_durable() {
    const auto durable = shard_.log_->durable();
    // One message a replica: the newest of its sequences.
    std::vector<Shard::Waiting> reached;
    while (!shard_.waiting_.empty() && shard_.waiting_.front().mark <= durable) {
      auto waiting = std::move(shard_.waiting_.front());
      shard_.waiting_.pop_front();
      bool merged = false;
      for (auto& other : reached) {
        if (other.group != waiting.group) continue;
        other.sequence = waiting.sequence;
        merged = true;
        break;
      }
      if (!merged) reached.push_back(std::move(waiting));
    }
    for (auto& waiting : reached) {
      send_message(waiting.replica, DurablePtr(std::make_shared<Durable>(Durable{waiting.sequence, false})));
    }
  }

  void store_progress() {
    shard_.store_->go_on();
    if (shard_.store_->failed()) {
      context_.environment.fatal("the store of shard " + std::to_string(shard_.index()) + " has failed");
      return;
    }
    wake(shard_.waiting_for_room_);
    offer_trimming();
  }

  void offer_trimming() {
    const auto durable = shard_.store_->durable();
    std::optional<Shard::Checkpoint> reached;
    while (!shard_.checkpoints_.empty() && shard_.checkpoints_.front().mark <= durable) {
      reached = std::move(shard_.checkpoints_.front());
      shard_.checkpoints_.pop_front();
    }
    if (!reached) return;
    for (const auto& [group, applied] : reached->applied) {
      auto it = shard_.groups_.find(group);
      if (it == shard_.groups_.end()) continue;
      send_message(it->second.replica, TrimmablePtr(std::make_shared<Trimmable>(Trimmable{applied})));
    }
  }

  void tick() {
    delayed_send(this, kDiskTick, tick_atom::value);
    if (shard_.index() == 0) watch_space();
    checkpoint();
    if (shard_.log_->stats().bytes_live > context_.options.log_bytes_before_flush)
      (void)shard_.store_->start_flush();
    sweep_orphans();
    if (!sweeping_) sweep();
    if (++idle_ticks_ == kIdleTicksBeforeConfirmation) {
      shard_.log_->stage_confirmation();
    }
    flush();
    maintain();
    store_progress();
    shard_.log_bytes = shard_.log_->stats().bytes_live;
    shard_.log_full = shard_.log_->stats().full;
    if (++ticks_ % kTicksBetweenSizes == 0) {
      shard_.data_bytes = shard_.store_->approximate_bytes({}, BytesView("\xff\xff\xff\xff", 4));
    }
    std::lock_guard lock(shard_.counts_mutex_);
    shard_.cache_counts_ = shard_.store_->cache_counts();
  }

  void keep_space_aside() {
    auto* files = context_.environment.files;
    const std::string& folder = context_.options.folder;
    if (context_.disk_full() || has_spare_space(*files, folder)) return;
    context_.environment.log_executor->run([files, folder] { set_spare_space_aside(*files, folder); });
  }

  void watch_space() {
    const uint64_t reserve = context_.options.disk_space_reserve;
    if (ticks_ % kTicksBetweenSpares == 0) keep_space_aside();
    if (reserve == 0) return;
    const auto free = context_.environment.files->free_bytes(context_.options.folder);
    const bool full = free && *free < reserve;
    if (full == context_.space_short) return;
    context_.space_short = full;
    if (full) {
      log_error("the disk is full ({} MiB are free, {} are kept): writes are refused", *free >> 20,
                reserve >> 20);
    } else {
      log_info("the disk has space again: writes are taken");
    }
  }

  void checkpoint() {
    const auto mark = shard_.store_->mark();
    if (!shard_.checkpoints_.empty() && shard_.checkpoints_.back().mark == mark) return;
    if (mark == last_checkpoint_) return;
    last_checkpoint_ = mark;
    Shard::Checkpoint checkpoint{mark, {}};
    for (const auto& [group, entry] : shard_.groups_)
      checkpoint.applied.push_back({group, entry.applied_in_store});
    shard_.checkpoints_.push_back(std::move(checkpoint));
  }

  // A group that no catalog knows and that has no replica running.
  void drop(GroupId group) {
    if (shard_.groups_.contains(group) || !shard_.store_->may_write_now()) return;
    if (shard_.registry_->find(group)) {
      leveldb::WriteBatch batch;
      shard_.registry_->drop(group, batch);
      if (auto written = shard_.store_->write(&batch); !written) {
        return context_.environment.fatal("a dropped tablet can't be removed: " + written.error().message);
      }
    }
    if (shard_.log_->has_group(group)) (void)shard_.log_->remove_group(group);
    flush();
  }

  void sweep_orphans() {
    if (shard_.registry_->orphans().empty() || !shard_.store_->may_write_now()) return;
    leveldb::WriteBatch batch;
    auto more = shard_.registry_->sweep_orphans(kOrphanKeys, batch);
    auto written = shard_.store_->write(&batch);
    if (!more || !written) context_.environment.fatal("the store can't be swept: it must be reopened");
  }

  // One tablet's turn; and the next one's soon after while any are due.
  void sweep() {
    sweeping_ = false;
    const Timestamp now = context_.clock.now();
    if (!shard_.sweeps_.any_due(now)) return;
    if (shard_.store_->may_write_now()) {
      const auto it = shard_.groups_.find(*shard_.sweeps_.take(now));
      if (it != shard_.groups_.end()) caf::anon_send(it->second.replica, sweep_atom::value);
    }
    sweeping_ = true;
    delayed_send(this, kSweepPace, sweep_atom::value);
  }

  NodeContext& context_;
  Shard& shard_;
  bool sweeping_ = false;
  bool flushing_ = false;
  bool maintaining_ = false;
  int idle_ticks_ = 0;
  uint64_t ticks_ = 0;
  storage::FlushMark last_checkpoint_ = 0;
};

caf::actor spawn_disk_actor(caf::actor_system& system, NodeContext& context, Shard& shard) {
  return system.spawn<DiskActor>(context, shard);
}

}  // namespace keyzone::actors
