// A little space on the disk, held by a file: given back before a node opens its folder, so that it can start
// although the disk is full, and set aside again afterwards.
#pragma once
#include <string>

#include "storage/file_system.h"

namespace keyzone::actors {

// What a start writes: the identity, a MANIFEST of LevelDB, frames of the log within its segments.
inline constexpr uint64_t kSpareBytes = 256u << 10;

void give_spare_space_back(storage::FileSystem& files, const std::string& folder);
// Does nothing if the disk is full. Blocks.
void set_spare_space_aside(storage::FileSystem& files, const std::string& folder);
bool has_spare_space(storage::FileSystem& files, const std::string& folder);

}  // namespace keyzone::actors
