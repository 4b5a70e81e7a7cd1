// Rows that were read lately, as they lie in the store: reading them again needs no look at it. One for all
// replicas of a shard, on its thread; a key is the store's. Bounded in bytes.
//
// What is here equals the store: whoever changes a row in the store says so (changed), and whoever opens a
// replica, after a write that failed perhaps, begins anew (clear).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "schema/bytes.h"

namespace keyzone::storage {

class RowCache {
 public:
  explicit RowCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  // The row's value, copied to `value`; false: it is not known here.
  bool find(BytesView key, Bytes& value);
  // The store holds this.
  void put(BytesView key, BytesView value);
  // The store holds this from now on; nullopt: nothing. A row that nobody has read is not taken in.
  void changed(BytesView key, const std::optional<Bytes>& value);
  void clear();

  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kWays = 8;
  static constexpr size_t kRowBytesMax = 4096;     // longer ones are left to the store
  static constexpr size_t kRowBytesTypical = 128;  // for the number of sets

  struct Row {
    Bytes bytes;  // the key, then the value
    uint32_t key_size = 0;
    bool used = false;  // since the hand passed
  };
  // A key's place is one of the eight of its set.
  struct Set {
    std::array<uint64_t, kWays> hashes{};  // 0: free
    std::array<Row, kWays> rows;
    uint8_t hand = 0;
  };
  static uint64_t hash_of(BytesView key);
  Set& set_of(uint64_t hash) { return sets_[hash % sets_.size()]; }
  Row* find_row(BytesView key, uint64_t hash);
  size_t free_way(Set& set);
  void fill(Row& row, BytesView key, BytesView value);
  void drop(Set& set, size_t way);
  void shrink();

  const size_t bytes_max_;
  std::vector<Set> sets_;  // none before the first row comes
  size_t bytes_ = 0;       // of all rows
  size_t hand_ = 0;        // the set that gives rows up next
};

}  // namespace keyzone::storage
