// The scheduler of a node: CAF's own is replaced by shards. A shard is one thread with a Boost.Asio
// io_context that runs its sockets, its timers and its actors. An actor is pinned to a shard for life
// (ShardActor); a send within the shard takes no lock and wakes nobody; a send to another shard takes one
// lock and, if that shard is idle, one wake-up. Handlers of sockets run between batches of actor messages, on
// the same thread.
//
// Load it with `config.load<ShardScheduler>()` and set "scheduler.max-threads" to the number of shards.
#pragma once
#include <utility>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <caf/detail/simple_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace keyzone::actors {

class ShardScheduler : public caf::scheduler::abstract_coordinator {
 public:
  explicit ShardScheduler(caf::actor_system& system);
  ~ShardScheduler() override;
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

  // The scheduler of a system that was configured with it.
  static ShardScheduler& of(caf::actor_system& system);

  // Every actor spawned from here on is a ShardActor. Called once, when the actor_system has been made.
  void pin_from_here();

  size_t shard_count() const { return shards_.size(); }
  boost::asio::io_context& io(size_t shard);
  // Runs `work` on the shard's thread, between actors. Any thread may call.
  void post(size_t shard, std::function<void()> work);
  // Stops all threads and waits for them: no actor or handler runs after it. Actors are still alive.
  void halt();

  bool detaches_utility_actors() const override { return false; }
  caf::actor_clock& clock() noexcept override;
  void enqueue(caf::resumable* job) override;

 protected:
  void start() override;
  void stop() override;

 private:
  class Shard;
  class Clock;
  size_t shard_of(caf::resumable* job) const;

  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Clock> clock_;
  // lower ids are CAF's own actors: they live on shard 0
  std::atomic<caf::actor_id> first_pinned_{UINT64_MAX};
  bool halted_ = false;
};

}  // namespace keyzone::actors
