// What a node's LevelDB knows about its tablets, beside their rows: which keys are whose, and how far each
// tablet has applied its log. Kept under store id 0, which no table gets. Formats: row_format.md.
#pragma once
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "schema/bytes.h"
#include "schema/catalog.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone::storage {

// Tokens t with begin < t <= end, as in the tablet map; end INT64_MAX and begin INT64_MIN: all.
struct TokenRange {
  Token begin{INT64_MIN};
  Token end{INT64_MAX};
  bool operator==(const TokenRange&) const = default;
  bool contains(Token token) const { return begin < token && token <= end; }
};

// From when on a sweep finds something to drop, at the earliest; kNothingToDrop: it finds nothing. In seconds
// since 1970.
inline constexpr int64_t kNothingToDrop = INT64_MAX;
struct Leftovers {
  // expired values; rows under a deletion of their range; cells of dropped columns
  int64_t garbage = kNothingToDrop;
  // the oldest tombstone, or write of what has expired: gc_grace_seconds later it goes
  int64_t tombstones = kNothingToDrop;
  bool operator==(const Leftovers&) const = default;
  void note_garbage(int64_t from) { garbage = std::min(garbage, from); }
  void note_tombstone(int64_t made) { tombstones = std::min(tombstones, made); }
};

// One tablet replica, as of `applied`. Written in the batch that applies the commands up to there.
struct TabletMeta {
  GroupId group;
  Uuid table;
  StoreId store;  // node-local: differs between replicas
  TokenRange tokens;
  LogIndex applied;             // the last log entry whose effect is in the store
  uint32_t schema_version = 0;  // Table::version in force at `applied`; 0: the log has brought none yet
  Epoch epoch;                  // in force at `applied`
  Timestamp clock = 0;          // the greatest stamp of all commands applied
  // The greatest timestamp in the store, ever; kNoTimestamp: nothing ever was.
  Timestamp max_stamp = kNoTimestamp;
  Leftovers leftovers;   // in the whole store
  Leftovers since_pass;  // what the pass under way has seen or left, and what was written since it began
  // Rows have elements in keys of their own, or had some when the last pass ended. While it is false there
  // are none.
  bool spilled = false;
  bool operator==(const TabletMeta&) const = default;
};

Bytes encode_tablet_meta(const TabletMeta& meta);
Result<TabletMeta> decode_tablet_meta(BytesView bytes);
// One table, as a CatalogChange that puts it (schema/catalog.capnp).
Bytes encode_schema(const Table& table);
Result<TablePtr> decode_schema(BytesView bytes);

// Keys that no tablet uses any more: those of `store` within `tokens`. Both halves of a split share a store
// id, so an orphan is a part of one.
struct OrphanStore {
  StoreId store;
  TokenRange tokens;
  bool operator==(const OrphanStore&) const = default;
  auto operator<=>(const OrphanStore& o) const {
    return std::tuple(store, tokens.begin, tokens.end) <=> std::tuple(o.store, o.tokens.begin, o.tokens.end);
  }
};

// Where a group's windows of requests (storage/requests.h) lie: [first, second).
std::pair<Bytes, Bytes> request_key_bounds(GroupId group);

// The map of one shard's LevelDB: group -> store id, applied index, ...; hands out store ids, and remembers
// what is to be swept. It knows by heart which keys are there, since an iterator that looks for the first one
// reads a block of every young file, and a block is as long as the longest value in it. One per LevelDB, used
// by the shard's thread alone; holds nothing that must be undone: all is in the database. Every change goes
// into a batch that the caller writes; changes are seen by later calls at once.
class TabletRegistry {
 public:
  // Reads the map. Errors: kIo, kCorrupt.
  static Result<TabletRegistry> open(leveldb::DB* db);

  const std::map<GroupId, TabletMeta>& tablets() const { return tablets_; }
  const TabletMeta* find(GroupId group) const;

  // A store id that was never given before. Its use is for the caller to record.
  StoreId allocate_store(leveldb::WriteBatch& batch);
  void put(const TabletMeta& meta, leveldb::WriteBatch& batch);
  // The schema that the tablet's log has brought so far; nullptr: none yet. Errors: kIo, kCorrupt.
  Result<TablePtr> schema(GroupId group) const;
  void put_schema(GroupId group, const Table& table, leveldb::WriteBatch& batch);
  // Forgets the tablet, its request ids included, and leaves its rows to be swept, if there were any ever.
  void drop(GroupId group, leveldb::WriteBatch& batch);

  // The numbers of the group's windows of requests, ascending.
  const std::deque<uint64_t>& windows(GroupId group) const;
  // Gives each window to `visit`, in that order. Errors: kIo, kCorrupt, and what `visit` says.
  Result<void> read_windows(GroupId group,
                            const std::function<Result<void>(uint64_t number, BytesView bytes)>& visit) const;
  void put_window(GroupId group, uint64_t number, BytesView bytes, leveldb::WriteBatch& batch);
  void drop_window(GroupId group, uint64_t number, leveldb::WriteBatch& batch);
  void drop_windows(GroupId group, leveldb::WriteBatch& batch);

  const std::vector<OrphanStore>& orphans() const { return orphans_; }
  void add_orphan(const OrphanStore& orphan, leveldb::WriteBatch& batch);
  // The rows of a tablet that is not to be here any more.
  void leave_rows(const TabletMeta& meta, leveldb::WriteBatch& batch);
  void remove_orphan(const OrphanStore& orphan, leveldb::WriteBatch& batch);
  // While held, what lies in a store is not swept although it is an orphan: a snapshot is being installed
  // there.
  void hold(StoreId store) { held_.insert(store); }
  void release(StoreId store) { held_.erase(store); }
  // Deletes up to `keys_max` keys of the first orphan. True: there is more to do. Errors: kIo.
  Result<bool> sweep_orphans(size_t keys_max, leveldb::WriteBatch& batch);

 private:
  explicit TabletRegistry(leveldb::DB* db) : db_(db) {}

  leveldb::DB* db_;
  std::map<GroupId, TabletMeta> tablets_;
  std::map<GroupId, std::deque<uint64_t>> windows_;
  std::vector<OrphanStore> orphans_;  // sorted
  std::set<StoreId> held_;
  StoreId next_store_{1};
};

}  // namespace keyzone::storage
