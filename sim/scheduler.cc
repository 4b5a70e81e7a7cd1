#include "sim/scheduler.h"

#include <caf/actor_system_config.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scoped_execution_unit.hpp>

namespace keyzone::sim {

namespace {

// CAF sends complaints to its printer actor; a missing one would be a null pointer.
struct NullPrinter : caf::monitorable_actor {
  explicit NullPrinter(caf::actor_config& config) : monitorable_actor(config) {}
  void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
};

// The clock of a system begins at 1 s, since some of CAF takes 0 for "never".
constexpr Time kClockStart = 1'000'000;

}  // namespace

caf::actor_system::module* SimScheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new SimScheduler(system);
}

SimScheduler& SimScheduler::of(caf::actor_system& system) {
  return static_cast<SimScheduler&>(system.scheduler());
}

void SimScheduler::run(size_t i) {
  auto* job = jobs_[i];
  jobs_[i] = jobs_.back();
  jobs_.pop_back();
  Unit unit(*this);
  switch (job->resume(&unit, 1)) {
    case caf::resumable::resume_later:
      jobs_.push_back(job);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
  }
}

void SimScheduler::advance(Time now) {
  clock_.time = caf::actor_clock::time_point{std::chrono::microseconds(now + kClockStart)};
  if (!clock_.empty() && clock_.next() <= clock_.time) clock_.trigger_expired_timeouts();
}

std::optional<Time> SimScheduler::next_timer() const {
  if (clock_.empty()) return std::nullopt;
  const auto nanos = clock_.next().time_since_epoch().count();  // rounded up: never woken too early
  return (nanos + 999) / 1000 - kClockStart;
}

void SimScheduler::enqueue(caf::resumable* job) {
  remember(job);
  jobs_.push_back(job);
}

// Every actor comes by here when it is spawned.
void SimScheduler::remember(caf::resumable* job) {
  if (job->subtype() != caf::resumable::scheduled_actor) return;
  auto* actor = static_cast<caf::scheduled_actor*>(job);
  const size_t id = actor->id();
  if (id >= actors_.size()) actors_.resize(id + 1);
  if (!actors_[id]) actors_[id] = caf::weak_actor_ptr(actor->ctrl());
}

// What scheduled_actor::finalize() does, from outside.
void SimScheduler::kill(caf::scheduled_actor& actor) {
  // a second on_exit would destroy state twice
  if (actor.getf(caf::abstract_actor::is_cleaned_up_flag)) return;
  caf::scoped_execution_unit unit(&actor.home_system());
  actor.quit(caf::exit_reason::kill);
  actor.on_exit();
  actor.cleanup(caf::make_error(caf::exit_reason::kill), &unit);
}

void SimScheduler::crash() {
  clock_.cancel_all();
  while (!actors_.empty()) {
    const auto actors = std::move(actors_);
    actors_.clear();
    for (const auto& weak : actors) {
      const auto actor = caf::actor_cast<caf::strong_actor_ptr>(weak);
      if (actor) kill(static_cast<caf::scheduled_actor&>(*caf::actor_cast<caf::abstract_actor*>(actor)));
    }
  }
  clock_.cancel_all();
  while (!jobs_.empty()) {
    auto* job = jobs_.back();
    jobs_.pop_back();
    cleanup_and_release(job);
  }
  clock_.cancel_all();
}

void SimScheduler::start() {
  Unit unit(*this);
  caf::actor_config config{&unit};
  auto& sys = system();
  utility_actors_[printer_id] =
      caf::make_actor<NullPrinter, caf::actor>(sys.next_actor_id(), sys.node(), &sys, config);
}

}  // namespace keyzone::sim
