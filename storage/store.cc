#include "storage/store.h"

#include <leveldb/filter_policy.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "storage/file_system_env.h"
#include "storage/layered_db.h"
#include "storage/level_env.h"
#include "storage/slices.h"

namespace keyzone::storage {

namespace {

constexpr int kBloomBitsPerKey = 10;
// LevelDB stops writes at 12 files on level 0; compaction must have caught up a little before more are made.
constexpr int kLevelZeroFilesMax = 10;
constexpr size_t kBuffersWithoutSpace = 3;
constexpr size_t kLevelBufferBytes = 1u << 30;  // LevelDB's most: it never switches by itself
constexpr size_t kFlushedAtOnceMax = kLevelBufferBytes / 8 * 7;
constexpr size_t kSealedMax = 4;  // each is looked into by reads; snapshots make more of them
constexpr size_t kDrainedBatchBytes = 64 << 10;

class StoreImpl : public Store {
 public:
  StoreImpl(StoreOptions options, std::string folder)
      : options_(std::move(options)),
        folder_(std::move(folder)),
        env_(options_.env, options_.files, options_.executor, options_.progress,
             [this] { return has_space(); }),
        bloom_(leveldb::NewBloomFilterPolicy(kBloomBitsPerKey)),
        cache_(std::make_unique<CountingCache>(options_.block_cache_bytes)) {}

  ~StoreImpl() override { close(); }

  Result<void> open() {
    KEYZONE_CHECK(options_.files->create_folders(folder_));
    leveldb::Options options;
    options.create_if_missing = true;
    options.paranoid_checks = true;
    options.env = &env_;
    options.info_log = &logger_;
    // Without space for a flush, what a replay brings must find room in memory.
    write_buffer_bytes_ = options_.write_buffer_bytes * (has_space() ? 1 : kBuffersWithoutSpace);
    options.write_buffer_size = kLevelBufferBytes;
    options.max_open_files = options_.max_open_files;
    options.block_cache = cache_.get();
    options.filter_policy = bloom_.get();
    options.compression = options_.compress ? leveldb::kSnappyCompression : leveldb::kNoCompression;
    env_.reset();
    failure_.reset();
    flushing_tables_ = 0;
    generation_ = 1;
    written_mark_ = wanted_mark_ = 0;
    job_ = {};
    jobs_seen_ = env_.jobs_done();
    leveldb::DB* db = nullptr;
    leveldb::Status status;
    {
      const LevelEnv::ScheduleScope scope;
      status = leveldb::DB::Open(options, folder_, &db);
    }
    std::unique_ptr<leveldb::DB> opened(db);
    options_.executor->drain();
    if (!status.ok()) return error_of(status);
    db_ = std::make_unique<LayeredDb>(std::move(opened), write_buffer_bytes_);
    return {};
  }

  leveldb::DB* db() override { return db_.get(); }

  leveldb::ReadOptions read_options() const override {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    return options;
  }

  Result<void> write(leveldb::WriteBatch* batch) override {
    KEYZONE_CHECK(refuse_if_failed());
    db_->apply(*batch);
    written_mark_ = generation_;
    begin_what_is_due();
    return {};
  }

  bool may_write_now() override {
    if (failed() || !db_) return true;  // fails at once
    return waiting_bytes() < write_buffer_bytes_ || may_begin();
  }

  FlushMark mark() const override { return written_mark_; }

  FlushMark durable() const override {
    const std::lock_guard lock(mutex_);
    return env_.buffers_flushed() >= job_.buffer ? job_.generation : job_.generation_before;
  }

  Result<FlushMark> start_flush() override {
    KEYZONE_CHECK(refuse_if_failed());
    wanted_mark_ = written_mark_;
    begin_what_is_due();
    return written_mark_;
  }

  Result<Bytes> get(BytesView key, bool* found) override {
    Bytes value;
    const leveldb::Status status = db_->Get(read_options(), slice_of(key), &value);
    *found = status.ok();
    if (!status.ok() && !status.IsNotFound()) return error_of(status);
    return value;
  }

  uint64_t approximate_bytes(BytesView from, BytesView to) override {
    const leveldb::Range range(slice_of(from), slice_of(to));
    uint64_t bytes = 0;
    db_->GetApproximateSizes(&range, 1, &bytes);
    return bytes;
  }

  void go_on() override {
    env_.release_for_space();
    if (db_ && !failed()) begin_what_is_due();
  }
  CacheCounts cache_counts() const override { return cache_->counts(); }
  bool failed() override {
    look_for_failure();
    return failure_.has_value();
  }

  Result<void> reopen() override {
    close();
    return open();
  }

 private:
  // The one flush that is under way, or the last one.
  struct Job {
    bool draining = false;     // memtables are on their way to LevelDB, whose buffer isn't switched yet
    size_t drained = 0;        // sealed memtables that are there and not forgotten yet
    leveldb::Status status;    // of what is drained
    uint64_t buffer = 0;       // LevelDB's that they are in
    FlushMark generation = 0;  // the newest of them
    FlushMark generation_before = 0;  // which was durable when the flush began
  };

  void close() {
    options_.executor->drain();
    {
      std::unique_lock lock(mutex_);
      job_ended_.wait(lock, [this] { return !job_.draining; });
    }
    env_.release_held();
    options_.executor->drain();
    db_.reset();
  }

  bool may_begin() {
    {
      const std::lock_guard lock(mutex_);
      if (job_.draining || env_.buffers_flushed() < job_.buffer) return false;
    }
    return level_zero_files() < kLevelZeroFilesMax;
  }

  void begin_what_is_due() {
    forget_drained();
    const bool is_full = waiting_bytes() >= write_buffer_bytes_ || db_->sealed().size() >= kSealedMax;
    if ((is_full || durable() < wanted_mark_) && may_begin()) begin_flush();
  }

  // REQUIRES: may_begin(), and something that isn't durable.
  void begin_flush() {
    forget_drained();  // the last flush may have ended just now
    db_->seal();
    KEYZONE_ASSERT(waiting_bytes() <= kFlushedAtOnceMax);
    std::vector<MemtablePtr> tables(db_->sealed().begin(), db_->sealed().end());
    flushing_tables_ = tables.size();
    {
      const std::lock_guard lock(mutex_);
      job_.draining = true;
      job_.generation_before = job_.generation;
      job_.generation = generation_++;
      job_.buffer = env_.buffers_begun();
    }
    env_.run([this, tables = std::move(tables)] { drain(tables); });
  }

  // On the executor.
  void drain(const std::vector<MemtablePtr>& tables) {
    leveldb::Status status;
    for (const auto& table : tables) {
      if (status.ok()) status = write_below(*table);
    }
    if (status.ok()) status = db_->below().Write(leveldb::WriteOptions(), nullptr);  // switches buffers
    const std::lock_guard lock(mutex_);
    job_.draining = false;
    job_.drained = tables.size();
    job_.status = status;
    job_ended_.notify_all();
  }

  leveldb::Status write_below(const Memtable& table) {
    leveldb::WriteBatch batch;
    leveldb::Status status;
    for (const Memtable::Item& item : table.in_order()) {
      const Memtable::Entry& entry = *item.entry;
      if (entry.is_deleted())
        batch.Delete(slice_of(entry.key()));
      else
        batch.Put(slice_of(entry.key()), slice_of(entry.value()));
      if (batch.ApproximateSize() < kDrainedBatchBytes) continue;
      status = db_->below().Write(leveldb::WriteOptions(), &batch);
      if (!status.ok()) return status;
      batch.Clear();
    }
    return db_->below().Write(leveldb::WriteOptions(), &batch);
  }

  void forget_drained() {
    const std::lock_guard lock(mutex_);
    if (job_.drained == 0) return;
    db_->forget_sealed(std::exchange(job_.drained, 0));
    flushing_tables_ = 0;
  }

  // Of what the next flush will take.
  size_t waiting_bytes() const {
    size_t bytes = db_->active_bytes();
    for (size_t i = flushing_tables_; i < db_->sealed().size(); ++i) bytes += db_->sealed()[i]->bytes();
    return bytes;
  }

  // LevelDB says that background work failed when it is written to.
  void look_for_failure() {
    const uint64_t jobs = env_.jobs_done();
    if (failure_ || !db_ || jobs == jobs_seen_) return;
    leveldb::Status status;
    {
      const std::lock_guard lock(mutex_);
      if (job_.draining) return;  // it will learn of it
      status = job_.status;
    }
    jobs_seen_ = jobs;
    leveldb::WriteBatch nothing;
    if (status.ok()) status = db_->below().Write(leveldb::WriteOptions(), &nothing);
    if (!status.ok()) failure_ = error_of(status);
  }

  Result<void> refuse_if_failed() {
    if (!db_) return Error{ErrorKind::kIo, folder_ + ": not open"};
    look_for_failure();
    if (failure_) return *failure_;
    return {};
  }

  bool has_space() const {
    if (options_.free_bytes_needed == 0) return true;
    const auto free = options_.files->free_bytes(folder_);
    return !free || *free >= options_.free_bytes_needed;
  }

  int level_zero_files() {
    const uint64_t versions = env_.versions();
    if (versions == sampled_version_) return level_zero_files_;
    std::string text;
    if (!db_->GetProperty("leveldb.num-files-at-level0", &text)) return 0;
    sampled_version_ = versions;
    level_zero_files_ = std::atoi(text.c_str());
    return level_zero_files_;
  }

  StoreOptions options_;
  const std::string folder_;
  LevelEnv env_;
  SilentLogger logger_;
  std::unique_ptr<const leveldb::FilterPolicy> bloom_;
  std::unique_ptr<CountingCache> cache_;
  std::unique_ptr<LayeredDb> db_;
  std::optional<Error> failure_;
  size_t write_buffer_bytes_ = 0;
  size_t flushing_tables_ = 0;  // of the sealed memtables the oldest, which a flush was given
  FlushMark generation_ = 1;    // of the active memtable
  FlushMark written_mark_ = 0;  // the generation that took the last write
  FlushMark wanted_mark_ = 0;   // that someone waits for
  mutable std::mutex mutex_;
  std::condition_variable job_ended_;
  Job job_;                 // with the mutex
  uint64_t jobs_seen_ = 0;  // of the environment's: those that look_for_failure() knows of
  uint64_t sampled_version_ = 0;
  int level_zero_files_ = 0;
};

}  // namespace

Error error_of(const leveldb::Status& status) {
  return {status.IsCorruption() ? ErrorKind::kCorrupt : ErrorKind::kIo, "leveldb: " + status.ToString()};
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, const std::string& folder) {
  KEYZONE_ASSERT(options.env != nullptr && options.files != nullptr && options.executor != nullptr);
  auto store = std::make_unique<StoreImpl>(std::move(options), folder);
  KEYZONE_CHECK(store->open());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace keyzone::storage
