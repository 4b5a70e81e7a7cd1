// One read of a tablet, in its replica's ReadScratch: walks partitions and rows within the limits, and writes
// down what shows.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "storage/replica.h"

namespace keyzone::storage {

// looked at without finding a row: then the page ends
inline constexpr uint64_t kDeadKeysPerReadMax = 100'000;
inline constexpr int kStepsBeforeSeek = 4;

// An iterator that does not seek where a few steps will do.
class RowCursor {
 public:
  RowCursor(leveldb::DB* db, const leveldb::ReadOptions& options) : db_(db), options_(options) {}
  void seek(const Bytes& key);         // the first key >= `key`
  void seek_before(const Bytes& key);  // the last key < `key`
  void next();
  void previous();
  bool valid() const { return it_ && it_->Valid(); }
  BytesView key() const { return {it_->key().data(), it_->key().size()}; }
  BytesView value() const { return {it_->value().data(), it_->value().size()}; }
  Result<void> status() const;

 private:
  leveldb::DB* db_;
  leveldb::ReadOptions options_;
  std::unique_ptr<leveldb::Iterator> it_;
  Bytes floor_;             // the cursor is at the first key >= floor_ ...
  bool has_floor_ = false;  // ... if this is set
};

class Reading {
 public:
  Reading(Replica& replica, const ReadRequest& request, Seconds now);
  Result<ReadResult> run();

 private:
  enum class Step { kGoOn, kStop };  // kStop: the page is full, and `more` says so

  Result<Step> read_named();
  Result<Step> read_scan();
  Result<Step> read_partition(Token token, BytesView partition_key);
  Result<Step> read_rows();
  Result<Step> read_range(const KeyRange& range);
  Result<Step> walk(const Bytes& first, const Bytes& last);
  Result<std::optional<Step>> read_point(BytesView clustering, bool whole_key);
  // Gives the row if it shows.
  Result<Step> take_row(BytesView clustering, BytesView value);

  Result<void> load_statics();
  Result<void> load_ranges(const KeyRange& range);
  Timestamp deleted_at(BytesView clustering) const;
  void open_partition();  // writes its record, once
  void count_row();
  bool full() const { return full_; }
  void begin_position(Token token, BytesView partition_key);

  Replica& replica_;
  const ReadRequest& request_;
  Seconds now_;
  Projection& projection_;
  RowCursor cursor_;
  ReadResult result_;
  bool full_ = false;  // nothing more may be given
  uint64_t dead_keys_ = 0;
  ReadPosition& position_;

  // The partition being read.
  Bytes& prefix_;
  Bytes& key_;
  bool opened_ = false;
  Deletion partition_deletion_;
  std::vector<RangeDeletion> ranges_;
  StoredRow& statics_;
  bool statics_live_ = false;
  StoredRow& row_;
};

// True if `range` holds only keys that begin with range.from: one row, if that is a whole clustering key.
bool is_prefix_range(const KeyRange& range);

}  // namespace keyzone::storage
