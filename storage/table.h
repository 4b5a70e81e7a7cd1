// One replica of one tablet: takes commands in log order and gives outcomes; answers reads. It knows neither
// log nor term nor thread, and can be tested with no cluster. Its rows lie in the shard's LevelDB under a
// store id.
//
// Applying is a pure function of the state and the commands: replicas that applied the same commands hold the
// same bytes (the store id aside), however the commands were cut into batches and whenever a replica was
// restarted.
#pragma once
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "schema/catalog.h"
#include "schema/command.h"
#include "schema/read.h"
#include "storage/tablet_meta.h"

namespace keyzone::storage {

class RowCache;

inline constexpr size_t kGuardEntriesMax = 32'768;          // rows of which the newest stamp is remembered
inline constexpr size_t kSnapshotChunkBytes = 1024 * 1024;  // a chunk ends soon after
// a step of a sweep ends soon after so many; the same everywhere
inline constexpr uint64_t kSweepBytesMax = 1024 * 1024;
// A collection with more bytes in its row is moved out when elements of it are written and it is not written
// whole. The same on all replicas: nodes that differ here must not serve one tablet.
inline constexpr size_t kCollectionBytesMax = 4096;
// removed at once by what deletes them; the sweep removes the rest
inline constexpr size_t kElementsClearedMax = 1000;
inline constexpr Timestamp kRequestGraceMicros = 2'000'000;  // ids are kept that long past their deadline

inline constexpr size_t kReadsAheadMax = 32;

struct ReplicaOptions {
  // No write of this table ever carries a client's timestamp, so a delete needs no tombstone. The same on all
  // replicas.
  bool outright_deletes = false;
  size_t guard_entries_max = kGuardEntriesMax;
  bool verify_checksums = true;
  RowCache* row_cache = nullptr;  // of all replicas of this LevelDB; outlives them. null: none
  size_t collection_bytes_max = kCollectionBytesMax;  // the same on all replicas
};

// A committed command: what it says, where in the log it lies (several may share an entry), and the leader's
// stamp (greater than those before it).
struct StampedCommand {
  LogIndex index;
  Timestamp stamp = 0;
  const Command* command = nullptr;  // not null; lives until apply() returns
};

// About how many partitions there are, and how big they are.
struct Estimate {
  uint64_t partitions = 0;
  uint64_t mean_partition_bytes = 0;
};

struct Digest {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Digest&) const = default;
};

// Gives the state of a replica at one applied index as chunks of bytes. It may be read on while the replica
// goes on, and must be gone before the LevelDB is closed. Errors: kIo.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  virtual const TabletMeta& meta() const = 0;
  // The next chunk, at most little more than kSnapshotChunkBytes (one row may be longer); empty: that was
  // all.
  virtual Result<Bytes> next_chunk() = 0;
};

class TableReplica {
 public:
  // A new, empty tablet: takes a store id from `registry` and records the tablet there. The batch must be
  // written. It has no schema yet: replicas may be made at different times, and must all learn it from their
  // log. Until the first set_schema() every command and read is stale, and schema()->version is 0.
  static TabletMeta create(TabletRegistry& registry, GroupId group, const Table& table, TokenRange tokens,
                           Epoch epoch, leveldb::WriteBatch& batch);
  // Opens what `registry` knows as `group`, with the schema that was in force at its applied index; `table`
  // is only asked which table it is, and stands in (as version 0) before there is one. `db` and `registry`
  // must outlive it. Errors: kIo, kCorrupt.
  static Result<std::unique_ptr<TableReplica>> open(leveldb::DB* db, TabletRegistry& registry, GroupId group,
                                                    TablePtr table, ReplicaOptions options);
  virtual ~TableReplica() = default;

  virtual const TabletMeta& meta() const = 0;
  virtual const TablePtr& schema() const = 0;
  LogIndex applied() const { return meta().applied; }
  // A leader's next stamp must be above these two: every stamp in the store, and every command's.
  Timestamp max_stamp() const { return meta().max_stamp; }
  Timestamp clock() const { return meta().clock; }
  // The first second in which a pass of sweeps finds something to drop; kNothingToDrop: there is nothing. It
  // depends on what was applied alone, and errs to the early side.
  int64_t sweep_due(int32_t gc_grace_seconds) const;

  // Schema, epoch and range change through the tablet's own log: call these between two apply(), at the log
  // index where the change stands; the next apply() records them. A schema older than the present one is
  // ignored, since a leader that lags behind may propose one. Narrowing the range forgets nothing on disk.
  // REQUIRES: table->index() was called.
  virtual void set_schema(TablePtr table) = 0;
  virtual void set_epoch(Epoch epoch) = 0;
  virtual void set_tokens(TokenRange tokens) = 0;

  // Applies a run of commands (there may be none) and moves the applied index to `applied`, which is at least
  // that of the last command. All commands of one entry go into one call. Everything goes into `batch`, which
  // must be written before the next call of apply() or read(); if that fails, this object must be thrown away
  // and the tablet opened again. Errors: kIo, kCorrupt (the store could not be read: nothing was decided;
  // throw this object away as well).
  virtual Result<std::vector<Outcome>> apply(LogIndex applied, std::span<const StampedCommand> commands,
                                             leveldb::WriteBatch& batch) = 0;

  // Errors: kStale (another schema version or epoch), kInvalid (what was asked makes no sense), kIo,
  // kCorrupt. `now` in microseconds decides what has expired where the request does not.
  virtual Result<ReadResult> read(const ReadRequest& request, Timestamp now) = 0;

  // These are read next: at most kReadsAheadMax. Rows that it knows of are brought near the processor, all at
  // once. Changes nothing, and may be left out.
  virtual void expect(std::span<const ReadRequest* const> requests) = 0;

  // The command with what it does to elements that it finds by their index or value said of the elements
  // themselves, so that it ends in the same state whenever, and however often, it is applied. Elements that
  // it adds to the same lists get the positions that its batch mark gives them. Errors: kInvalid (there is no
  // such element), kIo, kCorrupt. REQUIRES: command.batch
  virtual Result<Command> look_up(Command command, Timestamp now) = 0;

  // The state as of applied(), request ids included.
  virtual std::unique_ptr<SnapshotReader> snapshot() = 0;
  // An order-independent sum over all keys and values of the tablet, store id aside, and its leftovers: equal
  // on replicas that applied the same commands. Reads everything: for tests and checks.
  virtual Result<Digest> digest() = 0;
  // Live size estimate in bytes on disk, for splitting.
  virtual uint64_t approximate_bytes() = 0;
  // From a look at the first partitions; exact where there are no more. For clients that split their scans.
  virtual Result<Estimate> estimate() = 0;
  // A token that cuts the tablet's rows in about two halves by keys; none where it can't be cut. For
  // splitting.
  virtual Result<std::optional<Token>> middle_token() = 0;
};

// Takes the chunks of a SnapshotReader into a store id of its own; nothing of it is seen until finish().
// Given up half way (a crash, too), what it wrote is swept as an orphan.
class SnapshotInstaller {
 public:
  // write the batch before the first add()
  SnapshotInstaller(TabletRegistry& registry, GroupId group, leveldb::WriteBatch& batch);
  ~SnapshotInstaller();
  // The chunks in order. Each call fills a batch that the caller writes. Errors: kCorrupt.
  Result<void> add(BytesView chunk, leveldb::WriteBatch& batch);
  bool complete() const;  // the last chunk was added, and what came in has the digest that was sent
  // Switches the tablet to what was added; the old rows become orphans. Open the replica anew after writing
  // the batch. REQUIRES: complete()
  TabletMeta finish(leveldb::WriteBatch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace keyzone::storage
