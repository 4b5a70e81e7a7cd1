#include "storage/counting_cache.h"

namespace keyzone::storage {

struct CountingCache::Entry {
  CountingCache& cache;
  void* value;
  void (*deleter)(const leveldb::Slice& key, void* value);

  static void drop(const leveldb::Slice& key, void* entry) {
    const std::unique_ptr<Entry> self(static_cast<Entry*>(entry));
    self->cache.entries_.fetch_sub(1, std::memory_order_relaxed);
    self->deleter(key, self->value);
  }
};

CountingCache::CountingCache(size_t capacity_bytes)
    : capacity_bytes_(capacity_bytes), cache_(leveldb::NewLRUCache(capacity_bytes)) {}

CacheCounts CountingCache::counts() const {
  return {capacity_bytes_, cache_->TotalCharge(), entries_.load(std::memory_order_relaxed),
          hits_.load(std::memory_order_relaxed), requests_.load(std::memory_order_relaxed)};
}

leveldb::Cache::Handle* CountingCache::Insert(const leveldb::Slice& key, void* value, size_t charge,
                                              void (*deleter)(const leveldb::Slice& key, void* value)) {
  entries_.fetch_add(1, std::memory_order_relaxed);
  return cache_->Insert(key, new Entry{*this, value, deleter}, charge, Entry::drop);
}

leveldb::Cache::Handle* CountingCache::Lookup(const leveldb::Slice& key) {
  Handle* found = cache_->Lookup(key);
  requests_.fetch_add(1, std::memory_order_relaxed);
  if (found) hits_.fetch_add(1, std::memory_order_relaxed);
  return found;
}

void* CountingCache::Value(Handle* handle) { return static_cast<Entry*>(cache_->Value(handle))->value; }

}  // namespace keyzone::storage
