#include "storage/patient_env.h"

namespace keyzone::storage {

PatientEnv::PatientEnv(leveldb::Env* disk, FileSystem* files, std::function<bool()> wait)
    : EnvWrapper(disk), writing_(files) {
  writing_.set_patience(std::move(wait));
}

leveldb::Status PatientEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** file) {
  return writing_.NewWritableFile(name, file);
}

leveldb::Status PatientEnv::NewAppendableFile(const std::string& name, leveldb::WritableFile** file) {
  return writing_.NewAppendableFile(name, file);
}

}  // namespace keyzone::storage
