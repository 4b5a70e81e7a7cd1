// How long a batch is by Cassandra's count, which its warnings and refusals tell.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "schema/catalog.h"
#include "schema/command.h"

namespace keyzone::cql {

// What a cell counts that a statement puts into a row, or the cells of a list's new elements, without the
// column's name. REQUIRES: kSet, kPutElement, kListAppend or kListPrepend.
size_t cell_size(const Column& column, const CellWrite& cell);
// Of it, what says which element of a collection or which field of a user type it is. REQUIRES: kPutElement.
size_t path_size(const Column& column, BytesView path);

// Adds up what mutations bring to the partitions that they name. What several of them do to one row counts
// once: the row is one, and of two cells in one place the one that stays is counted.
class UpdateSize {
 public:
  // REQUIRES: both outlive this.
  void add(const Table& table, const Mutation& mutation);
  size_t bytes() const { return bytes_; }
  size_t partitions() const { return keys_.size(); }  // of several tables one, if their keys are equal

 private:
  using Partition = std::pair<Uuid, BytesView>;
  using RowKey = std::tuple<Partition, bool, BytesView>;  // of statics or not, clustering
  using CellKey =
      std::tuple<RowKey, ColumnId, std::optional<BytesView>>;  // path; none: the collection as a whole
  // What tells which of two cells stays, in the order of its weight: the stamp, whether it goes some day or
  // is gone, the latter, when it goes, the value.
  using CellRank = std::tuple<Timestamp, bool, bool, int32_t, BytesView>;

  void add_row(const Table& table, const Partition& partition, const Mutation& mutation, const RowWrite& row);
  void add_cell(const Table& table, const Mutation& mutation, const RowKey& row, const CellWrite& cell);

  std::set<Partition> partitions_;
  std::set<BytesView> keys_;
  std::set<RowKey> rows_, expiring_;
  std::set<CellKey> cells_;
  std::map<CellKey, CellRank> values_;
  size_t bytes_ = 0;
};

}  // namespace keyzone::cql
