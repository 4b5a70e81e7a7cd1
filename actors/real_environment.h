// What a process gives its nodes: threads for what blocks, the system's clocks, the system's chance.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "storage/executor.h"

namespace keyzone::actors {

// Runs work on a fixed number of threads, first come first served. Destruction waits for what is queued.
class ThreadExecutor : public storage::Executor {
 public:
  explicit ThreadExecutor(size_t threads);
  ~ThreadExecutor() override;
  void run(std::function<void()> work) override;

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

Timestamp system_clock_us();
uint64_t process_cpu_us();         // user and system time of this process
Bytes system_random(size_t size);  // unpredictable; stops the process if the system has none

}  // namespace keyzone::actors
