// The sweep: rows first, then tombstones of partitions and ranges. A row written after the sweep passed it
// carries nothing that those tombstones cover (Replica::write_row sees to that), so they may go once the rows
// are done.
#include <algorithm>
#include <limits>

#include "storage/replica.h"

namespace keyzone::storage {
namespace {

Bytes absolute(StoreId store, BytesView relative) {
  Bytes out;
  append_be(out, store.value);
  return out.append(relative);
}

// Where a step among the rows begins: a row's key without the store id; or, between two of a row's elements,
//   03, block key of the row, the element's key behind what all of the row's elements begin with.
struct RowPosition {
  Bytes row;
  bool within_row = false;
  Bytes element;
};

RowPosition decode_position_of_rows(BytesView from) {
  if (from.empty() || static_cast<Area>(from[0]) != Area::kElements) return {Bytes(from), false, {}};
  ByteReader in(from.substr(1));
  RowPosition out;
  out.row = in.block();
  out.element = in.rest();
  out.within_row = true;
  return out;
}

Bytes position_within(BytesView row, BytesView element) {
  Bytes out(1, static_cast<char>(Area::kElements));
  append_block(out, row);
  return out.append(element);
}

}  // namespace

int64_t TableReplica::sweep_due(int32_t gc_grace_seconds) const {
  const Leftovers& left = meta().leftovers;
  if (left.tombstones == kNothingToDrop) return left.garbage;
  return std::min(left.garbage, left.tombstones + gc_grace_seconds + 1);
}

void Replica::note_leftovers(const Row& row, Seconds now) {
  if (row.marker.any() && row.marker.expiry != 0) note_mortal(row.marker.expiry, row.marker.ttl, now);
  if (row.deletion.any()) note_tombstone(row.deletion.local);
  for (const auto& d : row.column_deletions) note_tombstone(d.deletion.local);
  for (const Cell& c : row.cells) note_leftovers(c, now);
}

void Replica::note_leftovers(const Cell& c, Seconds now) {
  if (c.tombstone)
    note_tombstone(c.expiry);
  else if (c.ttl != 0)
    note_mortal(c.expiry, c.ttl, now);
}

void Replica::note_garbage(Seconds from) {
  meta_.leftovers.note_garbage(from);
  meta_.since_pass.note_garbage(from);
}
void Replica::note_tombstone(Seconds made) {
  meta_.leftovers.note_tombstone(made);
  meta_.since_pass.note_tombstone(made);
}
// As in Cassandra, the grace of what expired counts from when it was written.
void Replica::note_mortal(Seconds expiry, int32_t ttl, Seconds now) {
  if (now < expiry)
    note_garbage(expiry);
  else
    note_tombstone(expiry - ttl);
}

Result<Outcome> Replica::sweep(const Sweep& sweep, Timestamp stamp) {
  const Seconds now = seconds_of(std::min(sweep.now, stamp));
  Budget left{std::max<uint32_t>(sweep.keys_max, 1), kSweepBytesMax};
  Outcome out;
  if (sweep.from.empty()) {
    meta_.since_pass = {};
    partition_deletions_.begin_pass();
    range_deletions_.begin_pass();
  }
  const bool rows = sweep.from.empty() || static_cast<Area>(sweep.from[0]) != Area::kDeletions;
  if (rows) {
    KEYZONE_TRY(done, sweep_rows(sweep, now, left, out.resume));
    if (!done) return out;
  }
  KEYZONE_TRY(done, sweep_deletions(sweep, now, left, out.resume));
  if (!done) return out;
  KEYZONE_CHECK(forget_spilled_if_none());
  meta_.leftovers = meta_.since_pass;
  partition_deletions_.end_pass();
  range_deletions_.end_pass();
  return out;
}

Result<bool> Replica::sweep_rows(const Sweep& sweep, Seconds now, Budget& left, Bytes& resume) {
  const auto [first, last] = area_bounds(meta_.store, Area::kRows, meta_.tokens);
  const RowPosition position = decode_position_of_rows(sweep.from);
  const Bytes from = sweep.from.empty() ? first : std::max(first, absolute(meta_.store, position.row));
  const SweepTime time{now, options_.outright_deletes ? 0 : sweep.gc_grace};
  MergedScan scan(db_, read_options(false), overlay_, from, last);
  for (; scan.valid(); scan.next()) {
    const BytesView relative = scan.key().substr(kStoreIdBytes);
    const bool within = position.within_row && relative == BytesView(position.row);
    if (!within && !left.take(scan.key().size() + scan.value().size())) {
      resume = relative;
      return false;
    }
    Bytes element = within ? position.element : Bytes();
    KEYZONE_TRY(done, sweep_row(scan.key(), scan.value(), time, left, element));
    if (!done) {
      resume = position_within(relative, element);
      return false;
    }
  }
  KEYZONE_CHECK(scan.status());
  return true;
}

Timestamp Replica::gone_until(ColumnId id) const {
  if (const Column* column = columns_.find(id)) return column->dropped_at;
  const auto same = [&](const DroppedColumn& dropped) { return dropped.id == id; };
  const auto dropped = std::find_if(table_->dropped.begin(), table_->dropped.end(), same);
  return dropped == table_->dropped.end() ? std::numeric_limits<Timestamp>::max() : dropped->dropped_at;
}

bool Replica::drop_gone_columns(Row& row) const {
  const size_t cells =
      std::erase_if(row.cells, [&](const Cell& c) { return c.stamp <= gone_until(c.column); });
  const size_t deletions = std::erase_if(
      row.column_deletions, [&](const auto& d) { return d.deletion.stamp <= gone_until(d.column); });
  return cells + deletions > 0;
}

Result<bool> Replica::sweep_row(BytesView key, BytesView value, const SweepTime& time, Budget& left,
                                Bytes& position) {
  const auto parsed = parse_key(key);
  if (!parsed || !decode_row(value, stored_.row)) return Error{ErrorKind::kCorrupt, "a row does not decode"};
  const bool is_static = static_cast<RowKind>(parsed->kind) == RowKind::kStatic;
  const auto clustering = is_static ? std::nullopt : std::optional<BytesView>(parsed->rest);
  KEYZONE_TRY(above, deletion_over(parsed->token, parsed->partition_key, clustering));
  Row& row = stored_.row;
  bool changed = false;
  if (!row.spilled.empty()) {
    KEYZONE_TRY(done, sweep_elements(key, row, above, time, left, position));
    if (!done) return false;
    KEYZONE_TRY(fewer, forget_empty_collections(key, row));
    changed = fewer;
  }
  changed |= shadow(row, above);
  changed |= drop_gone_columns(row);
  changed |= purge(row, time.now, time.gc_grace);
  const bool has_columns = !row.spilled.empty() || std::any_of(row.cells.begin(), row.cells.end(), is_column);
  if (!row.marker.any() && !has_columns) {
    changed |= !row.cells.empty();
    row.cells.clear();  // how a row was written that is no more
  }
  note_leftovers(row, time.now);
  if (changed) put_row(key, key_hash(key), row);
  return true;
}

Result<bool> Replica::sweep_deletions(const Sweep& sweep, Seconds now, Budget& left, Bytes& resume) {
  const auto [first, last] = area_bounds(meta_.store, Area::kDeletions, meta_.tokens);
  const bool resumed = !sweep.from.empty() && static_cast<Area>(sweep.from[0]) == Area::kDeletions;
  const Bytes from = resumed ? std::max(first, absolute(meta_.store, sweep.from)) : first;
  const Seconds gc_grace = options_.outright_deletes ? 0 : sweep.gc_grace;
  MergedScan scan(db_, read_options(false), overlay_, from, last);
  for (; scan.valid(); scan.next()) {
    if (!left.take(scan.key().size() + scan.value().size())) {
      resume = scan.key().substr(kStoreIdBytes);
      return false;
    }
    Deletion deletion;
    Bytes start;
    if (!decode_deletion(scan.value(), deletion, start))
      return Error{ErrorKind::kCorrupt, "a tombstone does not decode"};
    if (deletion.local + gc_grace < now) {
      overlay_.set(scan.key(), std::nullopt);
      continue;
    }
    const auto key = parse_key(scan.key());
    if (!key) return Error{ErrorKind::kCorrupt, "a tombstone's key does not parse"};
    note_tombstone(deletion.local);
    deletions_of(static_cast<DeletionKind>(key->kind)).add(partition_hash(key->token, key->partition_key));
  }
  KEYZONE_CHECK(scan.status());
  return true;
}

}  // namespace keyzone::storage
