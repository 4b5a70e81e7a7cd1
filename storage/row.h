// A row as it lies on disk, and how two versions of one become one: Cassandra's rules, cell by cell (DESIGN:
// rows). Plain values; views point into whatever the row was read from.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/time_units.h"

namespace keyzone::storage {

using Seconds = int64_t;  // since 1970
inline Seconds seconds_of(Timestamp micros) { return micros / kMicrosPerSecond; }

// "Everything stamped up to here is gone." kNoTimestamp: nothing is.
struct Deletion {
  Timestamp stamp = kNoTimestamp;
  Seconds local = 0;  // when it was made, by the leader's clock: from when gc_grace_seconds count
  bool any() const { return stamp != kNoTimestamp; }
  bool operator==(const Deletion&) const = default;
};
// The one that deletes more; of equal ones the later made.
inline const Deletion& stronger(const Deletion& a, const Deletion& b) {
  if (a.stamp != b.stamp) return a.stamp > b.stamp ? a : b;
  return a.local >= b.local ? a : b;
}

// What INSERT leaves beside the cells: the row is there even if all cells are null.
struct Marker {
  Timestamp stamp = kNoTimestamp;  // kNoTimestamp: none
  int32_t ttl = 0;
  Seconds expiry = 0;  // 0: never
  bool any() const { return stamp != kNoTimestamp; }
  bool live(Seconds now) const { return any() && (expiry == 0 || now < expiry); }
  bool operator==(const Marker&) const = default;
};

// `path` is empty for a simple cell, and names the element of a collection or the field of a user type.
// `written` is a set's element or a map's key in wire form, where the path gives back other bytes.
struct Cell {
  ColumnId column;
  bool tombstone = false;
  int32_t ttl = 0;     // seconds; 0: never expires
  Seconds expiry = 0;  // of a tombstone: when it was made
  Timestamp stamp = kNoTimestamp;
  BytesView path;
  BytesView value;
  BytesView written{};
  bool live(Seconds now) const { return !tombstone && (ttl == 0 || now < expiry); }
  bool operator==(const Cell&) const = default;
};

// All elements of a collection stamped up to there are gone.
struct ColumnDeletion {
  ColumnId column;
  Deletion deletion;
  bool operator==(const ColumnDeletion&) const = default;
};

// Invariants: cells ascend by (column, path) without duplicates, deletions by column; no cell, column
// deletion or marker is as old as the deletion that covers it.
struct Row {
  Marker marker;
  Deletion deletion;
  std::vector<ColumnDeletion> column_deletions;
  std::vector<Cell> cells;
  // Collections whose elements lie in keys of their own, ascending. As stored, the row has no cells of
  // theirs.
  std::vector<ColumnId> spilled;

  bool empty() const {
    return !marker.any() && !deletion.any() && column_deletions.empty() && cells.empty() && spilled.empty();
  }
  bool has_spilled(ColumnId column) const {
    return std::binary_search(spilled.begin(), spilled.end(), column);
  }
  void clear();
  Timestamp max_stamp() const;  // kNoTimestamp: empty
  Deletion column_deletion(ColumnId column) const;
  // The cells of one column, in order of their paths.
  std::pair<const Cell*, const Cell*> find(ColumnId column) const;
  bool operator==(const Row&) const = default;
};

// True if `a` stays when both are written to the same place.
bool wins(const Cell& a, const Cell& b);
const Marker& newer(const Marker& a, const Marker& b);

// Brings cells into order and settles duplicates and what the row's own deletions cover.
void normalize(Row& row);
// Forgets what `deletion` covers.
// True: there was something.
bool shadow(Row& row, const Deletion& deletion);
// Both writes, in whatever order they came. `out` is neither of them. REQUIRES: both are normal.
void merge(const Row& a, const Row& b, Row& out);

// Empties what has expired by `now`, and forgets what was deleted, or was written and has expired, more than
// `gc_grace` seconds before `now`. True: the row changed.
bool purge(Row& row, Seconds now, Seconds gc_grace);
// Forgets all tombstones, for tables that need none.
void drop_tombstones(Row& row);

// REQUIRES: normal, not empty.
void encode_row(const Row& row, Bytes& out);
// Views in `row` point into `bytes`. False: damaged, or of a newer format.
[[nodiscard]] bool decode_row(BytesView bytes, Row& row);
// The value of an element's own key, which says column and path.
void encode_element(const Cell& element, Bytes& out);
// Fills all but column and path. The view points into `bytes`. False: damaged, or of a newer format.
[[nodiscard]] bool decode_element(BytesView bytes, Cell& element);

}  // namespace keyzone::storage
