// LevelDB's cache of blocks, with counts of what was looked for and found. Any thread.
#pragma once
#include <leveldb/cache.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace keyzone::storage {

struct CacheCounts {
  uint64_t capacity_bytes = 0, size_bytes = 0, entries = 0;
  uint64_t hits = 0, requests = 0;  // since the start
};

class CountingCache final : public leveldb::Cache {
 public:
  explicit CountingCache(size_t capacity_bytes);
  CacheCounts counts() const;

  Handle* Insert(const leveldb::Slice& key, void* value, size_t charge,
                 void (*deleter)(const leveldb::Slice& key, void* value)) override;
  Handle* Lookup(const leveldb::Slice& key) override;
  void Release(Handle* handle) override { cache_->Release(handle); }
  void* Value(Handle* handle) override;
  void Erase(const leveldb::Slice& key) override { cache_->Erase(key); }
  uint64_t NewId() override { return cache_->NewId(); }
  void Prune() override { cache_->Prune(); }
  size_t TotalCharge() const override { return cache_->TotalCharge(); }

 private:
  struct Entry;  // what is kept in the cache within: the value, and whom to tell that it goes

  const size_t capacity_bytes_;
  std::atomic<uint64_t> entries_{0}, hits_{0}, requests_{0};
  const std::unique_ptr<leveldb::Cache> cache_;  // goes first: its entries are counted until then
};

}  // namespace keyzone::storage
