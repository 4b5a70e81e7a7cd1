// How a row's clustering values were written, where their order-preserving form doesn't say it: 1.50 is
// ordered, and would come back, as 1.5. A row keeps the values that it came with, as in a Cassandra's
// memtable; those of user types are the ones that were written last.
#pragma once
#include "schema/catalog.h"

namespace keyzone {

// No column's: the cell that keeps the values, one block a column.
inline constexpr ColumnId kClusteringAsWritten{0};

// Whether rows of the table may have that cell.
inline bool keeps_clustering_as_written(const Table& table) {
  for (size_t i = 0; i < table.clustering_size; ++i) {
    if (!table.clustering(i).type->ordered_is_exact()) return true;
  }
  return false;
}

// Whether a write that needs no such cell may meet a row that has one, often enough to look: of numbers whose
// bytes can't be written otherwise but by hand, nobody does.
inline bool may_meet_clustering_as_written(const Table& table) {
  for (size_t i = 0; i < table.clustering_size; ++i) {
    const Type& type = *table.clustering(i).type;
    const bool number = type.kind() == TypeKind::kBoolean || type.kind() == TypeKind::kFloat ||
                        type.kind() == TypeKind::kDouble;
    if (!number && !type.ordered_is_exact()) return true;
  }
  return false;
}

}  // namespace keyzone
