#include "storage/layered_db.h"

#include <gtest/gtest.h>

#include <map>

#include "storage/file_system_env.h"
#include "storage/level_env.h"
#include "storage/memory_disk.h"
#include "storage/slices.h"
#include "tests/storage/log_model.h"

namespace keyzone::storage {
namespace {

using Model = std::map<Bytes, Bytes>;

class LayeredDbTest : public ::testing::Test {
 protected:
  LayeredDbTest() : env_(disk_.env(), &disk_, &executor_, {}) {}

  void SetUp() override { open("/db"); }
  void TearDown() override { close(); }

  void open(const std::string& folder) {
    ASSERT_TRUE(disk_.create_folders(folder).ok());
    leveldb::Options options;
    options.create_if_missing = true;
    options.env = &env_;
    options.info_log = &logger_;
    leveldb::DB* db = nullptr;
    const LevelEnv::ScheduleScope scope;
    ASSERT_TRUE(leveldb::DB::Open(options, folder, &db).ok());
    executor_.drain();
    db_ = std::make_unique<LayeredDb>(std::unique_ptr<leveldb::DB>(db), 4 << 10);
  }
  void close() {
    env_.release_held();
    executor_.drain();
    db_.reset();
  }

  void put(const Bytes& key, const Bytes& value) {
    leveldb::WriteBatch batch;
    batch.Put(key, value);
    db_->apply(batch);
  }
  Bytes get(const Bytes& key, const leveldb::Snapshot* snapshot = nullptr) {
    leveldb::ReadOptions options;
    options.snapshot = snapshot;
    Bytes value;
    return db_->Get(options, key, &value).ok() ? value : "(none)";
  }

  // Some of what the sealed memtables have, as a drain that is under way has written it below.
  void drain_partly(Chance& chance) {
    if (db_->sealed().empty()) return;
    const auto oldest = db_->sealed().front();
    const bool whole = chance.one_in(2);
    for (const auto& item : oldest->in_order()) {
      if (!whole && chance.one_in(20)) return;
      leveldb::WriteBatch batch;
      const auto key = slice_of(item.entry->key());
      item.entry->is_deleted() ? batch.Delete(key) : batch.Put(key, slice_of(item.entry->value()));
      ASSERT_TRUE(db_->below().Write({}, &batch).ok());
    }
    if (whole) db_->forget_sealed(1);
  }

  // Walks at random, each step as the model says.
  void walk(const Model& model, const leveldb::Snapshot* snapshot, Chance& chance) {
    leveldb::ReadOptions options;
    options.snapshot = snapshot;
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(options));
    auto at = model.end();
    for (int step = 0; step < 60; ++step) {
      const uint64_t kind = chance(8);
      if (kind == 0) {
        it->SeekToFirst();
        at = model.begin();
      } else if (kind == 1) {
        it->SeekToLast();
        at = model.empty() ? model.end() : std::prev(model.end());
      } else if (kind == 2 || at == model.end()) {
        const Bytes key = any_key(chance);
        it->Seek(key);
        at = model.lower_bound(key);
      } else if (kind < 5) {
        it->Prev();
        at = at == model.begin() ? model.end() : std::prev(at);
      } else {
        it->Next();
        ++at;
      }
      ASSERT_EQ(it->Valid(), at != model.end());
      if (!it->Valid()) continue;
      ASSERT_EQ(it->key().ToString(), at->first);
      ASSERT_EQ(it->value().ToString(), at->second);
    }
    EXPECT_TRUE(it->status().ok());
  }

  static Bytes any_key(Chance& chance) { return "key" + std::to_string(chance(60)); }

  MemoryDisk disk_;
  QueuedExecutor executor_;
  SilentLogger logger_;
  LevelEnv env_;
  std::unique_ptr<LayeredDb> db_;
};

TEST_F(LayeredDbTest, TheNewestLayerCounts) {
  put("a", "1");
  db_->seal();
  put("a", "2");
  EXPECT_EQ(get("a"), "2");
  leveldb::WriteBatch batch;
  batch.Delete("a");
  db_->apply(batch);
  EXPECT_EQ(get("a"), "(none)");
  db_->seal();
  EXPECT_EQ(get("a"), "(none)");
  EXPECT_EQ(db_->sealed().size(), 2u);
}

TEST_F(LayeredDbTest, ASnapshotStaysAsItWas) {
  put("a", "1");
  const auto* snapshot = db_->GetSnapshot();
  put("a", "2");
  put("b", "2");
  EXPECT_EQ(get("a", snapshot), "1");
  EXPECT_EQ(get("b", snapshot), "(none)");
  EXPECT_EQ(get("a"), "2");
  db_->ReleaseSnapshot(snapshot);
}

TEST_F(LayeredDbTest, OnlyApplyWrites) {
  leveldb::WriteBatch batch;
  batch.Put("a", "1");
  EXPECT_FALSE(db_->Write({}, &batch).ok());
  EXPECT_FALSE(db_->Put({}, "a", "1").ok());
  EXPECT_FALSE(db_->Delete({}, "a").ok());
  EXPECT_EQ(get("a"), "(none)");
}

TEST_F(LayeredDbTest, AnIteratorThatOutlivesAWriteIsCaught) {
  put("a", "1");
  const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator({}));
  it->SeekToFirst();
  put("b", "1");
  EXPECT_DEATH(it->Next(), "applied");
}

TEST_F(LayeredDbTest, AgreesWithAMapWhateverIsSealedDrainedOrSeenInASnapshot) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    close();
    open("/db" + std::to_string(seed));
    Chance chance(seed);
    Model model;
    std::vector<std::pair<const leveldb::Snapshot*, Model>> snapshots;
    for (int step = 0; step < 300; ++step) {
      const uint64_t kind = chance(12);
      if (kind < 5) {
        leveldb::WriteBatch batch;
        for (uint64_t i = chance(8); i > 0; --i) {
          const Bytes key = any_key(chance);
          if (chance.one_in(3)) {
            batch.Delete(key);
            model.erase(key);
          } else {
            model[key] = std::to_string(step) + Bytes(chance(40), 'v');
            batch.Put(key, model[key]);
          }
        }
        db_->apply(batch);
      } else if (kind == 5) {
        db_->seal();
      } else if (kind < 8) {
        drain_partly(chance);
      } else if (kind == 8 && snapshots.size() < 4) {
        snapshots.emplace_back(db_->GetSnapshot(), model);
      } else if (kind == 9 && !snapshots.empty()) {
        walk(snapshots.front().second, snapshots.front().first, chance);
        db_->ReleaseSnapshot(snapshots.front().first);
        snapshots.erase(snapshots.begin());
      } else {
        walk(model, nullptr, chance);
        const Bytes key = any_key(chance);
        ASSERT_EQ(get(key), model.contains(key) ? model[key] : "(none)");
      }
      if (HasFatalFailure()) return;
    }
    for (const auto& [snapshot, then] : snapshots) {
      walk(then, snapshot, chance);
      db_->ReleaseSnapshot(snapshot);
    }
  }
}

}  // namespace
}  // namespace keyzone::storage
