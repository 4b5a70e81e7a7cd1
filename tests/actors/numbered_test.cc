#include "actors/numbered.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace keyzone::actors {
namespace {

TEST(Numbered, GivesNumbersAndTakesThingsBackByThem) {
  Numbered<std::string> things;
  EXPECT_TRUE(things.empty());
  EXPECT_EQ(things.find(1), nullptr);
  auto [number, thing] = things.add();
  EXPECT_NE(number, 0u);
  EXPECT_EQ(thing, "");
  thing = "one";
  EXPECT_EQ(things.at(number), "one");
  EXPECT_EQ(things.find(0), nullptr);
  things.erase(number);
  EXPECT_FALSE(things.contains(number));
  EXPECT_EQ(things.add().second, "") << "nothing of who was there before";
}

// However long some stay: what is found is what was put there, at the same place, and numbers ascend.
TEST(Numbered, EqualsAMapAtRandom) {
  std::mt19937 random(5);
  Numbered<uint64_t> things;
  std::map<uint32_t, std::pair<uint64_t, const uint64_t*>> model;
  uint32_t last = 0;
  for (uint64_t step = 1; step < 200'000; ++step) {
    const size_t wanted = 1 + step / 1000 % 300;
    if (model.size() < wanted) {
      auto [number, thing] = things.add();
      ASSERT_GT(number, last);
      ASSERT_EQ(thing, 0u);
      last = number;
      thing = step;
      model[number] = {step, &thing};
      continue;
    }
    auto it = random() % 3 == 0 ? std::prev(model.end()) : model.begin();
    if (random() % 50 == 0) std::advance(it, random() % model.size() / 2);
    if (it == model.end()) continue;
    ASSERT_EQ(things.find(it->first), it->second.second);
    ASSERT_EQ(things.at(it->first), it->second.first);
    things.erase(it->first);
    ASSERT_FALSE(things.contains(it->first));
    model.erase(it);
    ASSERT_EQ(things.size(), model.size());
  }
  std::map<uint32_t, uint64_t> seen;
  things.each([&](uint32_t number, uint64_t thing) { seen[number] = thing; });
  ASSERT_EQ(seen.size(), model.size());
  for (const auto& [number, thing] : model) EXPECT_EQ(seen[number], thing.first);
  things.each([&](uint32_t number, uint64_t) { things.erase(number); });
  EXPECT_TRUE(things.empty());
}

}  // namespace
}  // namespace keyzone::actors
