// Rows that were read lately, as they lie in the store: reading them again needs no look at it. One for all
// replicas of a shard, on its thread; a key is the store's, a hash its key_hash(). Bounded in bytes.
//
// What is here equals the store: whoever changes a row in the store says so (changed), and whoever opens a
// replica, after a write that failed perhaps, begins anew (clear).
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "schema/bytes.h"

namespace keyzone::storage {

class RowCache {
 public:
  explicit RowCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  // The row's value, copied to `value`; false: it is not known here.
  bool find(BytesView key, uint64_t hash, Bytes& value);

  // Several rows are about to be looked for: with bring_set() for each of them and then bring_row() for each,
  // their find() need not wait for memory one after another. Changes nothing.
  void bring_set(uint64_t hash) const;
  void bring_row(uint64_t hash) const;

  // The store holds this.
  void put(BytesView key, uint64_t hash, BytesView value);
  // The store holds this from now on; nullopt: nothing. A row that nobody has read is not taken in.
  void changed(BytesView key, uint64_t hash, std::optional<BytesView> value);
  void clear();

  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kWays = 8;
  static constexpr size_t kRowBytesMax = 4096;     // longer ones are left to the store
  static constexpr size_t kRowBytesTypical = 128;  // for the number of sets

  // What stands at the head of a row's memory; the key follows, then the value.
  struct Row {
    uint32_t key_size = 0;
    uint32_t value_size = 0;
    size_t size() const { return size_t{key_size} + value_size; }
    BytesView key() const { return {bytes(), key_size}; }
    BytesView value() const { return {bytes() + key_size, value_size}; }
    const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };
  struct Free {
    void operator()(Row* row) const { ::operator delete(row); }
  };
  using RowPtr = std::unique_ptr<Row, Free>;
  // A key's place is one of the eight of its set. Hashes and pointers lie together: a look at a row touches
  // two places in memory.
  struct alignas(128) Set {
    std::array<uint64_t, kWays> hashes{};  // 0: free
    std::array<RowPtr, kWays> rows;
  };
  // Of the set with the same number: which rows were found since the hand passed, and where that stands.
  struct Turn {
    uint8_t used = 0;  // a bit a way
    uint8_t hand = 0;
    bool take_used(size_t way);
  };
  static constexpr size_t kNone = kWays;
  size_t number_of(uint64_t hash) const { return hash % sets_.size(); }
  size_t find_way(const Set& set, BytesView key, uint64_t hash) const;  // kNone: it is not here
  size_t free_way(size_t number);
  void fill(RowPtr& row, BytesView key, BytesView value);
  void drop(Set& set, size_t way);
  void shrink();

  const size_t bytes_max_;
  std::vector<Set> sets_;    // none before the first row comes
  std::vector<Turn> turns_;  // of each set
  size_t bytes_ = 0;         // of all rows
  size_t hand_ = 0;          // the set that gives rows up next
};

}  // namespace keyzone::storage
