// Runs short work where it was asked for. Handing a flush of the log to another thread costs two wake-ups, a tenth of
// a millisecond each on a machine that has gone to sleep, and a disk with a write cache of its own is done in the same
// time. So work that was asked for on a shard's thread runs on that thread, after what is runnable now and when what
// that had for sockets has left, if the shard then has nothing else to do and such work has been quick lately. It goes
// to other threads otherwise: a slow disk never holds up a shard for more than the one flush that finds it out.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include "actors/shard_scheduler.h"
#include "storage/executor.h"

namespace keyzone::actors {

// Whether the next work is expected to be quick, from how long the last ones took. Any thread may call.
class RecentPace {
 public:
  static constexpr std::chrono::microseconds kQuick{300};
  static constexpr std::chrono::microseconds kSlow{10'000};  // what takes longer counts as this: some 60 quick ones undo it

  bool quick() const { return mean_us_.load(std::memory_order_relaxed) <= kQuick.count(); }
  void took(std::chrono::microseconds time);

 private:
  static constexpr int64_t kWeight = 16;  // of what was before, against the newest
  std::atomic<int64_t> mean_us_{kSlow.count()};
};

// REQUIRES: `scheduler` and `threads` outlive all work.
class NearExecutor : public storage::Executor {
 public:
  NearExecutor(ShardScheduler& scheduler, storage::Executor& threads) : scheduler_(scheduler), threads_(threads) {}
  void run(std::function<void()> work) override;

 private:
  ShardScheduler& scheduler_;
  storage::Executor& threads_;
  RecentPace pace_;
};

}  // namespace keyzone::actors
