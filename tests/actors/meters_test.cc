#include "actors/meters.h"

#include <gtest/gtest.h>

namespace keyzone::actors {
namespace {

Uuid table(uint8_t number) {
  Uuid id;
  id.bytes[0] = number;
  return id;
}

TEST(Meters, PercentilesAreAQuarterOffAtMost) {
  Meter meter;
  for (uint64_t value = 1; value <= 1000; ++value) meter.add(value);
  const auto fact = meter.fact();
  EXPECT_EQ(fact.count, 1000u);
  EXPECT_GE(fact.p50, 500u);
  EXPECT_LE(fact.p50, 625u);
  EXPECT_GE(fact.p99, 990u);
  EXPECT_LE(fact.max, 1250u);
  EXPECT_GE(fact.max, 1000u);
}

TEST(Meters, WhatIsLongAgoCountsInTheTotalAlone) {
  Meter meter;
  meter.add(5);
  meter.age();
  EXPECT_EQ(meter.fact().max, 5u) << "five minutes later it is still recent";
  meter.age();
  EXPECT_EQ(meter.fact().max, 0u);
  EXPECT_EQ(meter.fact().p99, 0u);
  EXPECT_EQ(meter.fact().count, 1u);
  meter.add(3);
  EXPECT_EQ(meter.fact().max, 3u);
}

TEST(Meters, ARateComesToWhatItIsAndFadesAway) {
  MovingRate rate;
  uint64_t total = 0;
  rate.tick(total += 50);
  EXPECT_DOUBLE_EQ(rate.per_second(), 10);
  rate.tick(total);
  EXPECT_LT(rate.per_second(), 10);
  EXPECT_GT(rate.per_second(), 9);
  for (int i = 0; i < 1000; ++i) rate.tick(total);
  EXPECT_LT(rate.per_second(), 0.001);
}

TEST(Meters, TablesThatWereDroppedAreForgottenButForTheirWork) {
  MeterBoard board;
  CurrentMeters meters(board);
  meters.of(table(1)).local_reads.add(7);
  meters.of(table(2)).local_scans.add(7);
  meters.of(table(2)).local_writes.add(7);
  EXPECT_EQ(board.facts().tables.size(), 2u);
  board.tick([](const Uuid& id) { return id == table(1); });  // at once: tests create and drop thousands
  const auto facts = board.facts();
  ASSERT_EQ(facts.tables.size(), 1u);
  EXPECT_EQ(facts.tables.at(table(1)).local_reads.count, 1u);
  ASSERT_EQ(facts.pools.size(), 3u);
  EXPECT_EQ(facts.pools[0].name, "MutationStage");
  EXPECT_EQ(facts.pools[0].completed, 1u);
  EXPECT_EQ(facts.pools[2].name, "ReadStage");
  EXPECT_EQ(facts.pools[2].completed, 2u);
}

}  // namespace
}  // namespace keyzone::actors
