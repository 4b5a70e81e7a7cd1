// Our runs of bytes as LevelDB's, and back. Nothing is copied.
#pragma once
#include <leveldb/slice.h>

#include "schema/bytes.h"

namespace keyzone::storage {

inline leveldb::Slice slice_of(BytesView bytes) { return {bytes.data(), bytes.size()}; }
inline BytesView view_of(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace keyzone::storage
