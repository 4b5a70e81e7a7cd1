// What the commands of one batch have changed so far: later commands of the batch read through it, and each
// key is written once, however often it changed. One command can be taken back. Hashes are key_hash() of the
// key.
#pragma once
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "schema/bytes.h"
#include "schema/result.h"
#include "storage/byte_arena.h"
#include "storage/key_hash.h"
#include "storage/row_cache.h"

namespace keyzone::storage {

class Overlay {
 public:
  // nullptr: untouched, see the store; else the value, or nullopt for a key that is no more. It lives until
  // the next set(), the bytes until clear().
  const std::optional<BytesView>* find(BytesView key, uint64_t hash) const;
  void set(BytesView key, uint64_t hash, std::optional<BytesView> value);
  void set(BytesView key, std::optional<BytesView> value) { set(key, key_hash(key), value); }

  void begin_command() { undo_.clear(); }
  void take_back_command();

  // Into the batch, and into what `cache` (may be null) knows of these keys.
  void flush(leveldb::WriteBatch& batch, RowCache* cache) const;
  void clear();
  bool empty() const { return rows_.empty() && ordered_.empty(); }

  struct Change {
    BytesView key;
    std::optional<BytesView> value;
  };
  // All changes with first <= key < last, by key.
  std::vector<Change> between(BytesView first, BytesView last) const;

 private:
  struct Entry {
    bool touched = false;
    std::optional<BytesView> value;
  };
  struct Row {
    uint64_t hash;
    BytesView key;
    Entry entry;
  };
  struct Undo {
    Entry* ordered;  // null: that of the row with this number
    size_t row;
    Entry before;
  };
  size_t place_of(BytesView key, uint64_t hash) const;  // in slots_
  size_t row_of(BytesView key, uint64_t hash);
  void rehash(size_t slots);

  ByteArena arena_;              // keys and values
  std::vector<Row> rows_;        // in the order in which they came
  std::vector<uint32_t> slots_;  // a power of two, at most half full: numbers of rows, from 1 on; 0: free
  std::map<BytesView, Entry> ordered_;  // of the areas that are read by ranges: all but Area::kRows
  std::vector<Undo> undo_;
};

// Goes over first <= key < last, the overlay laid over the store. Changes made meanwhile may show or not,
// except that the current entry may be changed.
class MergedScan {
 public:
  MergedScan(leveldb::DB* db, const leveldb::ReadOptions& options, const Overlay& overlay, BytesView first,
             BytesView last);
  bool valid() const { return valid_; }
  void next();
  BytesView key() const { return key_; }
  BytesView value() const { return value_; }
  Result<void> status() const;

 private:
  void settle();

  std::unique_ptr<leveldb::Iterator> it_;
  Bytes last_;
  std::vector<Overlay::Change> changes_;
  size_t change_ = 0;
  bool valid_ = false, from_store_ = false;
  BytesView key_, value_;
};

}  // namespace keyzone::storage
