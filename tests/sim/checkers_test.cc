// The checkers find what is wrong in planted histories, and nothing in good ones.
#include "sim/checkers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "actors/random.h"

namespace keyzone::sim {
namespace {

constexpr uint64_t kSteps = 1'000'000;

Operation read(int64_t value, Moment call, Moment answer) {
  return {Operation::Kind::kRead, value, kNothing, true, call, answer};
}
Operation write(int64_t value, Moment call, Moment answer = kOpen) {
  return {Operation::Kind::kWrite, value, kNothing, true, call, answer};
}
Operation compare(int64_t expected, int64_t value, bool applied, Moment call, Moment answer = kOpen) {
  return {Operation::Kind::kCompareAndSet, value, expected, applied, call, answer};
}

bool search_finds(const History& history) {
  bool gave_up = false;
  const bool found = check_register(history, kSteps, &gave_up).has_value();
  EXPECT_FALSE(gave_up);
  return found;
}
// Both checkers agree on registers without compare-and-set.
bool finds(const History& history) {
  const bool found = check_unique_register(history).has_value();
  EXPECT_EQ(found, search_finds(history));
  return found;
}

TEST(Register, ReadsWhatWasWritten) {
  EXPECT_FALSE(finds({}));
  EXPECT_FALSE(finds({read(kNothing, 1, 2), write(7, 3, 4), read(7, 5, 6)}));
}

TEST(Register, StaleRead) { EXPECT_TRUE(finds({write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)})); }

TEST(Register, LostWrite) { EXPECT_TRUE(finds({write(1, 1, 2), read(kNothing, 3, 4)})); }

TEST(Register, ValueFromNowhere) { EXPECT_TRUE(finds({write(1, 1, 2), read(9, 3, 4)})); }

TEST(Register, ReadFromTheFuture) { EXPECT_TRUE(finds({read(1, 1, 2), write(1, 3, 4)})); }

TEST(Register, ReadsGoBack) {
  EXPECT_TRUE(finds({write(1, 1, 2), write(2, 3, 20), read(2, 4, 5), read(1, 6, 7)}));
  EXPECT_FALSE(finds({write(1, 1, 2), write(2, 3, 20), read(1, 4, 5), read(2, 6, 7)}));
}

TEST(Register, OpenWriteMayTakeEffectLateOrNever) {
  EXPECT_FALSE(finds({write(1, 1, 2), write(2, 3), read(1, 4, 5), read(2, 6, 7)}));
  EXPECT_FALSE(finds({write(1, 1, 2), write(2, 3), read(1, 4, 5)}));
  EXPECT_TRUE(finds({write(1, 1, 2), write(2, 3), read(2, 4, 5), read(1, 6, 7)}));
}

TEST(Register, ValueThatComesAndGoesInsideAnother) {
  EXPECT_TRUE(finds({write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)}));
  EXPECT_TRUE(finds({write(1, 1, 2), read(1, 3, 4), write(2, 5, 6), read(1, 7, 8)}));
}

// Random histories of a true register are good; with one answer changed both checkers say the same.
TEST(Register, CheckersAgree) {
  actors::Random random(1);
  for (int round = 0; round < 2000; ++round) {
    History history;
    int64_t state = kNothing, next = 1;
    Moment now = 1;
    for (int i = 0; i < 12; ++i) {
      const Moment call = now + random.below(4);
      const bool writes = random.below(2) == 0;
      if (writes) state = next++;
      const Moment answer = writes && random.below(6) == 0 ? kOpen : call * 100 + 50 + random.below(400);
      history.push_back(writes ? write(state, call * 100 + history.size(), answer)
                               : read(state, call * 100 + history.size(), answer));
      now = call + 1;
    }
    std::vector<Moment> taken;
    for (auto& operation : history) {  // every moment is of one event
      while (!operation.is_open() && std::count(taken.begin(), taken.end(), operation.answer))
        ++operation.answer;
      taken.push_back(operation.answer);
    }
    EXPECT_FALSE(finds(history));
    auto& changed = history[random.below(history.size())];
    if (changed.kind != Operation::Kind::kRead) continue;
    changed.value = static_cast<int64_t>(random.below(static_cast<uint64_t>(next)));
    finds(history);
  }
}

TEST(CompareAndSet, Chain) {
  EXPECT_FALSE(search_finds({compare(kNothing, 1, true, 1, 2), compare(1, 2, true, 3, 4), read(2, 5, 6)}));
}

TEST(CompareAndSet, AppliedTwice) {
  EXPECT_TRUE(search_finds({write(1, 1, 2), compare(1, 2, true, 3, 8), compare(1, 3, true, 4, 9)}));
}

TEST(CompareAndSet, RefusedThoughItHeld) {
  EXPECT_TRUE(search_finds({write(1, 1, 2), compare(1, 2, false, 3, 4)}));
}

TEST(CompareAndSet, OpenOnesMayHaveHappened) {
  EXPECT_FALSE(search_finds({write(1, 1, 2), compare(1, 2, true, 3), read(2, 5, 6)}));
  EXPECT_FALSE(search_finds({write(1, 1, 2), compare(1, 2, true, 3), read(1, 5, 6)}));
  EXPECT_TRUE(search_finds({write(1, 1, 2), compare(5, 2, true, 3), read(2, 5, 6)}));
}

TEST(CompareAndSet, SaysWhereItWentWrong) {
  bool gave_up = false;
  const auto found =
      check_register({write(1, 1, 2), write(2, 3, 4), read(1, 5, 6), read(2, 7, 8)}, kSteps, &gave_up);
  ASSERT_TRUE(found);
  EXPECT_NE(found->find("read 1 (at 5..6)"), std::string::npos) << *found;
}

SetOperation insert(int64_t element, Moment call, Moment answer = kOpen) {
  SetOperation out;
  out.element = element;
  out.call = call;
  out.answer = answer;
  return out;
}
SetOperation insert_mortal(int64_t element, Moment call, Moment answer) {
  SetOperation out = insert(element, call, answer);
  out.mortal = true;
  return out;
}
SetOperation remove(int64_t first, int64_t last, Moment call, Moment answer = kOpen) {
  SetOperation out = insert(first, call, answer);
  out.is_removal = true;
  out.last = last;
  return out;
}
SetOperation read_all(std::vector<int64_t> elements, Moment call, Moment answer) {
  SetOperation out = insert(0, call, answer);
  out.is_read = true;
  out.elements = std::move(elements);
  return out;
}

TEST(Set, AcknowledgedElementsStay) {
  EXPECT_FALSE(check_set({insert(1, 1, 2), insert(2, 3), read_all({1}, 4, 5), read_all({1, 2}, 6, 7)}));
  EXPECT_TRUE(check_set({insert(1, 1, 2), insert(2, 3, 4), read_all({2}, 5, 6)}));
  EXPECT_FALSE(check_set({insert(1, 1, 9), read_all({}, 2, 3)}));
}

TEST(Set, NothingComesFromNowhere) {
  EXPECT_TRUE(check_set({read_all({3}, 1, 2)}));
  EXPECT_TRUE(check_set({read_all({1}, 1, 2), insert(1, 3, 4)}));
}

TEST(Set, WhatIsRemovedStaysAway) {
  EXPECT_FALSE(check_set({insert(1, 1, 2), insert(2, 1, 2), remove(1, 1, 3, 4), read_all({2}, 5, 6)}));
  EXPECT_TRUE(check_set({insert(1, 1, 2), insert(2, 1, 2), remove(1, 1, 3, 4), read_all({1, 2}, 5, 6)}));
  EXPECT_TRUE(check_set({insert(1, 1, 2), insert(2, 1, 2), remove(1, 1, 3, 4), read_all({}, 5, 6)}));
  EXPECT_FALSE(check_set({insert(1, 1, 8), remove(0, 9, 3, 4), read_all({1}, 9, 10)}));  // in either order
  EXPECT_FALSE(check_set({insert(1, 1, 2), remove(0, 9, 3), read_all({1}, 5, 6), read_all({}, 7, 8)}));
}

TEST(Set, MortalElementsMayGo) {
  EXPECT_FALSE(check_set({insert_mortal(1, 1, 2), read_all({1}, 3, 4), read_all({}, 5, 6)}));
}

CounterOperation add(Moment call, Moment answer = kOpen) { return {false, 0, call, answer}; }
CounterOperation read_counter(int64_t value, Moment call, Moment answer) {
  return {true, value, call, answer};
}

TEST(Counter, BetweenAcknowledgedAndAskedFor) {
  EXPECT_FALSE(check_counter({add(1, 2), add(3), read_counter(1, 4, 5), read_counter(2, 6, 7)}));
  EXPECT_TRUE(check_counter({add(1, 2), read_counter(0, 3, 4)}));
  EXPECT_TRUE(check_counter({add(1, 2), read_counter(2, 3, 4)}));
}

}  // namespace
}  // namespace keyzone::sim
