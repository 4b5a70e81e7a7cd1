// One LevelDB a shard, without a log of its own: what was written since the last flush is replayed from the
// Raft log. After a crash the store is exactly what it was after some write: a prefix.
//
// Writes go to a memtable (memtable.h). A flush seals it and, on the executor, writes it to LevelDB in order
// of keys, whose own buffer takes nothing else and is switched then: what reaches the disk is whole
// memtables.
//
// All of it is for the shard's thread.
#pragma once
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/write_batch.h>

#include <functional>
#include <memory>
#include <string>

#include "schema/bytes.h"
#include "schema/result.h"
#include "storage/counting_cache.h"
#include "storage/executor.h"
#include "storage/file_system.h"

namespace keyzone::storage {

struct StoreOptions {
  leveldb::Env* env = nullptr;   // the disk: leveldb::Env::Default() or MemoryDisk::env()
  FileSystem* files = nullptr;   // the same disk, to sync folders; both outlive the store
  Executor* executor = nullptr;  // runs flushes and compactions
  // A memtable that comes to this is flushed. About three times as much may be in use while that lasts.
  size_t write_buffer_bytes = 16u << 20;
  size_t block_cache_bytes = 64u << 20;
  int max_open_files = 1000;
  bool compress = false;  // Snappy
  // With less free on the disk, flushes and compactions are held back: one that fails would end the store.
  // What is written meanwhile stays in memory, as far as there is room.
  uint64_t free_bytes_needed = 0;
  // Called on any thread after a flush or compaction ended: durable() or may_write_now() may have changed.
  std::function<void()> progress;
};

// Names a stretch of writes that reach the disk together. Grows, until reopen() begins anew.
using FlushMark = uint64_t;

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(StoreOptions options, const std::string& folder);
  virtual ~Store() = default;

  // For reading, on the shard's thread: Get, NewIterator, GetSnapshot, GetApproximateSizes. It refuses
  // writes. Never keep it, an iterator or a snapshot across reopen(), nor an iterator without a snapshot
  // across a write. Use read_options() as the start of ReadOptions.
  virtual leveldb::DB* db() = 0;
  virtual leveldb::ReadOptions read_options() const = 0;  // verify_checksums set

  // Applies the batch at once; not durable before a flush. Never blocks. When may_write_now() is false it
  // costs memory beyond what was meant for it.
  virtual Result<void> write(leveldb::WriteBatch* batch) = 0;
  virtual bool may_write_now() = 0;

  // Everything written so far has at most this mark.
  virtual FlushMark mark() const = 0;
  // Everything with at most this mark is in synced tables and a synced MANIFEST.
  virtual FlushMark durable() const = 0;
  // Begins to flush what was written so far, at once or, if a flush is under way, when that is done; gives
  // the mark to wait for. Begins nothing if nothing is new. Does not block.
  virtual Result<FlushMark> start_flush() = 0;

  virtual Result<Bytes> get(BytesView key, bool* found) = 0;  // `found` false: no such key
  virtual uint64_t approximate_bytes(BytesView from, BytesView to) = 0;
  virtual CacheCounts cache_counts() const = 0;  // of blocks; any thread
  // Goes on with flushes that had to wait for another one or for space, if they need not any more. Call it
  // after `progress`, and now and then.
  virtual void go_on() = 0;
  virtual bool failed() = 0;  // a flush or compaction failed: writes are refused until reopen()
  // Closes and opens again; what was not flushed is gone, and must be replayed. Blocks.
  virtual Result<void> reopen() = 0;
};

Error error_of(const leveldb::Status& status);

}  // namespace keyzone::storage
