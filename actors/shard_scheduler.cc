#include "actors/shard_scheduler.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scheduled_actor.hpp>

#include "actors/shard_actor.h"
#include "schema/result.h"

namespace keyzone::actors {

namespace {

constexpr size_t kMessagesPerTurn = 100;  // an actor yields after these
constexpr int kTurnsPerPoll = 4;          // of all runnable actors, before the sockets are looked at again

// Timers of one shard, touched by its thread alone.
struct LocalClock : caf::detail::simple_actor_clock {
  time_point now() const noexcept override { return clock_type::now(); }
  bool empty() const { return schedule_.empty(); }
  time_point next() const { return schedule_.begin()->first; }
};

// CAF sends complaints to its printer actor; a missing one would be a null pointer.
struct NullPrinter : caf::monitorable_actor {
  explicit NullPrinter(caf::actor_config& config) : monitorable_actor(config) {}
  void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
};

}  // namespace

class ShardScheduler::Shard : public caf::execution_unit {
 public:
  explicit Shard(ShardScheduler& scheduler) : execution_unit(&scheduler.system()), scheduler_(scheduler) {}

  static Shard*& current() {
    thread_local Shard* shard = nullptr;
    return shard;
  }

  void exec_later(caf::resumable* job) override { scheduler_.enqueue(job); }
  bool is_current() const { return current() == this; }
  void push_local(caf::resumable* job) { queue_.push_back(job); }

  void push_remote(caf::resumable* job) {
    bool wake = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      inbox_.push_back(job);
      wake = !woken_.exchange(true, std::memory_order_acq_rel);
    }
    if (wake) boost::asio::post(io, [] {});
  }

  void run() {
    current() = this;
    auto guard = boost::asio::make_work_guard(io);
    while (!stop_.load(std::memory_order_acquire)) {
      const size_t handlers = io.poll();
      if (io.stopped()) io.restart();
      int turns = 0;
      while (turns < kTurnsPerPoll && work()) ++turns;
      if (turns > 0 || handlers > 0) continue;
      if (timers.empty()) {
        io.run_one();
      } else {
        io.run_one_until(timers.next());
      }
    }
    current() = nullptr;
  }

  void request_stop() {
    stop_.store(true, std::memory_order_release);
    boost::asio::post(io, [] {});
  }

  // REQUIRES: the thread has ended.
  void drop_jobs() {
    timers.cancel_all();
    for (auto* job : inbox_) queue_.push_back(job);
    inbox_.clear();
    while (!queue_.empty()) {
      auto* job = queue_.front();
      queue_.pop_front();
      cleanup_and_release(job);
    }
  }

  boost::asio::io_context io{1};
  LocalClock timers;
  std::thread thread;

 private:
  // Runs every job that is runnable now, once. True: there was one.
  bool work() {
    if (woken_.load(std::memory_order_acquire)) {
      std::vector<caf::resumable*> arrived;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        arrived.swap(inbox_);
        woken_.store(false, std::memory_order_release);
      }
      queue_.insert(queue_.end(), arrived.begin(), arrived.end());
    }
    if (!timers.empty() && timers.next() <= timers.now()) timers.trigger_expired_timeouts();
    if (queue_.empty()) return false;
    for (size_t n = queue_.size(); n > 0; --n) {
      auto* job = queue_.front();
      queue_.pop_front();
      switch (job->resume(this, kMessagesPerTurn)) {
        case caf::resumable::resume_later:
          queue_.push_back(job);
          break;
        case caf::resumable::done:
        case caf::resumable::awaiting_message:
          caf::intrusive_ptr_release(job);
          break;
        case caf::resumable::shutdown_execution_unit:
          break;
      }
    }
    return true;
  }

  ShardScheduler& scheduler_;
  std::deque<caf::resumable*> queue_;
  std::mutex mutex_;
  std::vector<caf::resumable*> inbox_;
  std::atomic<bool> woken_{false};
  std::atomic<bool> stop_{false};
};

// Hands each timer to the clock of the shard that its actor lives on.
class ShardScheduler::Clock : public caf::actor_clock {
 public:
  explicit Clock(ShardScheduler& scheduler) : scheduler_(scheduler) {}

  time_point now() const noexcept override { return clock_type::now(); }
  void set_ordinary_timeout(time_point t, caf::abstract_actor* actor, caf::atom_value type,
                            uint64_t id) override {
    here().set_ordinary_timeout(t, actor, type, id);
  }
  void set_multi_timeout(time_point t, caf::abstract_actor* actor, caf::atom_value type,
                         uint64_t id) override {
    here().set_multi_timeout(t, actor, type, id);
  }
  void set_request_timeout(time_point t, caf::abstract_actor* actor, caf::message_id id) override {
    here().set_request_timeout(t, actor, id);
  }
  void cancel_ordinary_timeout(caf::abstract_actor* actor, caf::atom_value type) override {
    if (Shard::current()) here().cancel_ordinary_timeout(actor, type);
  }
  void cancel_request_timeout(caf::abstract_actor* actor, caf::message_id id) override {
    if (Shard::current()) here().cancel_request_timeout(actor, id);
  }
  void cancel_timeouts(caf::abstract_actor* actor) override {
    if (Shard::current()) here().cancel_timeouts(actor);
  }
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override {
    if (Shard::current()) {
      here().schedule_message(t, std::move(receiver), std::move(content));
      return;
    }
    auto shared = std::make_shared<caf::mailbox_element_ptr>(std::move(content));
    scheduler_.post(0, [this, t, receiver = std::move(receiver), shared]() mutable {
      here().schedule_message(t, std::move(receiver), std::move(*shared));
    });
  }
  void schedule_message(time_point, caf::group, caf::strong_actor_ptr, caf::message) override {
    KEYZONE_ASSERT(!"groups are not used");
  }
  void cancel_all() override {}

 private:
  // Timers are set by actors, which run on their shard's thread.
  LocalClock& here() {
    KEYZONE_ASSERT(Shard::current() != nullptr);
    return Shard::current()->timers;
  }
  ShardScheduler& scheduler_;
};

ShardScheduler::ShardScheduler(caf::actor_system& system)
    : abstract_coordinator(system), clock_(std::make_unique<Clock>(*this)) {}

ShardScheduler::~ShardScheduler() = default;

caf::actor_system::module* ShardScheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new ShardScheduler(system);
}

ShardScheduler& ShardScheduler::of(caf::actor_system& system) {
  return static_cast<ShardScheduler&>(system.scheduler());
}

boost::asio::io_context& ShardScheduler::io(size_t shard) { return shards_[shard]->io; }

void ShardScheduler::post(size_t shard, std::function<void()> work) {
  boost::asio::post(shards_[shard]->io, std::move(work));
}

caf::actor_clock& ShardScheduler::clock() noexcept { return *clock_; }

size_t ShardScheduler::shard_of(caf::resumable* job) const {
  if (job->subtype() != caf::resumable::scheduled_actor) return 0;
  auto* actor = static_cast<caf::scheduled_actor*>(job);
  if (actor->id() < first_pinned_) return 0;
  return static_cast<ShardActor*>(actor)->shard() % shards_.size();
}

void ShardScheduler::enqueue(caf::resumable* job) {
  auto& shard = *shards_[shard_of(job)];
  if (shard.is_current()) {
    shard.push_local(job);
  } else {
    shard.push_remote(job);
  }
}

void ShardScheduler::start() {
  for (size_t i = 0; i < num_workers(); ++i) shards_.push_back(std::make_unique<Shard>(*this));
  caf::actor_config config{shards_[0].get()};
  auto& sys = system();
  utility_actors_[printer_id] =
      caf::make_actor<NullPrinter, caf::actor>(sys.next_actor_id(), sys.node(), &sys, config);
  for (auto& shard : shards_) {
    shard->thread = std::thread([raw = shard.get()] { raw->run(); });
  }
}

void ShardScheduler::pin_from_here() { first_pinned_ = system().latest_actor_id() + 1; }

void ShardScheduler::halt() {
  if (halted_) return;
  halted_ = true;
  for (auto& shard : shards_) shard->request_stop();
  for (auto& shard : shards_) shard->thread.join();
}

void ShardScheduler::stop() {
  halt();
  for (auto& shard : shards_) shard->drop_jobs();
}

}  // namespace keyzone::actors
