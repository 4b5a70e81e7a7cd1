// A leveldb::Env over any FileSystem: how LevelDB gets onto MemoryDisk. It has no threads (Schedule and
// StartThread abort: put a LevelEnv on top) and no clock but the one it is given.
#pragma once
#include <leveldb/env.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "storage/file_system.h"

namespace keyzone::storage {

class FileSystemEnv : public leveldb::Env {
 public:
  explicit FileSystemEnv(FileSystem* files);  // outlives this

  // Called by a thread that found no space to write in: true to try again. Without it, the write fails.
  void set_patience(std::function<bool()> wait) { wait_ = std::move(wait); }
  void set_clock(std::function<uint64_t()> now_micros) { now_micros_ = std::move(now_micros); }

  leveldb::Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** file) override;
  leveldb::Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** file) override;
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override;
  bool FileExists(const std::string& name) override;
  leveldb::Status GetChildren(const std::string& folder, std::vector<std::string>* names) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status CreateDir(const std::string& folder) override;
  leveldb::Status RemoveDir(const std::string& folder) override;
  leveldb::Status GetFileSize(const std::string& name, uint64_t* size) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  void Schedule(void (*work)(void*), void* argument) override;
  void StartThread(void (*work)(void*), void* argument) override;
  leveldb::Status GetTestDirectory(std::string* path) override;
  leveldb::Status NewLogger(const std::string& name, leveldb::Logger** logger) override;
  uint64_t NowMicros() override;
  void SleepForMicroseconds(int micros) override;

 private:
  FileSystem* files_;
  std::function<uint64_t()> now_micros_;
  std::function<bool()> wait_;
  std::atomic<uint64_t> slept_{1};
};

// Writes nothing: LevelDB's own chatter says nothing that our metrics don't.
class SilentLogger : public leveldb::Logger {
 public:
  void Logv(const char*, va_list) override {}
};

leveldb::Status status_of(const Error& error);

}  // namespace keyzone::storage
