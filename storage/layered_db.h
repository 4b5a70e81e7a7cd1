// A LevelDB with memtables over it, to be read as if it were one: what was written is in the active memtable,
// which is sealed now and then, and what was sealed is written below by whoever owns this. That may be done
// beside reads, on another thread: who finds a key in a memtable looks no further.
//
// Put, Delete, Write and CompactRange are refused: apply() writes. Everything here is for one thread. An
// iterator without a snapshot must not be used any more after the next apply().
#pragma once
#include <leveldb/db.h>

#include <deque>
#include <memory>
#include <vector>

#include "storage/memtable.h"

namespace keyzone::storage {

class LayeredDb final : public leveldb::DB {
 public:
  // `memtable_bytes`: about what a memtable will come to before it is sealed.
  LayeredDb(std::unique_ptr<leveldb::DB> below, size_t memtable_bytes);
  ~LayeredDb() override;

  // For what isn't reading: any thread.
  leveldb::DB& below() { return *below_; }

  void apply(const leveldb::WriteBatch& batch);
  size_t active_bytes() const { return active_ ? active_->bytes() : 0; }

  // What was written so far goes into the sealed ones.
  void seal();
  const std::deque<MemtablePtr>& sealed() const { return sealed_; }  // the oldest first
  // `below` has all of the oldest `count` now.
  void forget_sealed(size_t count);

  leveldb::Status Put(const leveldb::WriteOptions&, const leveldb::Slice&, const leveldb::Slice&) override;
  leveldb::Status Delete(const leveldb::WriteOptions&, const leveldb::Slice&) override;
  leveldb::Status Write(const leveldb::WriteOptions&, leveldb::WriteBatch*) override;
  leveldb::Status Get(const leveldb::ReadOptions& options, const leveldb::Slice& key,
                      std::string* value) override;
  leveldb::Iterator* NewIterator(const leveldb::ReadOptions& options) override;
  // Seals.
  const leveldb::Snapshot* GetSnapshot() override;
  void ReleaseSnapshot(const leveldb::Snapshot* snapshot) override;
  bool GetProperty(const leveldb::Slice& property, std::string* value) override;
  // Of what is in sorted files, as LevelDB does.
  void GetApproximateSizes(const leveldb::Range* range, int n, uint64_t* sizes) override;
  void CompactRange(const leveldb::Slice*, const leveldb::Slice*) override;

 private:
  class Snapshot;
  leveldb::ReadOptions below_options(const leveldb::ReadOptions& options) const;

  const size_t memtable_bytes_;
  std::unique_ptr<leveldb::DB> below_;
  std::shared_ptr<Memtable> active_;  // null: nothing was written since seal()
  std::deque<MemtablePtr> sealed_;
  uint64_t applied_ = 0;  // counts
};

}  // namespace keyzone::storage
