#include "storage/level_env.h"

namespace keyzone::storage {

namespace {

using leveldb::Slice;
using leveldb::Status;

thread_local bool may_schedule = false;

bool ends_with(const std::string& name, const char* end) {
  const std::string suffix = end;
  return name.size() >= suffix.size() &&
         name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
}

bool is_log(const std::string& name) { return ends_with(name, ".log"); }

class Nothing : public leveldb::WritableFile {
 public:
  Status Append(const Slice&) override { return Status::OK(); }
  Status Close() override { return Status::OK(); }
  Status Flush() override { return Status::OK(); }
  Status Sync() override { return Status::OK(); }
};

}  // namespace

// A MANIFEST: each of its syncs ends a change of the set of tables.
class LevelEnv::Manifest : public leveldb::WritableFile {
 public:
  Manifest(LevelEnv* env, leveldb::WritableFile* file) : env_(env), file_(file) {}
  Status Append(const Slice& data) override { return file_->Append(data); }
  Status Close() override { return file_->Close(); }
  Status Flush() override { return file_->Flush(); }
  Status Sync() override {
    const Status synced = file_->Sync();
    const std::lock_guard lock(env_->mutex_);
    ++env_->versions_;
    return synced;
  }

 private:
  LevelEnv* env_;
  std::unique_ptr<leveldb::WritableFile> file_;
};

LevelEnv::ScheduleScope::ScheduleScope() : before_(may_schedule) { may_schedule = true; }
LevelEnv::ScheduleScope::~ScheduleScope() { may_schedule = before_; }

LevelEnv::LevelEnv(leveldb::Env* disk, FileSystem* files, Executor* executor, std::function<void()> progress,
                   std::function<bool()> has_space)
    : EnvWrapper(disk),
      files_(files),
      executor_(executor),
      progress_(std::move(progress)),
      has_space_(std::move(has_space)) {}

LevelEnv::~LevelEnv() {
  std::unique_lock lock(mutex_);
  no_jobs_.wait(lock, [this] { return jobs_ == 0; });
}

void LevelEnv::reset() {
  const std::lock_guard lock(mutex_);
  logs_.clear();
  begun_ = flushed_ = 0;
  closing_ = false;
  ++versions_;
}

uint64_t LevelEnv::buffers_begun() const {
  const std::lock_guard lock(mutex_);
  return begun_;
}

uint64_t LevelEnv::buffers_flushed() const {
  const std::lock_guard lock(mutex_);
  return flushed_;
}

uint64_t LevelEnv::versions() const {
  const std::lock_guard lock(mutex_);
  return versions_;
}

bool LevelEnv::is_holding() const {
  const std::lock_guard lock(mutex_);
  return held_.first != nullptr;
}

Status LevelEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** file) {
  const Status made = target()->NewWritableFile(name, file);
  if (!made.ok()) return made;
  if (is_log(name)) {
    delete *file;
    *file = new Nothing;
    {
      const std::lock_guard lock(mutex_);
      logs_[name] = ++begun_;
      held_for_space_ = held_.first != nullptr;  // a flush is wanted now
    }
    release_for_space();
  } else if (name_of(name).rfind("MANIFEST", 0) == 0) {
    *file = new Manifest(this, *file);
  }
  return made;
}

Status LevelEnv::NewAppendableFile(const std::string& name, leveldb::WritableFile** file) {
  if (is_log(name)) return NewWritableFile(name, file);
  return target()->NewAppendableFile(name, file);
}

Status LevelEnv::RemoveFile(const std::string& name) {
  if (is_log(name)) {
    const std::lock_guard lock(mutex_);
    if (const auto found = logs_.find(name); found != logs_.end()) {
      flushed_ = std::max(flushed_, found->second);
      logs_.erase(found);
    }
  }
  return target()->RemoveFile(name);
}

Status LevelEnv::RenameFile(const std::string& from, const std::string& to) {
  const Status renamed = target()->RenameFile(from, to);
  if (!renamed.ok()) return renamed;
  // Else the new CURRENT may be forgotten and the removal of the MANIFEST that the old one names may not.
  const auto synced = files_->sync_folder(folder_of(to));
  return synced ? Status::OK() : Status::IOError(synced.error().message);
}

void LevelEnv::run(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    ++jobs_;
  }
  executor_->run([this, work = std::move(work)] {
    {
      const ScheduleScope scope;
      work();
    }
    {
      const std::lock_guard lock(mutex_);
      ++jobs_done_;
    }
    if (progress_) progress_();
    const std::lock_guard lock(mutex_);
    if (--jobs_ == 0) no_jobs_.notify_all();
  });
}

uint64_t LevelEnv::jobs_done() const {
  const std::lock_guard lock(mutex_);
  return jobs_done_;
}

void LevelEnv::Schedule(void (*work)(void*), void* argument) {
  if ((may_schedule || closing_) && may_begin()) return run([=] { work(argument); });
  const std::lock_guard lock(mutex_);
  held_ = {work, argument};  // LevelDB has at most one at a time
  held_for_space_ = may_schedule;
}

void LevelEnv::release_for_space() {
  {
    const std::lock_guard lock(mutex_);
    if (held_.first == nullptr || !held_for_space_) return;
  }
  if (may_begin()) run_held();
}

void LevelEnv::release_held() {
  closing_ = true;
  run_held();
}

void LevelEnv::run_held() {
  std::pair<void (*)(void*), void*> held{nullptr, nullptr};
  {
    const std::lock_guard lock(mutex_);
    std::swap(held, held_);
    held_for_space_ = false;
  }
  if (held.first != nullptr) run([held] { held.first(held.second); });
}

// LevelDB sleeps in Write to slow down a writer; Store asks whether there is room instead.
void LevelEnv::SleepForMicroseconds(int) {}

}  // namespace keyzone::storage
