#include "storage/row.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace keyzone::storage {
namespace {

bool before(const Cell& a, const Cell& b) {
  return a.column != b.column ? a.column < b.column : a.path < b.path;
}
bool same_place(const Cell& a, const Cell& b) { return a.column == b.column && a.path == b.path; }

bool covers(const Deletion& deletion, Timestamp stamp) { return deletion.any() && stamp <= deletion.stamp; }

// Keeps the cells that no deletion of the row covers.
void drop_covered(Row& row) {
  if (covers(row.deletion, row.marker.stamp)) row.marker = {};
  if (row.deletion.any()) {
    std::erase_if(row.column_deletions,
                  [&](const auto& d) { return covers(row.deletion, d.deletion.stamp); });
  }
  if (!row.deletion.any() && row.column_deletions.empty()) return;
  std::erase_if(row.cells, [&](const Cell& c) {
    return covers(row.deletion, c.stamp) || covers(row.column_deletion(c.column), c.stamp);
  });
}

void merge_column_deletions(const Row& a, const Row& b, Row& out) {
  auto x = a.column_deletions.begin(), y = b.column_deletions.begin();
  while (x != a.column_deletions.end() || y != b.column_deletions.end()) {
    if (y == b.column_deletions.end() || (x != a.column_deletions.end() && x->column < y->column)) {
      out.column_deletions.push_back(*x++);
    } else if (x == a.column_deletions.end() || y->column < x->column) {
      out.column_deletions.push_back(*y++);
    } else {
      out.column_deletions.push_back({x->column, stronger(x->deletion, y->deletion)});
      ++x, ++y;
    }
  }
}

}  // namespace

void Row::clear() {
  marker = {};
  deletion = {};
  column_deletions.clear();
  cells.clear();
  spilled.clear();
}

Timestamp Row::max_stamp() const {
  Timestamp max = std::max(marker.stamp, deletion.stamp);
  for (const auto& d : column_deletions) max = std::max(max, d.deletion.stamp);
  for (const Cell& c : cells) max = std::max(max, c.stamp);
  return max;
}

Deletion Row::column_deletion(ColumnId column) const {
  for (const auto& d : column_deletions) {
    if (d.column == column) return d.deletion;
  }
  return {};
}

std::pair<const Cell*, const Cell*> Row::find(ColumnId column) const {
  const Cell* end = cells.data() + cells.size();
  const Cell* first =
      std::lower_bound(cells.data(), end, column, [](const Cell& c, ColumnId id) { return c.column < id; });
  const Cell* last = first;
  while (last != end && last->column == column) ++last;
  return {first, last};
}

// Cassandra's Cells.resolveRegular: an expiring cell counts as a tombstone-to-be, whatever the time, so that
// the winner does not depend on when it is asked.
bool wins(const Cell& a, const Cell& b) {
  if (a.stamp != b.stamp) return a.stamp > b.stamp;
  const bool a_mortal = a.tombstone || a.ttl != 0, b_mortal = b.tombstone || b.ttl != 0;
  if (a_mortal != b_mortal) return a_mortal;
  if (a.tombstone != b.tombstone) return a.tombstone;
  if (a.expiry != b.expiry) return a.expiry > b.expiry;
  if (a.ttl != b.ttl) return a.ttl < b.ttl;  // the same end from a shorter life: written later
  return a.value >= b.value;
}

// Cassandra's LivenessInfo.supersedes.
const Marker& newer(const Marker& a, const Marker& b) {
  if (a.stamp != b.stamp) return a.stamp > b.stamp ? a : b;
  if ((a.ttl != 0) != (b.ttl != 0)) return a.ttl != 0 ? a : b;
  if (a.expiry != b.expiry) return a.expiry > b.expiry ? a : b;
  return a.ttl <= b.ttl ? a : b;
}

void normalize(Row& row) {
  std::stable_sort(row.column_deletions.begin(), row.column_deletions.end(),
                   [](const auto& a, const auto& b) { return a.column < b.column; });
  size_t kept = 0;
  for (size_t i = 0; i < row.column_deletions.size(); ++i) {
    const ColumnDeletion& d = row.column_deletions[i];
    if (kept > 0 && row.column_deletions[kept - 1].column == d.column) {
      Deletion& last = row.column_deletions[kept - 1].deletion;
      last = stronger(last, d.deletion);
    } else {
      row.column_deletions[kept++] = d;
    }
  }
  row.column_deletions.resize(kept);

  if (!std::is_sorted(row.cells.begin(), row.cells.end(), before)) {
    std::stable_sort(row.cells.begin(), row.cells.end(), before);
  }
  kept = 0;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (kept > 0 && same_place(row.cells[kept - 1], row.cells[i])) {
      if (!wins(row.cells[kept - 1], row.cells[i])) row.cells[kept - 1] = row.cells[i];
    } else {
      row.cells[kept++] = row.cells[i];
    }
  }
  row.cells.resize(kept);
  drop_covered(row);
}

bool shadow(Row& row, const Deletion& deletion) {
  if (!deletion.any()) return false;
  const bool marker = row.marker.any() && covers(deletion, row.marker.stamp);
  const bool all = row.deletion.any() && covers(deletion, row.deletion.stamp);
  if (marker) row.marker = {};
  if (all) row.deletion = {};
  const size_t parts =
      std::erase_if(row.column_deletions, [&](const auto& d) { return covers(deletion, d.deletion.stamp); }) +
      std::erase_if(row.cells, [&](const Cell& c) { return covers(deletion, c.stamp); });
  return marker || all || parts > 0;
}

void merge(const Row& a, const Row& b, Row& out) {
  out.clear();
  out.marker = newer(a.marker, b.marker);
  out.deletion = stronger(a.deletion, b.deletion);
  merge_column_deletions(a, b, out);
  std::set_union(a.spilled.begin(), a.spilled.end(), b.spilled.begin(), b.spilled.end(),
                 std::back_inserter(out.spilled));
  out.cells.reserve(a.cells.size() + b.cells.size());
  auto x = a.cells.begin(), y = b.cells.begin();
  while (x != a.cells.end() && y != b.cells.end()) {
    if (before(*x, *y)) {
      out.cells.push_back(*x++);
    } else if (before(*y, *x)) {
      out.cells.push_back(*y++);
    } else {
      out.cells.push_back(wins(*x, *y) ? *x : *y);
      ++x, ++y;
    }
  }
  out.cells.insert(out.cells.end(), x, a.cells.end());
  out.cells.insert(out.cells.end(), y, b.cells.end());
  drop_covered(out);
}

bool purge(Row& row, Seconds now, Seconds gc_grace) {
  const auto old_enough = [&](Seconds made) { return made + gc_grace < now; };
  bool changed = false;
  if (row.marker.any() && !row.marker.live(now) && old_enough(row.marker.expiry - row.marker.ttl)) {
    row.marker = {};
    changed = true;
  }
  if (row.deletion.any() && old_enough(row.deletion.local)) {
    row.deletion = {};
    changed = true;
  }
  changed |=
      std::erase_if(row.column_deletions, [&](const auto& d) { return old_enough(d.deletion.local); }) > 0;
  for (Cell& c : row.cells) {
    if (c.tombstone || c.live(now) || (c.value.empty() && c.written.empty())) continue;
    c.value = c.written = {};  // nobody will see it again; its stamp and its end still settle who wins
    changed = true;
  }
  // As in Cassandra, the grace of what expired counts from when it was written.
  changed |= std::erase_if(row.cells, [&](const Cell& c) {
               return !c.live(now) && old_enough(c.tombstone ? c.expiry : c.expiry - c.ttl);
             }) > 0;
  return changed;
}

void drop_tombstones(Row& row) {
  row.deletion = {};
  row.column_deletions.clear();
  std::erase_if(row.cells, [](const Cell& c) { return c.tombstone; });
}

}  // namespace keyzone::storage
