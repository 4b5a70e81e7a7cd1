// A disk in memory that forgets what was not synced: FileSystem and leveldb::Env over the same files. Nothing
// here draws by itself; chances come from the caller's Draw, so a run repeats exactly.
//
// What POSIX promises is kept, and no more: a write is durable after its file's sync, a name after its
// folder's sync. In a crash each unsynced write, size change, creation, rename and removal is kept, dropped
// or (writes) torn at sectors of 512 bytes, each on its own.
#pragma once
#include <leveldb/env.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/file_system.h"
#include "storage/file_system_env.h"

namespace keyzone::storage {

// Gives a number in [0, bound), drawn by the caller's generator. REQUIRES: bound > 0
using Draw = std::function<uint64_t(uint64_t bound)>;

// Chances are in a million a call; 0 turns a fault off.
struct DiskFaults {
  uint32_t read_error_ppm = 0;
  uint32_t write_error_ppm = 0;
  uint32_t sync_error_ppm = 0;  // what was to be synced stays in doubt for good, whatever later syncs say
  uint32_t create_error_ppm = 0;
  uint32_t read_flip_ppm = 0;   // one bit of what is read, in transit
  uint64_t capacity_bytes = 0;  // kNoSpace past it; 0: no limit
};

enum class DiskCall { kRead, kWrite, kSync, kCreate, kRename, kRemove, kSyncFolder };

struct DiskStats {
  uint64_t calls = 0;
  uint64_t reads = 0, writes = 0, syncs = 0, bytes_written = 0;
};

class MemoryDisk : public FileSystem {
 public:
  // `forgets` false: a cheap disk without a journal, for `--memory`: crash() keeps everything.
  explicit MemoryDisk(bool forgets = true);
  ~MemoryDisk() override;

  // The same files for LevelDB. Schedule aborts: put a LevelEnv on top. `now_micros` gives NowMicros.
  leveldb::Env* env();
  void set_clock(std::function<uint64_t()> now_micros);

  // The machine stops and starts again: open files are dead, locks are gone, a freeze is over.
  void crash(const Draw& draw);
  // The process stops and starts again: like crash, but the operating system keeps what was written.
  void kill();
  // From the next call on, or after `calls` more, every call fails: the process died in the middle of
  // something. UINT64_MAX takes it back.
  void freeze(uint64_t calls = 0);
  bool frozen() const;

  void set_faults(const DiskFaults& faults, Draw draw);
  // The next `count` calls of this kind on a path that contains `path` fail.
  void fail_next(DiskCall call, const std::string& path, uint32_t count, ErrorKind kind = ErrorKind::kIo);
  void clear_faults();  // drawn and planned
  // Damage at rest, under the nose of everyone. False if there is no such byte.
  bool flip_bit(const std::string& path, uint64_t offset, int bit);
  bool overwrite(const std::string& path, uint64_t offset, BytesView bytes);
  void wipe();  // a new, empty disk

  DiskStats stats() const;
  uint64_t used_bytes() const;
  uint64_t digest() const;                     // of all names and bytes, for traces
  std::vector<std::string> all_files() const;  // paths, sorted

  Result<void> create_folders(const std::string& path) override;
  Result<std::unique_ptr<File>> create(const std::string& path, uint64_t size) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  bool exists(const std::string& path) override;
  Result<void> sync_folder(const std::string& folder) override;
  Result<std::unique_ptr<FolderLock>> lock(const std::string& folder) override;
  Result<uint64_t> free_bytes(const std::string& folder) override;

 private:
  struct Impl;
  class OpenFile;
  class Lock;
  std::shared_ptr<Impl> impl_;  // shared with open files, which may outlive the disk
  std::unique_ptr<FileSystemEnv> env_;
};

}  // namespace keyzone::storage
