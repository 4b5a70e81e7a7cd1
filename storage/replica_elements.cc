// Elements of collections that are too large for their rows. Such a collection is named in its row
// (Row::spilled), has no cell there, and each of its elements a key of its own in Area::kElements. Deletions
// stay in the row: what they cover is not there for readers, and leaves the disk at once where it is little,
// else by the sweep, which forgets a row's deletions only behind its elements.
//
// A row is overwritten without being read only while TabletMeta::spilled says that no row has such elements,
// so that whoever writes a row knows what it has.
#include <algorithm>

#include "storage/replica.h"

namespace keyzone::storage {
namespace {

// What an element takes in its row, beside path and value.
constexpr size_t kElementHeadBytes = 8;

Bytes element_key(BytesView row_key, const Cell& cell) {
  return elements_prefix(row_key, cell.column).append(cell.path);
}

size_t bytes_of(const Cell& cell) {
  return cell.path.size() + cell.value.size() + cell.written.size() + kElementHeadBytes;
}

// What of a column's elements is gone by the row's own deletions.
Timestamp deleted_in(const Row& row, ColumnId column) {
  return std::max(row.deletion.stamp, row.column_deletion(column).stamp);
}

Error damaged() { return {ErrorKind::kCorrupt, "an element does not decode"}; }

// Goes over elements of one column of one row.
class ElementScan {
 public:
  // Of paths with from <= path < to; an empty `to` is no end.
  ElementScan(leveldb::DB* db, const leveldb::ReadOptions& options, const Overlay& overlay, BytesView row_key,
              ColumnId column, BytesView from = {}, BytesView to = {})
      : prefix_(elements_prefix(row_key, column)),
        column_(column),
        scan_(db, options, overlay, prefix_ + Bytes(from),
              to.empty() ? prefix_successor(prefix_) : prefix_ + Bytes(to)) {}

  bool valid() const { return scan_.valid(); }
  void next() { scan_.next(); }
  BytesView key() const { return scan_.key(); }
  Result<void> status() const { return scan_.status(); }
  // Its views live until next().
  Result<Cell> cell() const {
    Cell out;
    out.column = column_;
    out.path = scan_.key().substr(prefix_.size());
    if (!decode_element(scan_.value(), out)) return damaged();
    return out;
  }

 private:
  Bytes prefix_;
  ColumnId column_;
  MergedScan scan_;
};

// Its views point into the arena.
Cell kept(Cell cell, ByteArena& arena) {
  cell.path = arena.keep(cell.path);
  cell.value = arena.keep(cell.value);
  cell.written = arena.keep(cell.written);
  return cell;
}

void lay(Row& elements, StoredRow& out) {
  normalize(elements);
  Row merged;
  merge(out.row, elements, merged);
  std::swap(out.row, merged);
}

}  // namespace

// ---- Reading

Result<void> Replica::load_range(BytesView row_key, const ElementRange& range, StoredRow& out,
                                 Row& found) const {
  const Timestamp deleted = deleted_in(out.row, range.column);
  if (!range.from.empty() && is_one_element(range)) {
    Cell cell;
    cell.column = range.column;
    cell.path = range.from;
    Bytes scratch;
    KEYZONE_TRY(value, lookup(element_key(row_key, cell), scratch));
    if (value && !decode_element(*value, cell)) return damaged();
    if (value && cell.stamp > deleted) found.cells.push_back(kept(cell, out.arena));
    return {};
  }
  ElementScan scan(db_, read_options(), overlay_, row_key, range.column, range.from, range.to);
  for (; scan.valid(); scan.next()) {
    KEYZONE_TRY(cell, scan.cell());
    if (cell.stamp <= deleted) continue;
    found.cells.push_back(kept(cell, out.arena));
  }
  return scan.status();
}

Result<void> Replica::load_elements(BytesView row_key, std::span<const ColumnId> columns,
                                    std::span<const ElementRange> parts, const Sight& sight,
                                    StoredRow& out) const {
  Row found;
  for (const ColumnId column : out.row.spilled) {
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) continue;
    bool in_parts = false;
    for (const ElementRange& part : parts) {
      if (part.column != column) continue;
      in_parts = true;
      KEYZONE_CHECK(load_range(row_key, part, out, found));
    }
    if (!in_parts) KEYZONE_CHECK(load_range(row_key, {column, {}, {}}, out, found));
  }
  if (!found.cells.empty()) lay(found, out);
  return is_live(out.row, sight, columns_) ? Result<void>() : load_sign_of_life(row_key, sight, out);
}

Result<void> Replica::load_sign_of_life(BytesView row_key, const Sight& whole, StoredRow& out) const {
  for (const ColumnId id : out.row.spilled) {
    const Column* column = columns_.find(id);
    if (!column) continue;
    Sight sight = whole.of(*column);
    sight.deleted = std::max(sight.deleted, deleted_in(out.row, id));
    ElementScan scan(db_, read_options(), overlay_, row_key, id);
    for (; scan.valid(); scan.next()) {
      KEYZONE_TRY(cell, scan.cell());
      if (!sight.sees(cell)) continue;
      Row one;
      one.cells = {kept(cell, out.arena)};
      lay(one, out);
      return {};
    }
    KEYZONE_CHECK(scan.status());
  }
  return {};
}

// ---- Writing

Result<void> Replica::move_elements_out(const Bytes& row_key, Seconds now) {
  if (!merged_.spilled.empty() && (update_.deletion.any() || !update_.column_deletions.empty())) {
    KEYZONE_CHECK(clear_deleted_elements(row_key, now));
  }
  std::vector<Cell>& cells = merged_.cells;
  size_t kept = 0;
  for (size_t at = 0; at < cells.size();) {
    const ColumnId id = cells[at].column;
    size_t end = at, bytes = 0;
    for (; end < cells.size() && cells[end].column == id; ++end) bytes += bytes_of(cells[end]);
    const bool spilled = merged_.has_spilled(id);
    if (!spilled && !spills(id, bytes)) {
      if (kept == at) {
        kept = at = end;
      } else {
        while (at < end) cells[kept++] = cells[at++];
      }
      continue;
    }
    if (!spilled) {
      merged_.spilled.insert(std::upper_bound(merged_.spilled.begin(), merged_.spilled.end(), id), id);
    }
    for (; at < end; ++at) {
      if (!spilled) note_leftovers(cells[at], now);
      KEYZONE_CHECK(put_element(row_key, cells[at], !spilled));
    }
  }
  cells.resize(kept);
  return {};
}

// What is written whole stays: its next writing costs no more than this one. So does what isn't written at
// all.
bool Replica::spills(ColumnId id, size_t bytes) const {
  if (bytes <= options_.collection_bytes_max || options_.outright_deletes) return false;
  const Column* column = columns_.find(id);
  const auto [first, last] = update_.find(id);
  return column && column->type->is_multi_cell() && column->type->is_collection() && first != last &&
         !update_.column_deletion(id).any();
}

Result<void> Replica::put_element(BytesView row_key, const Cell& cell, bool first_of_column) {
  Bytes key = element_key(row_key, cell);
  const uint64_t hash = key_hash(key);
  if (!first_of_column && cell.stamp <= guard_.newest(hash)) {
    Bytes scratch;
    KEYZONE_TRY(value, lookup(key, hash, scratch));
    Cell stored;
    if (value && !decode_element(*value, stored)) return damaged();
    if (value && wins(stored, cell)) return {};
  }
  guard_.note(hash, cell.stamp);
  meta_.spilled = true;
  Bytes value;
  encode_element(cell, value);
  overlay_.set(key, hash, value);
  return {};
}

Result<void> Replica::clear_deleted_elements(const Bytes& row_key, Seconds now) {
  size_t left = kElementsClearedMax;
  for (auto id = merged_.spilled.begin(); id != merged_.spilled.end();) {
    if (!update_.deletion.any() && !update_.column_deletion(*id).any()) {
      ++id;
      continue;
    }
    const Timestamp deleted = deleted_in(merged_, *id);
    bool empty = true;
    ElementScan scan(db_, read_options(false), overlay_, row_key, *id);
    for (; scan.valid(); scan.next()) {
      KEYZONE_TRY(cell, scan.cell());
      if (left == 0 || cell.stamp > deleted) empty = false;
      if (left == 0) break;
      --left;
      if (cell.stamp <= deleted) overlay_.set(scan.key(), std::nullopt);
    }
    KEYZONE_CHECK(scan.status());
    if (empty) {
      id = merged_.spilled.erase(id);
    } else {
      note_garbage(now);
      ++id;
    }
  }
  return {};
}

// ---- Sweeping

Result<bool> Replica::sweep_elements(BytesView row_key, const Row& row, const Deletion& above,
                                     const SweepTime& time, Budget& left, Bytes& position) {
  const Bytes prefix = elements_prefix(row_key);
  MergedScan scan(db_, read_options(false), overlay_, prefix + position, prefix_successor(prefix));
  Row one;
  for (; scan.valid(); scan.next()) {
    const BytesView rest = scan.key().substr(prefix.size());
    if (!left.take(scan.key().size() + scan.value().size())) {
      position = rest;
      return false;
    }
    one.clear();
    Cell& cell = one.cells.emplace_back();
    if (rest.size() < sizeof(uint32_t) || !decode_element(scan.value(), cell)) return damaged();
    cell.column = ColumnId(load_be<uint32_t>(rest.data()));
    cell.path = rest.substr(sizeof(uint32_t));
    Deletion deletion = stronger(above, row.deletion);
    deletion = stronger(deletion, row.column_deletion(cell.column));
    bool changed = shadow(one, deletion);
    changed |= drop_gone_columns(one);
    changed |= purge(one, time.now, time.gc_grace);
    note_leftovers(one, time.now);
    if (!changed) continue;
    std::optional<Bytes> value;
    if (!one.cells.empty()) encode_element(one.cells[0], value.emplace());
    overlay_.set(scan.key(), value);
  }
  KEYZONE_CHECK(scan.status());
  return true;
}

Result<bool> Replica::forget_empty_collections(BytesView row_key, Row& row) const {
  bool changed = false;
  for (auto id = row.spilled.begin(); id != row.spilled.end();) {
    ElementScan scan(db_, read_options(false), overlay_, row_key, *id);
    KEYZONE_CHECK(scan.status());
    changed |= !scan.valid();
    id = scan.valid() ? id + 1 : row.spilled.erase(id);
  }
  return changed;
}

Result<void> Replica::forget_spilled_if_none() {
  if (!meta_.spilled) return {};
  const auto [first, last] = area_bounds(meta_.store, Area::kElements, meta_.tokens);
  MergedScan scan(db_, read_options(false), overlay_, first, last);
  KEYZONE_CHECK(scan.status());
  meta_.spilled = scan.valid();
  return {};
}

}  // namespace keyzone::storage
