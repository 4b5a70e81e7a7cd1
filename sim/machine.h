// One machine: a disk that lasts, and the life of one node process on it after another.
#pragma once
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/node.h"
#include "sim/network.h"
#include "sim/scheduler.h"
#include "sim/world.h"
#include "storage/executor.h"
#include "storage/memory_disk.h"

namespace keyzone::sim {

// How long the log's work takes on this disk.
struct DiskPace {
  Time least = 50;
  Time most = kMillisecond;
  bool operator==(const DiskPace&) const = default;
};

class Machine : public Process {
 public:
  using Watcher = std::function<void(size_t machine, const actors::ReplicaStatus&)>;
  Machine(World& world, Fabric& fabric, size_t index, actors::NodeOptions options, Watcher watcher);
  ~Machine() override;

  size_t index() const { return index_; }
  bool running() const { return node_ != nullptr; }
  bool paused() const { return paused_; }
  uint64_t life() const { return life_; }  // grows with each start
  bool is_well() const {
    return running() && !paused_ && pace == DiskPace() && !space_limited_ && timer_rate_ == kFullRate;
  }
  actors::Node* node() { return node_.get(); }
  storage::MemoryDisk& disk() { return disk_; }

  // Starts the process; if it can't open its folder, tries again in a while. Does nothing if it runs.
  void start();
  // The process ends at once. With `power_lost` what was not synced may be lost, too; work that is under way
  // at the disk gets so many more calls done.
  void stop(bool power_lost, uint64_t disk_calls_left = 0);
  void pause() { paused_ = true; }
  void resume();

  // The disk takes so many more bytes.
  void limit_space(uint64_t bytes);
  void lift_limit();

  static constexpr int64_t kFullRate = 1000;
  // The process's timers run at so many thousandths of their speed from now on, as where a node gets little
  // of its CPU.
  void run_timers_at(int64_t per_mille);

  // Actors that could run now.
  size_t runnable() const { return running() && !paused_ ? scheduler_->runnable() : 0; }
  // REQUIRES: i < runnable()
  void run(size_t i);
  // When the next timer of the process is due; kNever if there is none.
  Time next_timer() const;
  void fire_timers();

  // Why the process wants to stop, once.
  std::optional<std::string> take_fatal();
  // Opening the folder has failed so often in a row, and why it did last.
  int failed_starts() const { return failed_starts_; }
  const std::string& start_error() const { return start_error_; }

  // --- what may be changed at any time
  DiskPace pace;
  Time clock_offset = 0;
  int64_t clock_drift_ppm = 0;

  void deliver(std::function<void()> what) override;

 private:
  // The log's work: done at drawn times.
  class LogExecutor : public storage::Executor {
   public:
    explicit LogExecutor(Machine& machine) : machine_(machine) {}
    void run(std::function<void()> work) override { machine_.begin_disk_work(std::move(work)); }

   private:
    Machine& machine_;
  };

  // The store's: one after the other, at drawn times.
  class StoreExecutor : public storage::QueuedExecutor {
   public:
    explicit StoreExecutor(Machine& machine) : machine_(machine) {}
    void run(std::function<void()> work) override {
      QueuedExecutor::run(std::move(work));
      machine_.begin_disk_work([this] { run_next(); });
    }

   private:
    Machine& machine_;
  };

  Result<void> open();
  actors::Environment environment();
  void begin_disk_work(std::function<void()> work);
  Timestamp wall_clock() const;
  Time timer_time() const { return timer_base_ + (world_.now() - timer_since_) * timer_rate_ / kFullRate; }

  World& world_;
  Fabric& fabric_;
  const size_t index_;
  const actors::NodeOptions options_;
  const Watcher watcher_;
  Random random_;
  storage::MemoryDisk disk_;
  bool space_limited_ = false;

  // What the timers take for the time: timer_base_ at timer_since_, and on from there at the rate.
  int64_t timer_rate_ = kFullRate;
  Time timer_base_ = 0;
  Time timer_since_ = 0;

  // --- of this life of the process
  uint64_t life_ = 0;
  bool paused_ = false;
  std::deque<std::function<void()>> deferred_;  // arrived while paused
  std::map<uint64_t, std::function<void()>> disk_work_;
  uint64_t next_work_ = 0;
  std::optional<std::string> fatal_;
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  SimScheduler* scheduler_ = nullptr;
  std::unique_ptr<StoreExecutor> store_executor_;
  std::unique_ptr<LogExecutor> log_executor_;
  std::unique_ptr<actors::Network> network_;
  std::unique_ptr<actors::Node> node_;
  int failed_starts_ = 0;
  std::string start_error_;
};

}  // namespace keyzone::sim
