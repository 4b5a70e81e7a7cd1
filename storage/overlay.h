// What the commands of one batch have changed so far: later commands of the batch read through it, and each
// key is written once, however often it changed. One command can be taken back.
#pragma once
#include <leveldb/db.h>
#include <leveldb/write_batch.h>
#include <xxhash.h>

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "schema/bytes.h"
#include "schema/result.h"
#include "storage/row_cache.h"

namespace keyzone::storage {

class Overlay {
 public:
  // nullptr: untouched, see the store; else the value, or nullopt for a key that is no more.
  const std::optional<Bytes>* find(BytesView key) const;
  void set(const Bytes& key, std::optional<Bytes> value);

  void begin_command() { undo_.clear(); }
  void take_back_command();

  // Into the batch, and into what `cache` (may be null) knows of these keys.
  void flush(leveldb::WriteBatch& batch, RowCache* cache) const;
  void clear();
  bool empty() const { return rows_.empty() && ordered_.empty(); }

  struct Change {
    BytesView key;
    const std::optional<Bytes>* value;
  };
  // All changes with first <= key < last, by key.
  std::vector<Change> between(BytesView first, BytesView last) const;

 private:
  struct Entry {
    bool touched = false;
    std::optional<Bytes> value;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(BytesView key) const noexcept { return XXH3_64bits(key.data(), key.size()); }
  };
  struct Undo {
    Entry* entry;
    Entry before;
  };
  Entry& entry(const Bytes& key);

  std::unordered_map<Bytes, Entry, Hash, std::equal_to<>> rows_;
  std::vector<const std::pair<const Bytes, Entry>*> row_order_;
  std::map<Bytes, Entry, std::less<>> ordered_;  // of the areas that are read by ranges: all but Area::kRows
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
