// Goes over the keys of memtables and of the LevelDB below them, in both directions: of each key the newest
// layer's value, and no key that is deleted there.
#pragma once
#include <leveldb/iterator.h>

#include <memory>
#include <vector>

#include "storage/memtable.h"

namespace keyzone::storage {

// `tables`: the newest first, sorted. The iterator keeps them. `applied`, if not null, counts the changes of
// the tables; the iterator isn't used any more after one, which it checks.
leveldb::Iterator* new_layered_iterator(std::vector<MemtablePtr> tables,
                                        std::unique_ptr<leveldb::Iterator> below, const uint64_t* applied);

}  // namespace keyzone::storage
