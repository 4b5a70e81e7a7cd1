// The leveldb::Env of a real disk, with patience: a table or MANIFEST that finds no space waits for some,
// instead of failing, after which LevelDB would refuse every write until the store is opened again. Reading
// is LevelDB's own.
#pragma once
#include <leveldb/env.h>

#include <functional>
#include <string>

#include "storage/file_system_env.h"

namespace keyzone::storage {

class PatientEnv : public leveldb::EnvWrapper {
 public:
  // `wait` is called by the thread that found no space, as often as it takes: false gives up, and the write
  // fails.
  PatientEnv(leveldb::Env* disk, FileSystem* files, std::function<bool()> wait);

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override;

 private:
  FileSystemEnv writing_;
};

}  // namespace keyzone::storage
