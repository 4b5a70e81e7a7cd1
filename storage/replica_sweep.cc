// The sweep: rows first, then tombstones of partitions and ranges. A row written after the sweep passed it
// carries nothing that those tombstones cover (Replica::write_row sees to that), so they may go once the rows
// are done.
#include <algorithm>

#include "storage/replica.h"

namespace keyzone::storage {
namespace {

Bytes absolute(StoreId store, BytesView relative) {
  Bytes out;
  append_be(out, store.value);
  return out.append(relative);
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
  for (const Cell& c : row.cells) {
    if (c.tombstone) note_tombstone(c.expiry);
    else if (c.ttl != 0) note_mortal(c.expiry, c.ttl, now);
  }
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
  if (now < expiry) note_garbage(expiry);
  else note_tombstone(expiry - ttl);
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
  const bool rows = sweep.from.empty() || static_cast<Area>(sweep.from[0]) == Area::kRows;
  if (rows) {
    KEYZONE_TRY(done, sweep_rows(sweep, now, left, out.resume));
    if (!done) return out;
  }
  KEYZONE_TRY(done, sweep_deletions(sweep, now, left, out.resume));
  if (!done) return out;
  meta_.leftovers = meta_.since_pass;
  partition_deletions_.end_pass();
  range_deletions_.end_pass();
  return out;
}

Result<bool> Replica::sweep_rows(const Sweep& sweep, Seconds now, Budget& left, Bytes& resume) {
  const auto [first, last] = area_bounds(meta_.store, Area::kRows, meta_.tokens);
  const Bytes from = sweep.from.empty() ? first : std::max(first, absolute(meta_.store, sweep.from));
  const Seconds gc_grace = options_.outright_deletes ? 0 : sweep.gc_grace;
  MergedScan scan(db_, read_options(false), overlay_, from, last);
  for (; scan.valid(); scan.next()) {
    if (!left.take(scan.key().size() + scan.value().size())) {
      resume = scan.key().substr(kStoreIdBytes);
      return false;
    }
    KEYZONE_CHECK(sweep_row(scan.key(), scan.value(), now, gc_grace));
  }
  KEYZONE_CHECK(scan.status());
  return true;
}

Result<void> Replica::sweep_row(BytesView key, BytesView value, Seconds now, Seconds gc_grace) {
  const auto parsed = parse_key(key);
  if (!parsed || !decode_row(value, stored_.row)) return Error{ErrorKind::kCorrupt, "a row does not decode"};
  const bool is_static = static_cast<RowKind>(parsed->kind) == RowKind::kStatic;
  const auto clustering = is_static ? std::nullopt : std::optional<BytesView>(parsed->rest);
  KEYZONE_TRY(above, deletion_over(parsed->token, parsed->partition_key, clustering));
  Row& row = stored_.row;
  bool changed = shadow(row, above);
  const auto gone = [&](const Cell& c) {
    const Column* column = columns_.find(c.column);
    return !column || c.stamp <= column->dropped_at;
  };
  changed |= std::erase_if(row.cells, gone) > 0;
  changed |= std::erase_if(row.column_deletions, [&](const auto& d) { return !columns_.find(d.column); }) > 0;
  changed |= purge(row, now, gc_grace);
  if (!row.marker.any() && std::none_of(row.cells.begin(), row.cells.end(), is_column)) {
    changed |= !row.cells.empty();
    row.cells.clear();  // how a row was written that is no more
  }
  note_leftovers(row, now);
  if (changed) put_row(Bytes(key), row);
  return {};
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
      overlay_.set(Bytes(scan.key()), std::nullopt);
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
