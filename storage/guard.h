// Which rows may be overwritten without being read: remembers the newest stamp of the rows written last, and
// the highest stamp of all it forgot. Bounded; its answers are upper bounds, so that forgetting costs a read
// at most.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "schema/ids.h"

namespace keyzone::storage {

class Guard {
 public:
  // `floor`: no stamp in the store is above it.
  Guard(Timestamp floor, size_t entries_max)
      : floor_(floor), half_max_(std::max<size_t>(entries_max / 2, 16)) {}

  // Nothing stored under the key with this hash has a stamp above the one given here.
  Timestamp newest(uint64_t hash) const {
    if (const Timestamp* stamp = young_.find(hash)) return *stamp;
    if (const Timestamp* stamp = old_.find(hash)) return *stamp;
    return floor_;
  }

  // Something was written under the key, stamped `stamp` at most.
  void note(uint64_t hash, Timestamp stamp) {
    stamp = std::max(stamp, newest(hash));
    young_.put(hash, stamp);
    if (young_.size() < half_max_) return;
    floor_ = std::max(floor_, old_.newest());
    std::swap(old_, young_);
    young_.clear();
  }

  // newest() or note() is soon asked for it: it need not wait for memory then.
  void bring(uint64_t hash) const {
    young_.bring(hash);
    old_.bring(hash);
  }

  Timestamp floor() const { return floor_; }

 private:
  // Open addressing over a power of two, at most half full. Hash 0 is stored as 1: an upper bound stays one.
  class Generation {
   public:
    const Timestamp* find(uint64_t hash) const {
      if (slots_.empty()) return nullptr;
      const Slot& slot = slots_[place(hash | !hash)];
      return slot.hash ? &slot.stamp : nullptr;
    }
    void put(uint64_t hash, Timestamp stamp) {
      if (slots_.size() < 2 * (size_ + 1)) grow();
      Slot& slot = slots_[place(hash | !hash)];
      if (!slot.hash) ++size_;
      slot.stamp = slot.hash ? std::max(slot.stamp, stamp) : stamp;
      slot.hash = hash | !hash;
      newest_ = std::max(newest_, stamp);
    }
    void bring(uint64_t hash) const {
      if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
    }
    void clear() {
      std::fill(slots_.begin(), slots_.end(), Slot{});
      size_ = 0;
      newest_ = kNoTimestamp;
    }
    size_t size() const { return size_; }
    Timestamp newest() const { return newest_; }

   private:
    struct Slot {
      uint64_t hash = 0;  // 0: free
      Timestamp stamp = 0;
    };
    size_t place(uint64_t hash) const {
      size_t at = hash & (slots_.size() - 1);
      while (slots_[at].hash && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
      return at;
    }
    void grow() {
      std::vector<Slot> before = std::move(slots_);
      slots_.assign(std::max<size_t>(64, before.size() * 2), Slot{});
      for (const Slot& slot : before) {
        if (slot.hash) slots_[place(slot.hash)] = slot;
      }
    }

    std::vector<Slot> slots_;
    size_t size_ = 0;
    Timestamp newest_ = kNoTimestamp;
  };

  Timestamp floor_;
  size_t half_max_;
  Generation young_, old_;
};

}  // namespace keyzone::storage
