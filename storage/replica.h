// The implementation of TableReplica. Its parts: replica.cc (opening, the run of commands), replica_write.cc
// (rows), replica_lookup.cc (writes that depend on what is there), replica_elements.cc (large collections),
// replica_deletions.cc (partition and range tombstones), condition_check.cc, reading.cc, replica_sweep.cc,
// replica_snapshot.cc, replica_estimate.cc.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <unordered_set>

#include "storage/byte_arena.h"
#include "storage/guard.h"
#include "storage/overlay.h"
#include "storage/requests.h"
#include "storage/row.h"
#include "storage/row_key.h"
#include "storage/row_output.h"
#include "storage/row_update.h"
#include "storage/table.h"

namespace keyzone::storage {

// Rows with start <= clustering < end are deleted; an empty end: to the end of the partition.
struct RangeDeletion {
  Bytes start;
  Bytes end;
  Deletion deletion;
};

// Which partitions may have tombstones of their own: in memory, so that others need no look at the store.
// Errs to the safe side past its limit, and forgets what is gone when a pass of sweeps that it saw from the
// start is done.
class PartitionSet {
 public:
  void add(uint64_t hash) {
    now_.add(hash);
    if (in_pass_) since_pass_.add(hash);
  }
  bool may_contain(uint64_t hash) const {
    return now_.full || (!now_.hashes.empty() && now_.hashes.contains(hash));
  }
  void clear() { *this = {}; }
  void begin_pass() {
    in_pass_ = true;
    since_pass_ = {};
  }
  // REQUIRES: whatever the pass has left was added.
  void end_pass() {
    if (in_pass_) now_ = std::move(since_pass_);
    in_pass_ = false;
    since_pass_ = {};
  }

 private:
  static constexpr size_t kHashesMax = 1 << 20;
  struct Hashes {
    std::unordered_set<uint64_t> hashes;  // never iterated
    bool full = false;
    void add(uint64_t hash) {
      if (hashes.size() < kHashesMax)
        hashes.insert(hash);
      else
        full = true;
    }
  };
  Hashes now_, since_pass_;
  bool in_pass_ = false;
};

// A row with the bytes its views point into.
struct StoredRow {
  Bytes bytes;
  ByteArena arena;  // of elements that have keys of their own
  Row row;
  bool exists = false;
};

// What reads work in. It is kept from one to the next, so that those of single rows need hardly any memory of
// their own.
struct ReadScratch {
  std::optional<Projection> projection;  // of the last read; none after a change of the schema
  Bytes prefix;                          // of the keys of the partition being read, without the kind
  Bytes key;
  StoredRow statics, row;
  ReadPosition position;  // of what was given or looked at last
  void trim();            // after a read: what only a large one needs is given back
};

// What is left to be looked at in one step of a sweep.
struct Budget {
  uint32_t keys;
  uint64_t bytes;
  // False: nothing more. The first is always taken.
  bool take(uint64_t size) {
    if (keys == 0 || bytes == 0) return false;
    --keys;
    bytes -= std::min(bytes, size);
    return true;
  }
};

struct SweepTime {
  Seconds now = 0;
  Seconds gc_grace = 0;
};

class Replica final : public TableReplica {
 public:
  Replica(leveldb::DB* db, TabletRegistry& registry, const TabletMeta& meta, TablePtr table,
          ReplicaOptions options);
  Result<void> load();

  const TabletMeta& meta() const override { return meta_; }
  const TablePtr& schema() const override { return table_; }
  void set_schema(TablePtr table) override;
  void set_epoch(Epoch epoch) override { meta_.epoch = epoch; }
  void set_tokens(TokenRange tokens) override { meta_.tokens = tokens; }
  Result<std::vector<Outcome>> apply(LogIndex applied, std::span<const StampedCommand> commands,
                                     leveldb::WriteBatch& batch) override;
  Result<ReadResult> read(const ReadRequest& request, Timestamp now) override;
  void expect(std::span<const ReadRequest* const> requests) override;
  Result<Command> look_up(Command command, Timestamp now) override;
  std::unique_ptr<SnapshotReader> snapshot() override;
  Result<Digest> digest() override;
  uint64_t approximate_bytes() override;
  Result<Estimate> estimate() override;
  Result<std::optional<Token>> middle_token() override;

 private:
  friend class Reading;         // reading.h
  friend class ConditionCheck;  // condition_check.h

  // ---- replica.cc
  leveldb::ReadOptions read_options(bool fill_cache = true) const;
  // As one command or read leaves it: kInvalid errors are the command's, others end the run.
  Result<Outcome> apply_one(const StampedCommand& command, leveldb::WriteBatch& batch);
  Result<Outcome> execute(const StampedCommand& command, leveldb::WriteBatch& batch);
  void truncate(leveldb::WriteBatch& batch);
  // Through the overlay; the view lives until the next use of `scratch` or the end of the batch.
  Result<std::optional<BytesView>> lookup(const Bytes& key, uint64_t hash, Bytes& scratch) const;
  Result<std::optional<BytesView>> lookup(const Bytes& key, Bytes& scratch) const {
    return lookup(key, key_hash(key), scratch);
  }
  // Gives the stored row itself, without looking at tombstones above it, or for elements that have keys of
  // their own.
  Result<void> load_row(const Bytes& key, uint64_t hash, StoredRow& out) const;
  Result<void> load_row(const Bytes& key, StoredRow& out) const { return load_row(key, key_hash(key), out); }

  // ---- replica_lookup.cc
  // Builds what looks back, whatever else the command writes: into looked_back_.
  Result<void> look_back(const Command& command, UpdateContext context);

  // ---- replica_write.cc
  struct Place {
    const Bytes& key;  // until the next place_of()
    uint64_t hash;
    Deletion above;  // what covers the row
  };
  Result<Place> place_of(const Mutation& mutation, const RowWrite& write);
  Result<void> write_mutation(const Mutation& mutation, UpdateContext context);
  Result<void> write_row(const Mutation& mutation, const RowWrite& write, const UpdateContext& context);
  void put_row(BytesView key, uint64_t hash, const Row& row);
  // What the write looks at, into stored_; with the elements of collections that decide what is written, if
  // they have keys of their own, into whole_.
  Result<void> load_for_update(const Place& place, const RowWrite& write, const Sight& sight);
  Row& seen_by_update() { return stored_.row.spilled.empty() ? stored_.row : whole_.row; }
  void note_stamp(Timestamp stamp) { meta_.max_stamp = std::max(meta_.max_stamp, stamp); }

  // ---- replica_elements.cc
  // Lays into `out`, a row as stored, elements that have keys of their own: of these columns all, or the
  // `parts` that are named of a column; and if the row doesn't show by then, one more that makes it show, if
  // there is any.
  Result<void> load_elements(BytesView row_key, std::span<const ColumnId> columns,
                             std::span<const ElementRange> parts, const Sight& sight, StoredRow& out) const;
  Result<void> load_range(BytesView row_key, const ElementRange& range, StoredRow& out, Row& found) const;
  Result<void> load_sign_of_life(BytesView row_key, const Sight& sight, StoredRow& out) const;
  // Makes of merged_, which has all cells, the row as it is to be stored, and writes the elements that are
  // not part of it.
  Result<void> move_elements_out(const Bytes& row_key, Seconds now);
  // Whether a collection with that many bytes in its row is to leave it, now that update_ is written.
  bool spills(ColumnId id, size_t bytes) const;
  // `first_of_column`: there surely is none under that key.
  Result<void> put_element(BytesView row_key, const Cell& cell, bool first_of_column);
  // Removes elements that update_ has deleted, up to a bound, and lets collections that have none left back
  // into merged_.
  Result<void> clear_deleted_elements(const Bytes& row_key, Seconds now);
  // Of a row as stored, from `position` on, which goes on where there was nothing left. True: all were seen.
  Result<bool> sweep_elements(BytesView row_key, const Row& row, const Deletion& above, const SweepTime& time,
                              Budget& left, Bytes& position);
  // True: `row` has changed.
  Result<bool> forget_empty_collections(BytesView row_key, Row& row) const;
  Result<void> forget_spilled_if_none();

  // ---- replica_deletions.cc
  Result<void> load_deleted_partitions();
  Result<void> delete_partition(const Mutation& mutation, const Deletion& deletion);
  Result<void> delete_range(const Mutation& mutation, const RangeDeletion& range);
  Result<Deletion> partition_deletion(Token token, BytesView partition_key) const;
  // Those that touch from <= clustering < to (`to` empty: no end), in order; at most `limit`.
  Result<std::vector<RangeDeletion>> range_deletions(Token token, BytesView partition_key, BytesView from,
                                                     BytesView to, size_t limit) const;
  // What covers a row (or, without `clustering`, the statics).
  Result<Deletion> deletion_over(Token token, BytesView partition_key,
                                 std::optional<BytesView> clustering) const;
  PartitionSet& deletions_of(DeletionKind kind) {
    return kind == DeletionKind::kPartition ? partition_deletions_ : range_deletions_;
  }
  bool may_have_partition_deletion(Token token, BytesView partition_key) const;
  bool may_have_range_deletions(Token token, BytesView partition_key) const;

  // ---- replica_estimate.cc
  using KeyRange = std::pair<Bytes, Bytes>;  // from, to
  uint64_t approximate_bytes_between(const KeyRange& range) const;
  uint64_t approximate_bytes_of(const Bytes& prefix) const;  // of all keys that begin so

  // ---- replica_sweep.cc
  Result<Outcome> sweep(const Sweep& sweep, Timestamp stamp);
  Result<bool> sweep_rows(const Sweep& sweep, Seconds now, Budget& left, Bytes& resume);
  Result<bool> sweep_deletions(const Sweep& sweep, Seconds now, Budget& left, Bytes& resume);
  // False: the budget was gone at `position` of its elements.
  Result<bool> sweep_row(BytesView key, BytesView value, const SweepTime& time, Budget& left,
                         Bytes& position);
  // What is stamped up to here in a column went with it when it was dropped. What is later stays where it is:
  // it is there again when the column comes back.
  Timestamp gone_until(ColumnId id) const;
  // Cells and deletions that went with their columns. True: there were some.
  bool drop_gone_columns(Row& row) const;
  // What a later sweep will find: of a row as written or left at `now`; of dead weight and of a tombstone.
  void note_leftovers(const Row& row, Seconds now);
  void note_leftovers(const Cell& cell, Seconds now);
  void note_mortal(Seconds expiry, int32_t ttl, Seconds now);
  void note_garbage(Seconds from);
  void note_tombstone(Seconds made);

  leveldb::DB* db_;
  TabletRegistry& registry_;
  TabletMeta meta_;
  TablePtr table_;
  ReplicaOptions options_;
  ColumnIndex columns_;
  Guard guard_;
  Requests requests_;
  PartitionSet partition_deletions_, range_deletions_;
  bool schema_changed_ = false;          // since the last apply()
  Overlay overlay_;                      // empty between two apply()
  std::deque<Bytes> arena_;              // what one command's cells point into
  std::map<uint32_t, Row> looked_back_;  // of the present command: updates by the ordinal of their row write
  Bytes key_, value_;                    // scratch: of the row that is written
  StoredRow stored_;                     // scratch
  StoredRow whole_;      // scratch: stored_ with its elements, where they decide what is written
  Row update_, merged_;  // scratch
  ReadScratch read_scratch_;
};

Bytes encode_deletion(const Deletion& deletion, BytesView start);
bool decode_deletion(BytesView bytes, Deletion& deletion, Bytes& start);
uint64_t partition_hash(Token token, BytesView partition_key);

}  // namespace keyzone::storage
