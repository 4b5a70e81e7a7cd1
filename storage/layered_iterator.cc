#include "storage/layered_iterator.h"

#include <algorithm>

#include "schema/result.h"
#include "storage/slices.h"

namespace keyzone::storage {
namespace {

// A run of one of the memtables.
class RunCursor {
 public:
  explicit RunCursor(Memtable::RunPtr run) : run_(std::move(run)), at_(run_->size()) {}

  bool valid() const { return at_ < run_->size(); }
  BytesView key() const { return entry().key(); }
  const Memtable::Entry& entry() const { return *(*run_)[at_].entry; }

  void seek(uint64_t rank, BytesView key) {
    const auto found = std::partition_point(run_->begin(), run_->end(), [&](const Memtable::Item& item) {
      return Memtable::is_before(item, rank, key);
    });
    at_ = static_cast<size_t>(found - run_->begin());
  }
  void seek_to_first() { at_ = 0; }
  void seek_to_last() { at_ = run_->size() - 1; }
  void next() { ++at_; }
  void previous() { --at_; }  // the first's wraps: no place

 private:
  Memtable::RunPtr run_;
  size_t at_;
};

class LayeredIterator final : public leveldb::Iterator {
 public:
  LayeredIterator(std::vector<MemtablePtr> tables, std::unique_ptr<leveldb::Iterator> below,
                  const uint64_t* applied)
      : tables_(std::move(tables)), below_(std::move(below)), applied_(applied) {
    if (applied_) seen_ = *applied_;
    for (const auto& table : tables_) {
      for (const auto& run : table->runs()) runs_.emplace_back(run);
    }
  }

  bool Valid() const override { return current_ != kNone; }
  leveldb::Slice key() const override { return slice_of(key_of(current_)); }
  leveldb::Slice value() const override {
    return current_ == kBelow ? below_->value() : slice_of(runs_[current_].entry().value());
  }
  leveldb::Status status() const override { return below_->status(); }

  void Seek(const leveldb::Slice& target) override {
    check();
    seek_all(view_of(target));
    forward_ = true;
    settle();
  }
  void SeekToFirst() override { start(true); }
  void SeekToLast() override { start(false); }
  void Next() override { move(true); }
  void Prev() override { move(false); }

 private:
  static constexpr size_t kBelow = SIZE_MAX - 1, kNone = SIZE_MAX;

  void check() const { KEYZONE_ASSERT(!applied_ || *applied_ == seen_); }

  BytesView key_of(size_t layer) const {
    return layer == kBelow ? view_of(below_->key()) : runs_[layer].key();
  }
  bool is_deleted(size_t layer) const { return layer != kBelow && runs_[layer].entry().is_deleted(); }

  void seek_all(BytesView key) {
    const uint64_t rank = Memtable::rank_of(key);
    for (auto& run : runs_) run.seek(rank, key);
    below_->Seek(slice_of(key));
  }

  // From the one end or the other.
  void start(bool forward) {
    check();
    for (auto& run : runs_) forward ? run.seek_to_first() : run.seek_to_last();
    forward ? below_->SeekToFirst() : below_->SeekToLast();
    forward_ = forward;
    settle();
  }

  void move(bool forward) {
    check();
    if (forward_ != forward) turn();
    step_over(key_of(current_));
    settle();
  }

  // Every layer stands at the current key or beyond it in the present direction; from here on, in the other.
  void turn() {
    forward_ = !forward_;
    turning_.assign(key_of(current_));
    seek_all(turning_);
    if (forward_) return;
    for (auto& run : runs_) {
      if (run.valid() && run.key() == turning_) continue;
      run.valid() ? run.previous() : run.seek_to_last();
    }
    if (!below_->Valid()) {
      below_->SeekToLast();
    } else if (view_of(below_->key()) != turning_) {
      below_->Prev();
    }
  }

  // All layers that stand at `key`, the current one's last: it may be that one's bytes.
  void step_over(BytesView key) {
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (i != current_ && runs_[i].valid() && runs_[i].key() == key) step(i);
    }
    if (current_ != kBelow && below_->Valid() && view_of(below_->key()) == key) step(kBelow);
    step(current_);
  }
  void step(size_t layer) {
    if (layer == kBelow)
      forward_ ? below_->Next() : below_->Prev();
    else
      forward_ ? runs_[layer].next() : runs_[layer].previous();
  }

  // The first key that comes, from the newest layer that has it.
  void settle() {
    while (true) {
      current_ = kNone;
      BytesView first;
      const auto look_at = [&](size_t layer, BytesView key) {
        if (current_ != kNone && !(forward_ ? key < first : key > first)) return;
        current_ = layer;
        first = key;
      };
      for (size_t i = 0; i < runs_.size(); ++i) {
        if (runs_[i].valid()) look_at(i, runs_[i].key());
      }
      if (below_->Valid()) look_at(kBelow, view_of(below_->key()));
      if (current_ == kNone || !is_deleted(current_)) return;
      step_over(first);
    }
  }

  const std::vector<MemtablePtr> tables_;
  std::vector<RunCursor> runs_;  // the newest table's first
  const std::unique_ptr<leveldb::Iterator> below_;
  const uint64_t* applied_;
  uint64_t seen_ = 0;
  size_t current_ = kNone;  // one of runs_, or kBelow
  bool forward_ = true;
  Bytes turning_;
};

}  // namespace

leveldb::Iterator* new_layered_iterator(std::vector<MemtablePtr> tables,
                                        std::unique_ptr<leveldb::Iterator> below, const uint64_t* applied) {
  return new LayeredIterator(std::move(tables), std::move(below), applied);
}

}  // namespace keyzone::storage
