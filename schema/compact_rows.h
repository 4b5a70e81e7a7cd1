// Rows of COMPACT STORAGE tables may end early: INSERT and UPDATE can leave out the last clustering columns,
// all but the first. Such a row's clustering key is a prefix of others, and comes before them whichever way
// they are sorted.
#pragma once
#include "schema/catalog.h"

namespace keyzone {

inline bool rows_may_end_early(const Table& table) { return table.clustering_size > 1 && table.compact(); }

}  // namespace keyzone
