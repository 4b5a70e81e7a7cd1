// The columns that a statement needs of each row, and where in the answer each is found.
#pragma once
#include <optional>
#include <vector>

#include "cql/plan/expression.h"
#include "schema/catalog.h"
#include "schema/read.h"

namespace keyzone::cql {

class SlotTable {
 public:
  explicit SlotTable(TablePtr table) : table_(std::move(table)) {}

  // The slot of a column of the table; a new one the first time.
  size_t add(const Column& column);
  // The same, but what is needed of the column is said by add_part(), unless somebody else needs all of it.
  size_t add_in_parts(const Column& column);
  // Of a column with a slot the elements from <= key <= to, none of which depends on rows; null: open.
  void add_part(const Column& column, ExpressionPtr from, ExpressionPtr to);
  // Timestamps and expiries of a column with a slot are needed too.
  size_t add_stamps(const Column& column);
  // Sorts out what is to be fetched. Call once, after the last add().
  void finish();

  const Table& table() const { return *table_; }
  size_t size() const { return columns_.size(); }
  const Column& column(size_t slot) const { return *columns_[slot]; }
  bool needs_rows() const { return needs_rows_; }  // a clustering or regular column is among them

  // After finish():
  const std::vector<ColumnId>& fetched() const { return fetched_; }          // ReadRequest::columns
  const std::vector<ColumnId>& with_stamps() const { return with_stamps_; }  // ReadRequest::with_metadata
  // ReadRequest::elements, with these values. What can't be evaluated is for whoever looks at rows to
  // complain of: open here.
  std::vector<ElementRange> elements(EvalContext& context) const;
  struct Cell {
    size_t slot;
    bool stamps;
  };
  const std::vector<Cell>& static_cells() const { return static_cells_; }
  const std::vector<Cell>& regular_cells() const { return regular_cells_; }
  // The first of the fetched regulars is kClusteringAsWritten.
  bool fetches_clustering_as_written() const { return fetches_clustering_as_written_; }
  // By position in the key: the slot that wants it, or nullopt; as long as needed.
  const std::vector<std::optional<size_t>>& partition_slots() const { return partition_slots_; }
  const std::vector<std::optional<size_t>>& clustering_slots() const { return clustering_slots_; }

 private:
  TablePtr table_;
  std::vector<const Column*> columns_;
  std::vector<bool> stamps_, whole_;
  struct Part {
    size_t slot;
    ExpressionPtr from, to;
  };
  std::vector<Part> parts_;
  std::vector<ColumnId> fetched_, with_stamps_;
  std::vector<Cell> static_cells_, regular_cells_;
  std::vector<std::optional<size_t>> partition_slots_, clustering_slots_;
  bool needs_rows_ = false;
  bool fetches_clustering_as_written_ = false;
};

}  // namespace keyzone::cql
