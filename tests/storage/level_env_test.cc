// Pins the behaviour of LevelDB 1.23 that LevelEnv and Store rely on. If one of these fails after an upgrade,
// read level_env.h again before anything else.
#include "storage/level_env.h"

#include <gtest/gtest.h>
#include <leveldb/db.h>

#include "storage/memory_disk.h"

namespace keyzone::storage {
namespace {

class LevelEnvTest : public ::testing::Test {
 protected:
  LevelEnvTest() : env_(disk_.env(), &disk_, &executor_, {}) {}

  void SetUp() override {
    ASSERT_TRUE(disk_.create_folders("/db").ok());
    options_.create_if_missing = true;
    options_.env = &env_;
    options_.info_log = &logger_;
    const LevelEnv::ScheduleScope scope;
    leveldb::DB* db = nullptr;
    ASSERT_TRUE(leveldb::DB::Open(options_, "/db", &db).ok());
    db_.reset(db);
    executor_.drain();
  }

  void TearDown() override {
    env_.release_held();
    executor_.drain();
    db_.reset();
  }

  void put(const std::string& key) {
    const LevelEnv::ScheduleScope scope;
    ASSERT_TRUE(db_->Put(leveldb::WriteOptions(), key, "value").ok());
  }

  void start_flush() {
    const LevelEnv::ScheduleScope scope;
    ASSERT_TRUE(db_->Write(leveldb::WriteOptions(), nullptr).ok());
  }

  // Three tables, each above the other, none with the key "m".
  void make_overlapping_tables() {
    for (int i = 0; i < 3; ++i) {
      put("a");
      put("z");
      start_flush();
      executor_.drain();
    }
  }

  void read_often() {
    std::string value;
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(db_->Get(leveldb::ReadOptions(), "m", &value).IsNotFound());
  }

  MemoryDisk disk_;
  QueuedExecutor executor_;
  SilentLogger logger_;
  LevelEnv env_;
  leveldb::Options options_;
  std::unique_ptr<leveldb::DB> db_;
};

TEST_F(LevelEnvTest, ANewLogMarksANewBufferAndItsRemovalADurableFlush) {
  EXPECT_EQ(env_.buffers_begun(), 1u);
  put("a");
  EXPECT_EQ(env_.buffers_flushed(), 0u);
  start_flush();
  EXPECT_EQ(env_.buffers_begun(), 2u);
  EXPECT_EQ(env_.buffers_flushed(), 0u);
  const uint64_t syncs = disk_.stats().syncs;
  executor_.drain();
  EXPECT_EQ(env_.buffers_flushed(), 1u);
  EXPECT_GE(disk_.stats().syncs, syncs + 2);  // the table and the MANIFEST
}

TEST_F(LevelEnvTest, AFlushThatFailsKeepsItsLog) {
  put("a");
  disk_.fail_next(DiskCall::kSync, "MANIFEST", 1);
  start_flush();
  executor_.drain();
  EXPECT_EQ(env_.buffers_flushed(), 0u);
}

TEST_F(LevelEnvTest, ReadsAskForCompactionsOnTheirOwnThread) {
  make_overlapping_tables();
  EXPECT_FALSE(env_.is_holding());
  read_often();
  EXPECT_TRUE(env_.is_holding());
  EXPECT_EQ(executor_.queued(), 0u);
}

TEST_F(LevelEnvTest, HeldWorkGoesOnWhenBuffersAreSwitchedAndFlushesFirst) {
  make_overlapping_tables();
  read_often();
  const uint64_t flushed = env_.buffers_flushed();
  put("b");
  EXPECT_TRUE(env_.is_holding());
  start_flush();
  EXPECT_FALSE(env_.is_holding());
  EXPECT_EQ(executor_.queued(), 1u);
  executor_.drain();
  EXPECT_EQ(env_.buffers_flushed(), flushed + 1);
}

TEST_F(LevelEnvTest, ClosingAfterReleasingDoesNotHang) {
  make_overlapping_tables();
  read_often();
  ASSERT_TRUE(env_.is_holding());
  env_.release_held();
  executor_.drain();
  db_.reset();
}

TEST_F(LevelEnvTest, CurrentIsDurableWhenItsOldManifestGoes) {
  put("a");
  start_flush();
  executor_.drain();
  for (int reopened = 0; reopened < 3; ++reopened) {
    db_.reset();
    SetUp();
  }
  db_.reset();
  disk_.crash([](uint64_t) { return 0; });  // all that was not synced is lost
  SetUp();
  std::string value;
  EXPECT_TRUE(db_->Get(leveldb::ReadOptions(), "a", &value).ok());
}

}  // namespace
}  // namespace keyzone::storage
