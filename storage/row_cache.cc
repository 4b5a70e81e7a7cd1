#include "storage/row_cache.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace keyzone::storage {

uint64_t RowCache::hash_of(BytesView key) {
  const uint64_t hash = XXH3_64bits(key.data(), key.size());
  return hash ? hash : 1;
}

RowCache::Row* RowCache::find_row(BytesView key, uint64_t hash) {
  if (sets_.empty()) return nullptr;
  Set& set = set_of(hash);
  for (size_t way = 0; way < kWays; ++way) {
    if (set.hashes[way] != hash) continue;
    Row& row = set.rows[way];
    if (BytesView(row.bytes).substr(0, row.key_size) == key) return &row;
  }
  return nullptr;
}

bool RowCache::find(BytesView key, Bytes& value) {
  Row* row = find_row(key, hash_of(key));
  if (!row) return false;
  row->used = true;
  value.assign(row->bytes, row->key_size);
  return true;
}

void RowCache::put(BytesView key, BytesView value) {
  if (bytes_max_ == 0 || key.size() + value.size() > kRowBytesMax) return;
  if (sets_.empty()) sets_.resize(std::max<size_t>(1, bytes_max_ / (kWays * kRowBytesTypical)));
  const uint64_t hash = hash_of(key);
  if (Row* row = find_row(key, hash)) return fill(*row, key, value);
  Set& set = set_of(hash);
  const size_t way = free_way(set);
  set.hashes[way] = hash;
  set.rows[way].used = false;
  fill(set.rows[way], key, value);
  shrink();
}

void RowCache::changed(BytesView key, const std::optional<Bytes>& value) {
  const uint64_t hash = hash_of(key);
  Row* row = find_row(key, hash);
  if (!row) return;
  Set& set = set_of(hash);
  if (!value || key.size() + value->size() > kRowBytesMax)
    return drop(set, static_cast<size_t>(row - set.rows.data()));
  fill(*row, key, *value);
  shrink();
}

void RowCache::clear() {
  sets_ = {};
  bytes_ = hand_ = 0;
}

// A free one, else that of a row that was not found since the set's hand passed it.
size_t RowCache::free_way(Set& set) {
  for (size_t way = 0; way < kWays; ++way) {
    if (set.hashes[way] == 0) return way;
  }
  while (true) {
    const size_t way = set.hand;
    set.hand = static_cast<uint8_t>((way + 1) % kWays);
    if (std::exchange(set.rows[way].used, false)) continue;
    drop(set, way);
    return way;
  }
}

void RowCache::fill(Row& row, BytesView key, BytesView value) {
  bytes_ -= row.bytes.size();
  const size_t size = key.size() + value.size();
  if (row.bytes.capacity() < size || row.bytes.capacity() > 2 * size) row.bytes = Bytes();
  row.bytes.reserve(size);
  row.bytes.assign(key).append(value);
  row.key_size = static_cast<uint32_t>(key.size());
  bytes_ += size;
}

void RowCache::drop(Set& set, size_t way) {
  bytes_ -= set.rows[way].bytes.size();
  set.hashes[way] = 0;
  set.rows[way] = Row();
}

// The sets in turn give up what was not found since their last turn.
void RowCache::shrink() {
  while (bytes_ > bytes_max_) {
    Set& set = sets_[hand_];
    hand_ = (hand_ + 1) % sets_.size();
    for (size_t way = 0; way < kWays; ++way) {
      if (set.hashes[way] == 0 || std::exchange(set.rows[way].used, false)) continue;
      drop(set, way);
    }
  }
}

}  // namespace keyzone::storage
