#include "storage/replica.h"

#include <algorithm>

namespace keyzone::storage {
namespace {

Timestamp oldest_stamp(const Row& row) {
  Timestamp out = INT64_MAX;
  if (row.marker.any()) out = std::min(out, row.marker.stamp);
  if (row.deletion.any()) out = std::min(out, row.deletion.stamp);
  for (const auto& d : row.column_deletions) out = std::min(out, d.deletion.stamp);
  for (const Cell& c : row.cells) out = std::min(out, c.stamp);
  return out;
}

}  // namespace

Result<Replica::Place> Replica::place_of(const Mutation& mutation, const RowWrite& write) const {
  Place place;
  place.key = partition_prefix(meta_.store, Area::kRows, mutation.token, mutation.partition_key);
  place.key.reserve(place.key.size() + 1 + write.clustering.size());
  place.key.push_back(static_cast<char>(write.is_static ? RowKind::kStatic : RowKind::kRow));
  if (!write.is_static) place.key.append(write.clustering);
  const auto clustering = write.is_static ? std::nullopt : std::optional<BytesView>(write.clustering);
  KEYZONE_TRY(above, deletion_over(mutation.token, mutation.partition_key, clustering));
  place.above = above;
  return place;
}

// `context` is the command's, its ordinal that of the mutation's first row write.
Result<void> Replica::write_mutation(const Mutation& mutation, UpdateContext context) {
  context = context.of(mutation);
  const Deletion deletion{context.stamp - (context.conditional ? 1 : 0), context.made()};
  for (const RowWrite& write : mutation.rows) {
    switch (write.action) {
      case RowAction::kUpsert:
      case RowAction::kDeleteRow:
        KEYZONE_CHECK(write_row(mutation, write, context));
        break;
      case RowAction::kDeleteRange:
        KEYZONE_CHECK(delete_range(mutation, {write.clustering, write.clustering_end, deletion}));
        break;
      case RowAction::kDeletePartition:
        KEYZONE_CHECK(delete_partition(mutation, deletion));
        break;
    }
    ++context.ordinal;
  }
  return {};
}

Result<void> Replica::write_row(const Mutation& mutation, const RowWrite& write,
                                const UpdateContext& context) {
  KEYZONE_TRY(place, place_of(mutation, write));
  const auto& [key, above] = place;
  const uint64_t hash = hash_of(key);
  guard_.bring(hash);
  stored_.row.clear();
  const auto ahead = looked_back_.find(context.ordinal);
  const bool built = ahead != looked_back_.end();
  const bool loaded = !built && needs_stored(write);
  if (built) {
    update_ = std::move(ahead->second);
  } else {
    const Sight sight{context.seen_at(), above.stamp};
    if (loaded) KEYZONE_CHECK(load_for_update(key, write, sight));
    KEYZONE_CHECK(build_update(write, context, columns_, sight, seen_by_update(), update_, arena_));
  }
  // What is deleted already is not written, so that a tombstone may be forgotten once the rows below it are
  // swept.
  shadow(update_, above);
  if (update_.empty()) return {};
  note_stamp(update_.max_stamp());
  note_leftovers(update_, context.now());

  const Timestamp oldest = oldest_stamp(update_);
  const bool replaces = is_complete(write, update_, columns_);
  const Row* result = &update_;
  if (loaded || !replaces || meta_.spilled || oldest <= guard_.newest(hash)) {
    if (!loaded) KEYZONE_CHECK(load_row(key, stored_));
    // The same bytes as a blind put would give, whatever the guard remembers.
    const bool has_spilled = meta_.spilled && !stored_.row.spilled.empty();
    if (!replaces || has_spilled || oldest <= stored_.row.max_stamp()) {
      merge(stored_.row, update_, merged_);
      KEYZONE_CHECK(move_elements_out(key, context.now()));
      result = &merged_;
    }
  }
  guard_.note(hash, update_.max_stamp());
  if (options_.outright_deletes) {
    if (result == &update_) merged_ = update_;
    drop_tombstones(merged_);
    result = &merged_;
  }
  // Elements alone were written.
  if (!stored_.row.spilled.empty() && *result == stored_.row) return {};
  put_row(key, *result);
  return {};
}

// Lists by index or value: all elements decide.
Result<void> Replica::load_for_update(const Bytes& key, const RowWrite& write, const Sight& sight) {
  KEYZONE_CHECK(load_row(key, stored_));
  if (stored_.row.spilled.empty()) return {};
  std::vector<ColumnId> columns;
  for (const CellWrite& cell : write.cells) {
    if (looks_back(cell.action)) columns.push_back(cell.column);
  }
  whole_.arena.clear();
  whole_.row = stored_.row;
  return load_elements(key, columns, {}, sight, whole_);
}

void Replica::put_row(const Bytes& key, const Row& row) {
  if (row.empty()) {
    overlay_.set(key, std::nullopt);
    return;
  }
  constexpr size_t kHeadBytes = 32, kCellBytes = 12;
  size_t size = kHeadBytes;
  for (const Cell& cell : row.cells)
    size += kCellBytes + cell.path.size() + cell.value.size() + cell.written.size();
  Bytes value;
  value.reserve(size);
  encode_row(row, value);
  overlay_.set(key, std::move(value));
}

}  // namespace keyzone::storage
