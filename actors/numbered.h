// Things under numbers that it gives itself, ascending but for gaps; a number comes again after 2^32. Found
// at once, and where they are they stay, until erased; their memory is used again. For one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "schema/result.h"

namespace keyzone::actors {

template <class T>
class Numbered {
 public:
  // A new one, and its number, which is never 0.
  std::pair<uint32_t, T&> add() {
    if (slots_.size() < 2 * (size_ + 1)) grow();
    while (next_ == 0 || slot(next_).number != 0) ++next_;
    Slot& place = slot(next_);
    place.number = next_++;
    if (free_.empty()) {
      place.thing = std::make_unique<T>();
    } else {
      place.thing = std::move(free_.back());
      free_.pop_back();
    }
    ++size_;
    return {place.number, *place.thing};
  }

  T* find(uint32_t number) {
    if (slots_.empty() || number == 0) return nullptr;
    Slot& place = slot(number);
    return place.number == number ? place.thing.get() : nullptr;
  }
  bool contains(uint32_t number) { return find(number) != nullptr; }
  T& at(uint32_t number) {  // REQUIRES: contains()
    T* thing = find(number);
    KEYZONE_ASSERT(thing);
    return *thing;
  }

  void erase(uint32_t number) {  // REQUIRES: contains()
    KEYZONE_ASSERT(contains(number));
    Slot& place = slot(number);
    place.number = 0;
    --size_;
    std::unique_ptr<T> thing = std::move(place.thing);
    if (free_.size() == kFreeMax) return;
    std::destroy_at(thing.get());
    std::construct_at(thing.get());
    free_.push_back(std::move(thing));
  }

  // In no order that means anything. `visit(number, thing)` may erase that one, and add none.
  template <class Visit>
  void each(Visit&& visit) {
    for (Slot& place : slots_) {
      if (place.number != 0) visit(place.number, *place.thing);
    }
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() {
    slots_.clear();
    size_ = 0;
  }

 private:
  static constexpr size_t kSlotsMin = 16;
  static constexpr size_t kFreeMax = 64;

  struct Slot {
    uint32_t number = 0;  // 0: free
    std::unique_ptr<T> thing;
  };
  Slot& slot(uint32_t number) { return slots_[number & (slots_.size() - 1)]; }

  // What is apart in some slots is apart in twice as many.
  void grow() {
    std::vector<Slot> before = std::move(slots_);
    slots_ = std::vector<Slot>(before.empty() ? kSlotsMin : 2 * before.size());
    for (Slot& old : before) {
      if (old.number != 0) slot(old.number) = std::move(old);
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  std::vector<std::unique_ptr<T>> free_;
  size_t size_ = 0;
  uint32_t next_ = 1;
};

}  // namespace keyzone::actors
