// The scheduler of a simulated node, in place of the shards of a real one: no threads, time stands still
// while actors run, and the caller says which runnable actor takes its next message. One actor_system a node,
// one scheduler a system.
#pragma once
#include <caf/actor_system.hpp>
#include <caf/detail/simple_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/world.h"

namespace keyzone::sim {

class SimScheduler : public caf::scheduler::abstract_coordinator {
 public:
  explicit SimScheduler(caf::actor_system& system) : abstract_coordinator(system) {}
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);
  static SimScheduler& of(caf::actor_system& system);

  size_t runnable() const { return jobs_.size(); }
  // Lets the i-th runnable actor handle one message. REQUIRES: i < runnable()
  void run(size_t i);

  // Moves the clock; timers that are due send their messages.
  void advance(Time now);
  std::optional<Time> next_timer() const;

  // The process dies: every actor is destroyed without running another handler, and nothing leaks. Handles
  // that are held elsewhere must be dropped by their holders, before the actor_system is destroyed.
  void crash();

  bool detaches_utility_actors() const override { return false; }
  caf::actor_clock& clock() noexcept override { return clock_; }
  void enqueue(caf::resumable* job) override;

 protected:
  void start() override;
  void stop() override { crash(); }

 private:
  struct Clock : caf::detail::simple_actor_clock {
    time_point time{duration_type{1}};
    time_point now() const noexcept override { return time; }
    bool empty() const { return schedule_.empty(); }
    time_point next() const { return schedule_.begin()->first; }
  };
  struct Unit : caf::execution_unit {
    explicit Unit(SimScheduler& scheduler) : execution_unit(&scheduler.system()), owner(scheduler) {}
    void exec_later(caf::resumable* job) override { owner.enqueue(job); }
    SimScheduler& owner;
  };

  void remember(caf::resumable* job);
  static void kill(caf::scheduled_actor& actor);

  std::vector<caf::resumable*> jobs_;
  std::vector<caf::weak_actor_ptr> actors_;  // every actor that ever ran, by id
  Clock clock_;
};

}  // namespace keyzone::sim
