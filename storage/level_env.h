// The leveldb::Env under every Store, on top of a disk's Env. It differs from that in four ways.
//
// 1. LevelDB's own log is swallowed: `*.log` files are created (their names mark the switch of write buffers)
//    and stay empty. The Raft log is the log.
// 2. Background work goes to an Executor.
// 3. Work that a read asked for (a "seek compaction") is held back until the next switch of write buffers, or
//    release_held(): LevelDB counts probes before its bloom filter, and would compact for nothing. Every
//    Schedule outside a ScheduleScope is taken for such work.
//    Work for which the disk has no space is held back, too, until it has.
// 4. CURRENT and the tables it leads to are durable in the right order: renames sync their folder.
//
// What it relies on inside LevelDB 1.23 is pinned by tests/storage/level_env_test.cc.
#pragma once
#include <leveldb/env.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "storage/executor.h"
#include "storage/file_system.h"

namespace keyzone::storage {

class LevelEnv : public leveldb::EnvWrapper {
 public:
  // All three outlive this. `progress` is called on any thread when a flush or compaction got on. `has_space`
  // says whether one may begin now; none: always.
  LevelEnv(leveldb::Env* disk, FileSystem* files, Executor* executor, std::function<void()> progress,
           std::function<bool()> has_space = nullptr);
  ~LevelEnv() override;  // waits until `progress` is not being called any more

  // While one lives, this thread's calls into LevelDB may schedule work at once: writes, open, compact.
  class ScheduleScope {
   public:
    ScheduleScope();
    ~ScheduleScope();
    ScheduleScope(const ScheduleScope&) = delete;

   private:
    bool before_;
  };

  void release_held();  // before the database is closed, else it waits for ever; holds nothing from then on
  bool is_holding() const;
  void release_for_space();  // what was held back for want of space, if there is some now

  // Runs `work`, inside a ScheduleScope, on the executor, and calls `progress`.
  void run(std::function<void()> work);
  uint64_t jobs_done() const;  // of run() and of LevelDB; grows before `progress` is called

  // Write buffers begun (each by a new `*.log`), and how many of them, the oldest first, are known to be in
  // synced tables under a synced MANIFEST (LevelDB removed their `*.log`). Both count from reset().
  uint64_t buffers_begun() const;
  uint64_t buffers_flushed() const;
  uint64_t versions() const;  // grows whenever the set of tables may have changed
  void reset();               // before the database is opened

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  void Schedule(void (*work)(void*), void* argument) override;
  void SleepForMicroseconds(int micros) override;

 private:
  class Manifest;
  void run_held();
  bool may_begin() const { return closing_ || !has_space_ || has_space_(); }

  FileSystem* files_;
  Executor* executor_;
  std::function<void()> progress_;
  std::function<bool()> has_space_;
  mutable std::mutex mutex_;
  std::pair<void (*)(void*), void*> held_{nullptr, nullptr};
  bool held_for_space_ = false;
  std::atomic<bool> closing_{false};      // release_held() was called
  std::map<std::string, uint64_t> logs_;  // file name -> number of the buffer it stands for
  uint64_t begun_ = 0;
  uint64_t flushed_ = 0;
  uint64_t versions_ = 0;
  uint64_t jobs_ = 0;  // given to the executor and not done
  uint64_t jobs_done_ = 0;
  std::condition_variable no_jobs_;
};

}  // namespace keyzone::storage
