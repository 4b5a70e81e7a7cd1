// The files below the log: what a disk must be able to do, and no more. A node uses PosixFileSystem, tests
// and the simulation MemoryDisk. Errors are kIo, kNoSpace (create) or kCorrupt, and name the file.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "schema/bytes.h"
#include "schema/result.h"

namespace keyzone::storage {

// An open file. Reads and writes at different places may come from different threads at once.
class File {
 public:
  virtual ~File() = default;

  // Writes all of `bytes` at `offset`. Not durable before sync() succeeds.
  virtual Result<void> write(uint64_t offset, BytesView bytes) = 0;

  // Reads up to `size` bytes at `offset` into `out`; gives how many there were (fewer only at the file's
  // end).
  virtual Result<size_t> read(uint64_t offset, size_t size, char* out) const = 0;

  // fdatasync: all writes that returned before this call are durable when it succeeds. After a failure
  // nothing is known about them, and a later success says nothing about them either: never retry.
  virtual Result<void> sync() = 0;

  virtual Result<uint64_t> size() const = 0;
};

// Held as long as it lives.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<void> create_folders(const std::string& path) = 0;  // all of the path; fine if it exists

  // A new file of `size` zero bytes, really written, so that later writes change no metadata. The bytes are
  // synced; the name is durable only after sync_folder(). A file of that name is replaced. On an error
  // nothing is left behind.
  virtual Result<std::unique_ptr<File>> create(const std::string& path, uint64_t size) = 0;

  // an existing file, to read and write
  virtual Result<std::unique_ptr<File>> open(const std::string& path) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;  // names, sorted
  virtual bool exists(const std::string& path) = 0;
  virtual Result<void> sync_folder(const std::string& folder) = 0;  // creations, renames, removals in it

  // One process a folder: an error that names the folder and the other process if it is locked already.
  virtual Result<std::unique_ptr<FolderLock>> lock(const std::string& folder) = 0;

  virtual Result<uint64_t> free_bytes(const std::string& folder) = 0;
};

// The parts of a path before and after its last slash.
inline std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
inline std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Helpers on top of any FileSystem.
Result<Bytes> read_file(FileSystem& files, const std::string& path);
// Replaces `path` atomically and durably: temporary file, sync, rename, sync of the folder.
Result<void> write_file(FileSystem& files, const std::string& folder, const std::string& name,
                        BytesView bytes);

}  // namespace keyzone::storage
