// Where a key of the store stands in the tables in memory that know it: the batch's, the cache's, the
// guard's, the memtable's. Computed once for all of them; never 0, and nowhere on disk.
#pragma once
#include <xxhash.h>

#include <cstdint>

#include "schema/bytes.h"

namespace keyzone::storage {

inline uint64_t key_hash(BytesView key) {
  const uint64_t hash = XXH3_64bits(key.data(), key.size());
  return hash ? hash : 1;
}

}  // namespace keyzone::storage
