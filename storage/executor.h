// Where work that may block is done: syncs, compactions, cold reads. A node runs it on threads of its own;
// the simulation draws when it runs.
#pragma once
#include <deque>
#include <functional>
#include <utility>

namespace keyzone::storage {

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `work` once, later, on any thread, never inside this call. May be called from any thread.
  virtual void run(std::function<void()> work) = 0;

  // An executor without threads runs all that is queued now, on the calling thread, until nothing is left;
  // others do nothing. Store calls it when it has opened LevelDB and before it closes it, which waits for
  // what was scheduled.
  virtual void drain() {}
};

// The executor of tests: work waits until someone drains. Not thread-safe.
class QueuedExecutor : public Executor {
 public:
  void run(std::function<void()> work) override { queue_.push_back(std::move(work)); }
  void drain() override {
    while (!queue_.empty()) run_next();
  }
  void run_next() {  // if there is one
    if (queue_.empty()) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    work();
  }
  size_t queued() const { return queue_.size(); }

 private:
  std::deque<std::function<void()>> queue_;
};

}  // namespace keyzone::storage
