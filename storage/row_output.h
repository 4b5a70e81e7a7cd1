// From rows on disk to what a reader sees: which cells live, and their values in CQL wire form, laid out as
// ReadResult::rows (schema/read.h).
#pragma once
#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "schema/clustering_as_written.h"
#include "schema/read.h"
#include "storage/row.h"

namespace keyzone::storage {

// False for the cell beside the columns' own.
inline bool is_column(const Cell& c) { return c.column != kClusteringAsWritten; }

// A table's columns by id, and what stands for kClusteringAsWritten.
class ColumnIndex {
 public:
  explicit ColumnIndex(const Table& table);
  const Column* find(ColumnId id) const {  // nullptr: no such column any more
    return id.value < by_id_.size() ? by_id_[id.value] : nullptr;
  }
  size_t statics() const { return statics_; }
  size_t regulars() const { return regulars_; }
  // Rows (or the static one) may hold cells of columns that may come back.
  bool some_wait(bool is_static) const { return is_static ? statics_wait_ : regulars_wait_; }
  bool rows_may_end_early() const { return rows_may_end_early_; }  // schema/compact_rows.h
  bool may_meet_clustering_as_written() const { return may_meet_clustering_as_written_; }

 private:
  std::vector<const Column*> by_id_;
  size_t statics_ = 0, regulars_ = 0;
  bool statics_wait_ = false, regulars_wait_ = false;
  bool rows_may_end_early_ = false;
  bool may_meet_clustering_as_written_ = false;
};

// At which time, and below which deletion, a row is looked at.
struct Sight {
  Seconds now = 0;
  Timestamp deleted = kNoTimestamp;  // what is stamped up to here is gone
  bool sees(const Cell& c) const { return c.stamp > deleted && c.live(now); }
  // What went with the column when it was dropped stays gone.
  Sight of(const Column& column) const { return {now, std::max(deleted, column.dropped_at)}; }
};

// The row shows up: its marker lives, or a cell of a column that the table still has.
bool is_live(const Row& row, const Sight& sight, const ColumnIndex& columns);
// Cells that a read had to step over, as Cassandra counts them: of a row without such cells that doesn't show
// up (is_live()) one, if anything of it was deleted or has expired. Deletions of a row or of collections
// beside what lives don't count, nor does what a deletion of more than the row covers.
uint64_t count_tombstones(const Row& row, const Sight& sight, bool live);

// The value of a column in wire form; nullopt: null. `scratch` holds it where it has to be put together.
std::optional<BytesView> column_value(const Row& row, const Column& column, const Sight& sight,
                                      Bytes& scratch);
// Elements that live, in order. REQUIRES: the column is multi-cell.
std::vector<const Cell*> live_elements(const Row& row, const Column& column, const Sight& sight);
// A set's element or a map's key in wire form. REQUIRES: the path was made by Type::append_ordered.
Bytes path_value(const Type& type, BytesView path);

// The columns that a reader wants, in its order.
class Projection {
 public:
  Projection(const ColumnIndex& index, std::span<const ColumnId> columns,
             std::span<const ColumnId> with_metadata);
  bool valid() const { return valid_; }  // all columns are statics or regulars of the table
  // It was made for these.
  bool is_of(std::span<const ColumnId> columns, std::span<const ColumnId> with_metadata) const;
  bool wants_statics() const { return !statics_.empty(); }

  size_t scratch_bytes() const { return scratch_.capacity(); }

  // `row` may be null: all columns are null then.
  void append_statics(const Row* row, const Sight& sight, Bytes& out) { append(statics_, row, sight, out); }
  void append_regulars(const Row* row, const Sight& sight, Bytes& out) { append(regulars_, row, sight, out); }

 private:
  struct Wanted {
    const Column* column = nullptr;
    bool metadata = false;
  };
  void append(const std::vector<Wanted>& wanted, const Row* row, const Sight& sight, Bytes& out);

  std::vector<ColumnId> columns_, with_metadata_;
  std::vector<Wanted> statics_, regulars_;
  bool valid_ = true;
  Bytes scratch_;
};

}  // namespace keyzone::storage
