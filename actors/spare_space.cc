#include "actors/spare_space.h"

namespace keyzone::actors {

namespace {

std::string path_in(const std::string& folder) { return folder + "/spare"; }

}  // namespace

void give_spare_space_back(storage::FileSystem& files, const std::string& folder) {
  if (has_spare_space(files, folder)) (void)files.remove(path_in(folder));
}

void set_spare_space_aside(storage::FileSystem& files, const std::string& folder) {
  (void)files.create(path_in(folder), kSpareBytes);
}

bool has_spare_space(storage::FileSystem& files, const std::string& folder) {
  return files.exists(path_in(folder));
}

}  // namespace keyzone::actors
