#include "actors/near_executor.h"

#include <algorithm>
#include <utility>

namespace keyzone::actors {

void RecentPace::took(std::chrono::microseconds time) {
  const auto newest = std::min<int64_t>(time.count(), kSlow.count());
  // Two threads at once may lose one of their two times: it is an estimate.
  const auto mean = mean_us_.load(std::memory_order_relaxed);
  mean_us_.store(mean + (newest - mean) / kWeight, std::memory_order_relaxed);
}

void NearExecutor::run(std::function<void()> work) {
  auto measured = [this, work = std::move(work)] {
    const auto start = std::chrono::steady_clock::now();
    work();
    pace_.took(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start));
  };
  const auto shard = scheduler_.current_shard();
  if (!shard || !pace_.quick()) {
    threads_.run(std::move(measured));
    return;
  }
  scheduler_.post(*shard, [this, measured = std::move(measured)]() mutable {
    if (scheduler_.is_idle_here()) {
      measured();
    } else {
      threads_.run(std::move(measured));
    }
  });
}

}  // namespace keyzone::actors
