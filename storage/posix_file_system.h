// FileSystem on the operating system's files.
#pragma once
#include "storage/file_system.h"

namespace leveldb {
class Env;
}

namespace keyzone::storage {

class PosixFileSystem : public FileSystem {
 public:
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

  // The same files as LevelDB wants them. Lives as long as the process.
  static leveldb::Env* env();
};

}  // namespace keyzone::storage
