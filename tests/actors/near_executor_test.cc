#include "actors/near_executor.h"

#include <gtest/gtest.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <future>
#include <thread>

#include "actors/real_environment.h"

namespace keyzone::actors {
namespace {

using std::chrono::microseconds;

TEST(RecentPace, IsQuickAfterManyQuickOnesAndNoLongerAfterOneSlow) {
  RecentPace pace;
  EXPECT_FALSE(pace.quick());
  pace.took(microseconds(100));
  EXPECT_FALSE(pace.quick());
  for (int i = 0; i < 100; ++i) pace.took(microseconds(100));
  EXPECT_TRUE(pace.quick());
  pace.took(microseconds(3'600'000'000));
  EXPECT_FALSE(pace.quick());
  for (int i = 0; i < 100; ++i) pace.took(microseconds(100));
  EXPECT_TRUE(pace.quick());
}

TEST(RecentPace, IsNeverQuickOnADiskThatTakesAMillisecond) {
  RecentPace pace;
  for (int i = 0; i < 1000; ++i) pace.took(microseconds(1000));
  EXPECT_FALSE(pace.quick());
}

class NearExecutorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.load<ShardScheduler>();
    config_.set("scheduler.max-threads", size_t{1});
    config_.set("logger.verbosity", caf::atom("quiet"));
    system_ = std::make_unique<caf::actor_system>(config_);
    executor_ = std::make_unique<NearExecutor>(ShardScheduler::of(*system_), threads_);
  }

  // On which thread work runs that was asked for on the shard's thread; the shard's is in `shard_thread_`.
  std::thread::id thread_of_work() {
    auto ran = std::make_shared<std::promise<std::thread::id>>();
    auto result = ran->get_future();
    ShardScheduler::of(*system_).post(0, [this, ran] {
      shard_thread_ = std::this_thread::get_id();
      executor_->run([ran] { ran->set_value(std::this_thread::get_id()); });
    });
    return result.get();
  }

  caf::actor_system_config config_;
  std::unique_ptr<NearExecutor> executor_;  // goes last: work touches it until it has ended
  ThreadExecutor threads_{1};
  std::unique_ptr<caf::actor_system> system_;
  std::thread::id shard_thread_;
};

TEST_F(NearExecutorTest, StartsOnOtherThreadsAndComesNearOnceTheWorkIsQuick) {
  EXPECT_NE(thread_of_work(), shard_thread_);
  bool came_near = false;
  for (int i = 0; i < 10'000 && !came_near; ++i) came_near = thread_of_work() == shard_thread_;
  EXPECT_TRUE(came_near);
}

TEST_F(NearExecutorTest, RunsOnOtherThreadsWhatNoShardAskedFor) {
  auto ran = std::make_shared<std::promise<std::thread::id>>();
  auto result = ran->get_future();
  executor_->run([ran] { ran->set_value(std::this_thread::get_id()); });
  EXPECT_NE(result.get(), std::this_thread::get_id());
}

}  // namespace
}  // namespace keyzone::actors
