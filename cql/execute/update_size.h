// How long a batch is by Cassandra's count, which its warnings and refusals tell.
#pragma once
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "schema/catalog.h"
#include "schema/command.h"

namespace keyzone::cql {

// What a cell counts that a statement puts into a row, or the cells of a list's new elements, without the
// column's name. REQUIRES: kSet, kPutElement, kListAppend or kListPrepend.
size_t cell_size(const Column& column, const CellWrite& cell);
// Of it, what says which element of a collection or which field of a user type it is. REQUIRES: kPutElement.
size_t path_size(const Column& column, BytesView path);

// Adds up what mutations bring to the partitions that they name. What several of them do to one row counts
// once: the row is one, of two cells in one place the one that stays is counted, and none that a deletion of
// its row or its collection covers.
class UpdateSize {
 public:
  // REQUIRES: both outlive this.
  void add(const Table& table, const Mutation& mutation);
  size_t bytes() const;
  bool touches(const Uuid& table) const;
  size_t partitions() const { return keys_.size(); }  // of several tables one, if their keys are equal

 private:
  using PartitionKey = std::pair<Uuid, BytesView>;
  // What tells which of two cells stays, in the order of its weight: the stamp, whether it goes some day or
  // is gone, the latter, when it goes, the value.
  using CellRank = std::tuple<Timestamp, bool, bool, int32_t, BytesView>;
  struct Cell {
    CellRank rank;
    size_t bytes = 0;
  };
  struct Cells {  // of one column
    bool is_multi_cell = false;
    Timestamp deleted = kNoTimestamp;                // its elements up to then
    std::map<BytesView, Cell> by_path;               // of a simple column the empty one
    std::vector<std::pair<Timestamp, size_t>> list;  // new elements: stamp, bytes
  };
  struct Row {
    size_t clustering_bytes = 0;
    Timestamp deleted = kNoTimestamp;
    std::pair<Timestamp, bool> liveness{kNoTimestamp, false};  // of which two the greater stays; it expires
    std::map<ColumnId, Cells> columns;
  };
  struct Range {
    BytesView begin, end;
    Timestamp stamp;
    size_t bytes = 0;
  };
  struct Partition {
    std::map<std::pair<bool, BytesView>, Row> rows;  // of statics or not, by clustering
    std::vector<Range> ranges;
  };

  static void add_range(const Table& table, Timestamp stamp, const RowWrite& row, Partition& partition);
  static void add_cell(const Table& table, const Mutation& mutation, const CellWrite& cell, Row& row);
  static size_t bytes_of(const Cells& cells, Timestamp row_deleted);
  static size_t bytes_of(const Row& row, bool is_static);

  std::map<PartitionKey, Partition> partitions_;
  std::set<BytesView> keys_;
};

}  // namespace keyzone::cql
