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

Result<Replica::Place> Replica::place_of(const Mutation& mutation, const RowWrite& write) {
  const auto clustering = write.is_static ? std::nullopt : std::optional<BytesView>(write.clustering);
  key_.clear();
  append_row_key(key_, meta_.store, mutation.token, mutation.partition_key, clustering);
  KEYZONE_TRY(above, deletion_over(mutation.token, mutation.partition_key, clustering));
  return Place{key_, key_hash(key_), above};
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
  const auto& [key, hash, above] = place;
  guard_.bring(hash);
  stored_.row.clear();
  const auto ahead = looked_back_.find(context.ordinal);
  const bool built = ahead != looked_back_.end();
  const bool loaded = !built && needs_stored(write, columns_);
  if (built) {
    update_ = std::move(ahead->second);
  } else {
    const Sight sight{context.seen_at(), above.stamp};
    if (loaded) KEYZONE_CHECK(load_for_update(place, write, sight));
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
    if (!loaded) KEYZONE_CHECK(load_row(key, hash, stored_));
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
  put_row(key, hash, *result);
  return {};
}

// Lists by index or value: all elements decide.
Result<void> Replica::load_for_update(const Place& place, const RowWrite& write, const Sight& sight) {
  KEYZONE_CHECK(load_row(place.key, place.hash, stored_));
  if (stored_.row.spilled.empty()) return {};
  std::vector<ColumnId> columns;
  for (const CellWrite& cell : write.cells) {
    if (looks_back(cell.action)) columns.push_back(cell.column);
  }
  whole_.arena.clear();
  whole_.row = stored_.row;
  return load_elements(place.key, columns, {}, sight, whole_);
}

void Replica::put_row(BytesView key, uint64_t hash, const Row& row) {
  if (row.empty()) return overlay_.set(key, hash, std::nullopt);
  value_.clear();
  encode_row(row, value_);
  overlay_.set(key, hash, value_);
}

}  // namespace keyzone::storage
