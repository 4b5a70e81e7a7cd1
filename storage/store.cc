#include "storage/store.h"

#include <leveldb/filter_policy.h>

#include <algorithm>
#include <cstdlib>

#include "storage/file_system_env.h"
#include "storage/level_env.h"
#include "storage/slices.h"

namespace keyzone::storage {

namespace {

constexpr int kBloomBitsPerKey = 10;
// LevelDB stops writes at 12 files on level 0; compaction must have caught up a little before more are made.
constexpr int kLevelZeroFilesMax = 10;
constexpr size_t kBuffersWithoutSpace = 3;

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
    options.write_buffer_size = write_buffer_bytes_;
    options.max_open_files = options_.max_open_files;
    options.block_cache = cache_.get();
    options.filter_policy = bloom_.get();
    options.compression = options_.compress ? leveldb::kSnappyCompression : leveldb::kNoCompression;
    env_.reset();
    failed_ = false;
    flushing_bytes_ = 0;
    written_mark_ = 0;
    leveldb::DB* db = nullptr;
    leveldb::Status status;
    {
      const LevelEnv::ScheduleScope scope;
      status = leveldb::DB::Open(options, folder_, &db);
    }
    db_.reset(db);
    options_.executor->drain();
    if (!status.ok()) return error_of(status);
    return {};
  }

  leveldb::DB* db() override { return db_.get(); }

  leveldb::ReadOptions read_options() const override {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    return options;
  }

  Result<void> write(leveldb::WriteBatch* batch) override {
    const uint64_t before = env_.buffers_begun();
    KEYZONE_CHECK(write_or_fail(batch));
    written_mark_ = env_.buffers_begun();
    // LevelDB switched buffers before it took the batch: all but the batch is in the one that is being
    // flushed.
    if (written_mark_ != before) {
      const size_t bytes = buffer_bytes();
      flushing_bytes_ = bytes - std::min(bytes, batch->ApproximateSize());
    }
    return {};
  }

  bool may_write_now() override {
    if (failed_ || !db_) return true;  // fails at once, which doesn't block
    if (level_zero_files() >= kLevelZeroFilesMax) return false;
    if (!is_flushing()) return true;
    const size_t bytes = buffer_bytes();
    const size_t current = bytes - std::min(bytes, flushing_bytes_);
    return current < write_buffer_bytes_ - write_buffer_bytes_ / 8;
  }

  FlushMark mark() const override { return written_mark_; }
  FlushMark durable() const override { return env_.buffers_flushed(); }

  Result<FlushMark> start_flush() override {
    if (failed_) return Error{ErrorKind::kIo, folder_ + ": refuses writes since a flush failed"};
    const bool anything_new = written_mark_ == env_.buffers_begun();
    if (anything_new && !is_flushing() && level_zero_files() < kLevelZeroFilesMax) {
      KEYZONE_CHECK(write_or_fail(nullptr));
      flushing_bytes_ = buffer_bytes();
    }
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

  void look_for_space() override {
    env_.release_for_space();
    options_.executor->drain();
  }
  CacheCounts cache_counts() const override { return cache_->counts(); }
  bool failed() const override { return failed_; }

  Result<void> reopen() override {
    close();
    return open();
  }

 private:
  void close() {
    env_.release_held();
    options_.executor->drain();
    db_.reset();
  }

  Result<void> write_or_fail(leveldb::WriteBatch* batch) {
    if (!db_) return Error{ErrorKind::kIo, folder_ + ": not open"};
    if (!may_write_now()) env_.release_held();  // better a flush that may fail than to wait for it for ever
    leveldb::Status status;
    {
      const LevelEnv::ScheduleScope scope;
      status = db_->Write(leveldb::WriteOptions(), batch);
    }
    options_.executor->drain();
    if (status.ok()) return {};
    failed_ = true;
    return error_of(status);
  }

  bool has_space() const {
    if (options_.free_bytes_needed == 0) return true;
    const auto free = options_.files->free_bytes(folder_);
    return !free || *free >= options_.free_bytes_needed;
  }

  bool is_flushing() const { return env_.buffers_begun() > env_.buffers_flushed() + 1; }

  size_t buffer_bytes() {
    const size_t cached = cache_->TotalCharge();
    std::string text;
    if (!db_->GetProperty("leveldb.approximate-memory-usage", &text)) return 0;
    const size_t all = std::strtoull(text.c_str(), nullptr, 10);
    return all - std::min(all, cached);
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
  std::unique_ptr<leveldb::DB> db_;
  bool failed_ = false;
  size_t write_buffer_bytes_ = 0;
  FlushMark written_mark_ = 0;  // the buffer that took the last write
  size_t flushing_bytes_ = 0;   // of the buffer that is being flushed
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
