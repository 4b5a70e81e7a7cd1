// What was written to a store since its last flush: of each key the newest value, or that it is deleted. One
// that is changed again takes the old value's place, so that a row that is written often reaches LevelDB once
// a flush. Found by hash; the order is made up for when someone goes over the keys.
//
// For one thread, while it changes. Sorted and const, it may be read on any.
#pragma once
#include <leveldb/write_batch.h>

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "schema/bytes.h"

namespace keyzone::storage {

class Memtable {
 public:
  // It stays where it is as long as the table; its value changes with the next apply().
  class Entry {
   public:
    BytesView key() const { return {reinterpret_cast<const char*>(this + 1), key_size_}; }
    BytesView value() const { return {value_, is_deleted() ? 0 : value_size_}; }
    bool is_deleted() const { return value_size_ == kDeleted; }

   private:
    friend class Memtable;
    static constexpr uint32_t kDeleted = UINT32_MAX;
    char* key_bytes() { return reinterpret_cast<char*>(this + 1); }

    Entry* next_ = nullptr;  // of the same bucket
    char* value_ = nullptr;
    uint32_t key_size_ = 0;
    uint32_t value_size_ = kDeleted;
    uint32_t value_capacity_ = 0;
    uint32_t hash_ = 0;  // its upper half: the lower one chose the bucket
  };

  // `rank` orders as the key does, as far as it goes: rank_of(a) < rank_of(b) only if a < b.
  struct Item {
    uint64_t rank;
    const Entry* entry;
  };
  static uint64_t rank_of(BytesView key);
  static bool is_before(const Item& item, uint64_t rank, BytesView key) {
    return item.rank != rank ? item.rank < rank : item.entry->key() < key;
  }
  using Run = std::vector<Item>;  // by key
  using RunPtr = std::shared_ptr<const Run>;

  // `bytes_expected`: about what bytes() will come to.
  explicit Memtable(size_t bytes_expected);
  Memtable(const Memtable&) = delete;

  void apply(const leveldb::WriteBatch& batch);

  const Entry* find(BytesView key) const;  // null: nothing is known of it here
  size_t bytes() const { return bytes_; }  // of memory, about
  bool empty() const { return entries_ == 0; }

  // Each key is in one of the runs. sort() puts those there that came since; the runs that were there stay as
  // they are for whoever holds them. There are few: each is several times as long as the next.
  void sort() {
    if (!unsorted_.empty()) add_run();
  }
  const std::vector<RunPtr>& runs() const { return runs_; }  // REQUIRES: sort() since the last apply()
  Run in_order() const;                                      // all of them in one; REQUIRES: as runs()

 private:
  struct Change {
    BytesView key, value;
    bool deleted;
    uint64_t hash;
  };
  class Collector;
  Entry*& bucket_of(uint64_t hash) { return buckets_[hash & bucket_mask_]; }
  static Entry* find_in(Entry* bucket, BytesView key, uint64_t hash);
  void put(const Change& change);
  Entry* insert(const Change& change);
  char* allocate(size_t bytes);
  void add_run();

  std::pmr::monotonic_buffer_resource memory_;
  const size_t bucket_mask_;
  std::unique_ptr<Entry*[]> buckets_;
  std::vector<Change> changes_;  // scratch
  size_t entries_ = 0;
  size_t bytes_ = 0;
  Run unsorted_;  // new keys since the last run was made
  std::vector<RunPtr> runs_;
};

using MemtablePtr = std::shared_ptr<const Memtable>;

}  // namespace keyzone::storage
