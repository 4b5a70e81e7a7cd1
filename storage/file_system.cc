#include "storage/file_system.h"

namespace keyzone::storage {

Result<Bytes> read_file(FileSystem& files, const std::string& path) {
  KEYZONE_TRY(file, files.open(path));
  KEYZONE_TRY(size, file->size());
  Bytes bytes(size, '\0');
  KEYZONE_TRY(got, file->read(0, size, bytes.data()));
  bytes.resize(got);
  return bytes;
}

Result<void> write_file(FileSystem& files, const std::string& folder, const std::string& name,
                        BytesView bytes) {
  const std::string path = folder + "/" + name;
  const std::string temporary = path + ".new";
  {
    KEYZONE_TRY(file, files.create(temporary, bytes.size()));
    KEYZONE_CHECK(file->write(0, bytes));
    KEYZONE_CHECK(file->sync());
  }
  KEYZONE_CHECK(files.rename(temporary, path));
  return files.sync_folder(folder);
}

}  // namespace keyzone::storage
