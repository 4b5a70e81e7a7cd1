#include "storage/overlay.h"

#include <algorithm>

#include "storage/row_key.h"
#include "storage/slices.h"
#include "storage/store.h"

namespace keyzone::storage {
namespace {

bool is_row(BytesView key) { return static_cast<Area>(key[kStoreIdBytes]) == Area::kRows; }

}  // namespace

const std::optional<Bytes>* Overlay::find(BytesView key) const {
  if (!is_row(key)) {
    const auto found = ordered_.find(key);
    return found == ordered_.end() || !found->second.touched ? nullptr : &found->second.value;
  }
  const auto found = rows_.find(key);
  return found == rows_.end() || !found->second.touched ? nullptr : &found->second.value;
}

Overlay::Entry& Overlay::entry(const Bytes& key) {
  if (!is_row(key)) return ordered_[key];
  const auto [place, added] = rows_.try_emplace(key);
  if (added) row_order_.push_back(&*place);
  return place->second;
}

void Overlay::set(const Bytes& key, std::optional<Bytes> value) {
  Entry& e = entry(key);
  undo_.push_back({&e, std::move(e)});
  e.touched = true;
  e.value = std::move(value);
}

void Overlay::take_back_command() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) *undo->entry = std::move(undo->before);
  undo_.clear();
}

void Overlay::flush(leveldb::WriteBatch& batch, RowCache* cache) const {
  const auto put = [&](const Bytes& key, const Entry& e) {
    if (!e.touched) return;
    e.value ? batch.Put(key, *e.value) : batch.Delete(key);
    if (cache) cache->changed(key, e.value);
  };
  for (const auto* row : row_order_) put(row->first, row->second);
  for (const auto& [key, e] : ordered_) put(key, e);
}

void Overlay::clear() {
  rows_.clear();
  row_order_.clear();
  ordered_.clear();
  undo_.clear();
}

std::vector<Overlay::Change> Overlay::between(BytesView first, BytesView last) const {
  std::vector<Change> out;
  for (auto it = ordered_.lower_bound(first); it != ordered_.end() && it->first < last; ++it) {
    if (it->second.touched) out.push_back({it->first, &it->second.value});
  }
  if (!is_row(first)) return out;
  for (const auto* row : row_order_) {
    if (row->second.touched && row->first >= first && row->first < last)
      out.push_back({row->first, &row->second.value});
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
    if (!*change.value) continue;
    key_ = change.key;
    value_ = **change.value;
    return;
  }
}

Result<void> MergedScan::status() const {
  if (!it_->status().ok()) return error_of(it_->status());
  return {};
}

}  // namespace keyzone::storage
