#include "storage/row_cache.h"

#include <algorithm>
#include <new>

namespace keyzone::storage {

void RowCache::bring_set(uint64_t hash) const {
  if (sets_.empty()) return;
  const Set& set = sets_[number_of(hash)];
  __builtin_prefetch(&set.hashes);
  __builtin_prefetch(&set.rows);
}

void RowCache::bring_row(uint64_t hash) const {
  if (sets_.empty()) return;
  const Set& set = sets_[number_of(hash)];
  for (size_t way = 0; way < kWays; ++way) {
    if (set.hashes[way] == hash) __builtin_prefetch(set.rows[way].get());
  }
}

size_t RowCache::find_way(const Set& set, BytesView key, uint64_t hash) const {
  for (size_t way = 0; way < kWays; ++way) {
    if (set.hashes[way] == hash && set.rows[way]->key() == key) return way;
  }
  return kNone;
}

bool RowCache::find(BytesView key, uint64_t hash, Bytes& value) {
  if (sets_.empty()) return false;
  const size_t number = number_of(hash);
  const size_t way = find_way(sets_[number], key, hash);
  if (way == kNone) return false;
  turns_[number].used |= static_cast<uint8_t>(1 << way);
  value.assign(sets_[number].rows[way]->value());
  return true;
}

void RowCache::put(BytesView key, uint64_t hash, BytesView value) {
  if (bytes_max_ == 0 || key.size() + value.size() > kRowBytesMax) return;
  if (sets_.empty()) {
    sets_.resize(std::max<size_t>(1, bytes_max_ / (kWays * kRowBytesTypical)));
    turns_.resize(sets_.size());
  }
  const size_t number = number_of(hash);
  Set& set = sets_[number];
  size_t way = find_way(set, key, hash);
  if (way == kNone) {
    way = free_way(number);
    set.hashes[way] = hash;
    turns_[number].take_used(way);
  }
  fill(set.rows[way], key, value);
  shrink();
}

void RowCache::changed(BytesView key, uint64_t hash, std::optional<BytesView> value) {
  if (sets_.empty()) return;
  Set& set = sets_[number_of(hash)];
  const size_t way = find_way(set, key, hash);
  if (way == kNone) return;
  if (!value || key.size() + value->size() > kRowBytesMax) return drop(set, way);
  fill(set.rows[way], key, *value);
  shrink();
}

void RowCache::clear() {
  sets_ = std::vector<Set>();
  turns_ = std::vector<Turn>();
  bytes_ = hand_ = 0;
}

// Whether it was found since the last turn; not from now on.
bool RowCache::Turn::take_used(size_t way) {
  const auto bit = static_cast<uint8_t>(1 << way);
  const bool was = used & bit;
  used &= static_cast<uint8_t>(~bit);
  return was;
}

// A free one, else that of a row that was not found since the set's hand passed it.
size_t RowCache::free_way(size_t number) {
  Set& set = sets_[number];
  for (size_t way = 0; way < kWays; ++way) {
    if (set.hashes[way] == 0) return way;
  }
  Turn& turn = turns_[number];
  while (true) {
    const size_t way = turn.hand;
    turn.hand = static_cast<uint8_t>((way + 1) % kWays);
    if (turn.take_used(way)) continue;
    drop(set, way);
    return way;
  }
}

void RowCache::fill(RowPtr& row, BytesView key, BytesView value) {
  const size_t size = key.size() + value.size();
  if (!row || row->size() != size) {
    if (row) bytes_ -= row->size();
    row.reset(new (::operator new(sizeof(Row) + size)) Row);
    bytes_ += size;
  }
  row->key_size = static_cast<uint32_t>(key.size());
  row->value_size = static_cast<uint32_t>(value.size());
  std::copy(key.begin(), key.end(), row->bytes());
  std::copy(value.begin(), value.end(), row->bytes() + key.size());
}

void RowCache::drop(Set& set, size_t way) {
  bytes_ -= set.rows[way]->size();
  set.hashes[way] = 0;
  set.rows[way].reset();
}

// The sets in turn give up what was not found since their last turn.
void RowCache::shrink() {
  while (bytes_ > bytes_max_) {
    Set& set = sets_[hand_];
    Turn& turn = turns_[hand_];
    hand_ = (hand_ + 1) % sets_.size();
    for (size_t way = 0; way < kWays; ++way) {
      if (set.hashes[way] != 0 && !turn.take_used(way)) drop(set, way);
    }
  }
}

}  // namespace keyzone::storage
