#include "storage/overlay.h"

#include <algorithm>

#include "storage/row_key.h"
#include "storage/slices.h"
#include "storage/store.h"

namespace keyzone::storage {
namespace {

constexpr size_t kSlotsMin = 64;
constexpr size_t kSlotsKept = 2048;  // by every replica that was written to

bool is_row(BytesView key) { return static_cast<Area>(key[kStoreIdBytes]) == Area::kRows; }

}  // namespace

// The slot that has it, or the free one where it belongs. REQUIRES: there are slots
size_t Overlay::place_of(BytesView key, uint64_t hash) const {
  size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != 0) {
    const Row& row = rows_[slots_[at] - 1];
    if (row.hash == hash && row.key == key) break;
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

const std::optional<BytesView>* Overlay::find(BytesView key, uint64_t hash) const {
  const Entry* entry = nullptr;
  if (!is_row(key)) {
    const auto found = ordered_.find(key);
    if (found != ordered_.end()) entry = &found->second;
  } else if (!rows_.empty()) {
    const uint32_t number = slots_[place_of(key, hash)];
    if (number != 0) entry = &rows_[number - 1].entry;
  }
  return entry && entry->touched ? &entry->value : nullptr;
}

void Overlay::rehash(size_t slots) {
  slots_.assign(slots, 0);
  for (size_t i = 0; i < rows_.size(); ++i)
    slots_[place_of(rows_[i].key, rows_[i].hash)] = static_cast<uint32_t>(i + 1);
}

// Its number, from 0 on.
size_t Overlay::row_of(BytesView key, uint64_t hash) {
  if (slots_.size() < 2 * (rows_.size() + 1)) rehash(std::max(kSlotsMin, 2 * slots_.size()));
  uint32_t& slot = slots_[place_of(key, hash)];
  if (slot == 0) {
    rows_.push_back({hash, arena_.keep(key), {}});
    slot = static_cast<uint32_t>(rows_.size());
  }
  return slot - 1;
}

void Overlay::set(BytesView key, uint64_t hash, std::optional<BytesView> value) {
  Undo undo{};
  Entry* entry = nullptr;
  if (is_row(key)) {
    undo.row = row_of(key, hash);
    entry = &rows_[undo.row].entry;
  } else {
    auto found = ordered_.find(key);
    if (found == ordered_.end()) found = ordered_.try_emplace(arena_.keep(key)).first;
    entry = undo.ordered = &found->second;
  }
  undo.before = *entry;
  undo_.push_back(undo);
  entry->touched = true;
  entry->value = value ? std::optional(arena_.keep(*value)) : std::nullopt;
}

void Overlay::take_back_command() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo)
    (undo->ordered ? *undo->ordered : rows_[undo->row].entry) = undo->before;
  undo_.clear();
}

void Overlay::flush(leveldb::WriteBatch& batch, RowCache* cache) const {
  const auto put = [&](BytesView key, uint64_t hash, const Entry& e) {
    if (!e.touched) return;
    e.value ? batch.Put(slice_of(key), slice_of(*e.value)) : batch.Delete(slice_of(key));
    if (cache) cache->changed(key, hash, e.value);
  };
  for (const Row& row : rows_) put(row.key, row.hash, row.entry);
  for (const auto& [key, e] : ordered_) put(key, key_hash(key), e);
}

void Overlay::clear() {
  if (slots_.size() > kSlotsKept) {
    slots_ = {};
    rows_ = {};
  }
  std::fill(slots_.begin(), slots_.end(), 0);
  rows_.clear();
  ordered_.clear();
  undo_.clear();
  arena_.clear();
}

std::vector<Overlay::Change> Overlay::between(BytesView first, BytesView last) const {
  std::vector<Change> out;
  for (auto it = ordered_.lower_bound(first); it != ordered_.end() && it->first < last; ++it) {
    if (it->second.touched) out.push_back({it->first, it->second.value});
  }
  if (!is_row(first)) return out;
  for (const Row& row : rows_) {
    if (row.entry.touched && row.key >= first && row.key < last) out.push_back({row.key, row.entry.value});
  }
  std::sort(out.begin(), out.end(), [](const Change& a, const Change& b) { return a.key < b.key; });
  return out;
}

MergedScan::MergedScan(leveldb::DB* db, const leveldb::ReadOptions& options, const Overlay& overlay,
                       BytesView first, BytesView last)
    : it_(db->NewIterator(options)), last_(last) {
  if (!overlay.empty()) changes_ = overlay.between(first, last);
  it_->Seek({first.data(), first.size()});
  settle();
}

void MergedScan::next() {
  if (from_store_) it_->Next();
  settle();
}

void MergedScan::settle() {
  while (true) {
    const bool stored = it_->Valid() && view_of(it_->key()) < last_;
    const bool changed = change_ < changes_.size();
    valid_ = stored || changed;
    if (!valid_) return;
    if (changed && stored && changes_[change_].key == view_of(it_->key())) {
      it_->Next();
      continue;
    }
    from_store_ = stored && (!changed || view_of(it_->key()) < changes_[change_].key);
    if (from_store_) {
      key_ = view_of(it_->key());
      value_ = view_of(it_->value());
      return;
    }
    const Overlay::Change& change = changes_[change_++];
    if (!change.value) continue;
    key_ = change.key;
    value_ = *change.value;
    return;
  }
}

Result<void> MergedScan::status() const {
  if (!it_->status().ok()) return error_of(it_->status());
  return {};
}

}  // namespace keyzone::storage
