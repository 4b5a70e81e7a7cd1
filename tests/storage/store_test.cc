// What the store promises, and what it relies on inside LevelDB 1.23.
#include "storage/store.h"

#include <gtest/gtest.h>

#include "storage/level_env.h"
#include "storage/memory_disk.h"
#include "tests/storage/log_model.h"

namespace keyzone::storage {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    StoreOptions options;
    options.env = disk_.env();
    options.files = &disk_;
    options.executor = &executor_;
    options.write_buffer_bytes = 64 << 10;
    options.free_bytes_needed = 128 << 10;
    options.progress = [this] { ++progress_; };
    auto opened = Store::open(options, "/store");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = *std::move(opened);
  }

  void crash(uint64_t seed = 1) {
    store_.reset();
    Chance chance(seed);
    disk_.crash([&](uint64_t bound) { return chance(bound); });
  }

  Result<void> put(const std::string& key, const std::string& value) {
    leveldb::WriteBatch batch;
    batch.Put(key, value);
    auto written = store_->write(&batch);
    if (!background_waits_) executor_.drain();
    return written;
  }

  Result<FlushMark> start_flush() {
    auto mark = store_->start_flush();
    if (!background_waits_) executor_.drain();
    return mark;
  }

  void go_on() {
    store_->go_on();
    executor_.drain();
  }

  std::string get(const std::string& key) {
    bool found = false;
    auto value = store_->get(key, &found);
    return !value ? value.error().message : found ? *value : "(none)";
  }

  MemoryDisk disk_;
  QueuedExecutor executor_;
  bool background_waits_ = false;
  int progress_ = 0;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, WhatIsFlushedOutlivesACrash) {
  ASSERT_TRUE(put("a", "1").ok());
  const FlushMark mark = store_->mark();
  EXPECT_LT(store_->durable(), mark);
  const auto started = start_flush();
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(*started, mark);
  EXPECT_GE(store_->durable(), mark);
  EXPECT_GT(progress_, 0);
  ASSERT_TRUE(put("b", "2").ok());
  EXPECT_LT(store_->durable(), store_->mark());
  crash();
  open();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "(none)");
}

TEST_F(StoreTest, AnEmptyWriteStartsAFlushAndOnlyIfThereIsSomethingNew) {
  ASSERT_TRUE(put("a", "1").ok());
  ASSERT_TRUE(start_flush().ok());
  const uint64_t writes = disk_.stats().writes;
  ASSERT_TRUE(start_flush().ok());
  EXPECT_EQ(disk_.stats().writes, writes);
}

TEST_F(StoreTest, TheLogOfLevelDbStaysEmpty) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(put(std::to_string(i), std::string(1000, 'v')).ok());
  for (const std::string& path : disk_.all_files()) {
    if (path.find(".log") == std::string::npos) continue;
    auto file = disk_.open(path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(*(*file)->size(), 0u) << path;
  }
}

TEST_F(StoreTest, AWriteThatWouldWaitIsAnnounced) {
  background_waits_ = true;
  int written = 0;
  while (store_->may_write_now()) {
    ASSERT_TRUE(put(std::to_string(written++), std::string(1000, 'v')).ok());
    ASSERT_LT(written, 1000);
  }
  EXPECT_GT(written, 70);  // one full buffer waits for its flush, the other is nearly full
  background_waits_ = false;
  executor_.drain();
  EXPECT_TRUE(store_->may_write_now());
  EXPECT_EQ(store_->durable(), store_->mark() - 1);
}

// While a flush waits for its turn, and is done, and the next begins: nothing that was written is missing.
TEST_F(StoreTest, WhatIsBeingFlushedIsRead) {
  background_waits_ = true;
  ASSERT_TRUE(put("a", "1").ok());
  ASSERT_TRUE(put("b", "1").ok());
  const auto mark = store_->start_flush();
  ASSERT_TRUE(mark.ok());
  ASSERT_TRUE(put("b", "2").ok());
  EXPECT_EQ(*start_flush(), store_->mark());  // waits for the first, which is under way still
  EXPECT_LT(store_->durable(), *mark);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "2");
  background_waits_ = false;
  executor_.drain();
  EXPECT_EQ(store_->durable(), *mark);
  EXPECT_LT(store_->durable(), store_->mark());
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "2");
  go_on();
  EXPECT_EQ(store_->durable(), store_->mark());
  EXPECT_EQ(get("b"), "2");
}

// A row that is written again and again is one row of a flush.
TEST_F(StoreTest, RowsThatAreWrittenOftenReachTheDiskOnceAFlush) {
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(put(std::to_string(i % 10), std::string(1000, 'v')).ok());
  EXPECT_EQ(store_->durable(), 0u);
  ASSERT_TRUE(start_flush().ok());
  EXPECT_EQ(store_->durable(), store_->mark());
  EXPECT_LT(disk_.used_bytes(), 100u << 10);
}

TEST_F(StoreTest, ClosingWhileAFlushWaitsForSpaceDoesNotHang) {
  DiskFaults faults;
  faults.capacity_bytes = disk_.used_bytes() + (100 << 10);
  disk_.set_faults(faults, {});
  ASSERT_TRUE(put("a", "1").ok());
  ASSERT_TRUE(start_flush().ok());
  store_.reset();
}

TEST_F(StoreTest, ManyWritesNeverWaitAndAreAllThere) {
  for (int i = 0; i < 20000; ++i) {
    ASSERT_TRUE(store_->may_write_now());
    ASSERT_TRUE(put(std::to_string(i * 7919 % 20000), std::to_string(i) + std::string(100, 'v')).ok());
  }
  EXPECT_EQ(get("0").substr(0, 1), "0");
  EXPECT_EQ(get("7919"), "1" + std::string(100, 'v'));
}

// Each write counts up; after any crash the store is as it was after one of them, no older than what was
// durable.
TEST_F(StoreTest, AfterACrashTheStoreIsAPrefixWithItsAppliedIndex) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chance chance(seed);
    int applied = get("applied") == "(none)" ? 0 : std::stoi(get("applied"));
    std::map<FlushMark, int> applied_at;
    const int writes = static_cast<int>(chance(3000));
    if (chance.one_in(2)) disk_.freeze(chance(3000));
    bool frozen = false;
    for (int i = 0; i < writes && !frozen; ++i) {
      ++applied;
      leveldb::WriteBatch batch;
      for (int j = 0; j < 3; ++j)
        batch.Put("key" + std::to_string((applied * 3 + j) % 100), std::to_string(applied));
      batch.Put("applied", std::to_string(applied));
      frozen = !store_->write(&batch);
      if (chance.one_in(3)) executor_.drain();
      if (!frozen) applied_at[store_->mark()] = applied;
      if (chance.one_in(500)) frozen = !start_flush();
    }
    const FlushMark durable = store_->durable();
    const int at_least = applied_at.empty() || applied_at.begin()->first > durable
                             ? 0
                             : std::prev(applied_at.upper_bound(durable))->second;
    crash(seed);
    open();
    if (HasFatalFailure()) return;
    const int now = get("applied") == "(none)" ? 0 : std::stoi(get("applied"));
    ASSERT_LE(now, applied);
    ASSERT_GE(now, at_least);
    for (int key = 0; key < 100; ++key) {
      int newest = 0;
      for (int a = now; a > 0 && a > now - 100 && newest == 0; --a) {
        for (int j = 0; j < 3; ++j) {
          if ((a * 3 + j) % 100 == key) newest = a;
        }
      }
      ASSERT_EQ(get("key" + std::to_string(key)), newest == 0 ? "(none)" : std::to_string(newest)) << key;
    }
  }
}

TEST_F(StoreTest, AFailedFlushRefusesWritesUntilReopened) {
  ASSERT_TRUE(put("a", "1").ok());
  ASSERT_TRUE(start_flush().ok());
  ASSERT_TRUE(put("b", "2").ok());
  disk_.fail_next(DiskCall::kSync, ".ldb", 1);
  (void)start_flush().ok();
  EXPECT_LT(store_->durable(), store_->mark());
  EXPECT_FALSE(put("c", "3").ok());
  EXPECT_TRUE(store_->failed());
  ASSERT_TRUE(store_->reopen().ok());
  EXPECT_FALSE(store_->failed());
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "(none)");
  ASSERT_TRUE(put("b", "2").ok());
  ASSERT_TRUE(start_flush().ok());
  EXPECT_EQ(store_->durable(), store_->mark());
}

// Reads make LevelDB want to compact; nothing is scheduled before buffers are switched, and then all goes on.
// With too little space a flush is not begun; what is written stays in memory, and goes on when there is
// space.
TEST_F(StoreTest, AFlushWaitsForSpace) {
  DiskFaults faults;
  faults.capacity_bytes = disk_.used_bytes() + (100 << 10);
  disk_.set_faults(faults, {});
  ASSERT_TRUE(put("a", "1").ok());
  const auto mark = store_->start_flush();
  ASSERT_TRUE(mark.ok());
  go_on();
  EXPECT_LT(store_->durable(), *mark);
  ASSERT_TRUE(put("b", "2").ok());
  EXPECT_EQ(get("a"), "1");
  EXPECT_FALSE(store_->failed());
  disk_.clear_faults();
  go_on();
  EXPECT_GE(store_->durable(), *mark);
  EXPECT_EQ(get("b"), "2");
  crash();
  open();
  EXPECT_EQ(get("a"), "1");
}

// What a replay brings on a full disk has room in memory: more than one buffer of it.
TEST_F(StoreTest, OpenedWithoutSpaceItTakesAReplay) {
  store_.reset();
  DiskFaults faults;
  faults.capacity_bytes = disk_.used_bytes() + (100 << 10);
  disk_.set_faults(faults, {});
  open();
  int written = 0;
  while (store_->may_write_now() && written < 1000)
    ASSERT_TRUE(put(std::to_string(written++), Bytes(1000, 'v')).ok());
  EXPECT_GT(written, 2 * 64);
  EXPECT_FALSE(store_->failed());
  disk_.clear_faults();
  go_on();
  EXPECT_TRUE(store_->may_write_now());
}

TEST_F(StoreTest, CompactionsThatReadsAskForAreHeldBack) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(put("a", std::string(100, 'a')).ok());
    ASSERT_TRUE(put("z", std::string(100, 'z')).ok());
    if (round == 1) {
      ASSERT_TRUE(put("m", "m").ok());
    }
    ASSERT_TRUE(start_flush().ok());
  }
  const uint64_t writes = disk_.stats().writes;
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(get("n"), "(none)");
  EXPECT_EQ(executor_.queued(), 0u);
  executor_.drain();
  EXPECT_EQ(disk_.stats().writes, writes);
  ASSERT_TRUE(put("b", "b").ok());
  ASSERT_TRUE(start_flush().ok());
  EXPECT_EQ(store_->durable(), store_->mark());
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(get("n"), "(none)");
  store_.reset();  // does not hang, although work may be held
}

TEST_F(StoreTest, DamageIsNeverReadAsData) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(put(std::to_string(i), std::string(100, 'v')).ok());
  ASSERT_TRUE(start_flush().ok());
  store_.reset();
  for (const std::string& path : disk_.all_files()) {
    if (path.find(".ldb") == std::string::npos) continue;
    ASSERT_TRUE(disk_.flip_bit(path, 500, 3));
  }
  open();
  bool found = false;
  const auto value = store_->get("1", &found);
  EXPECT_FALSE(value.ok());
}

TEST_F(StoreTest, TheSameCallsLeaveTheSameBytes) {
  std::vector<uint64_t> digests;
  for (int run = 0; run < 2; ++run) {
    store_.reset();
    disk_.wipe();
    open();
    for (int i = 0; i < 5000; ++i)
      ASSERT_TRUE(put(std::to_string(i * 31 % 5000), std::string(100, 'v')).ok());
    digests.push_back(disk_.digest());
  }
  EXPECT_EQ(digests[0], digests[1]);
}

}  // namespace
}  // namespace keyzone::storage
