// Sweeps: what they drop, what they leave, and when the next one has something to do.
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

using Cells = std::vector<std::optional<Bytes>>;

class SweepTest : public testing::Test {
 protected:
  TestReplica t{sample_table()};
};

TEST_F(SweepTest, TheSweepForgetsWhatIsLongGone) {
  t.apply(insert(1, 1, {set_cell(kA, int_value(1))}, kNoTimestamp, 5), kStart);
  t.apply(insert(1, 2, {set_cell(kA, int_value(1))}), kStart + 1);
  t.apply(insert(2, 1, {set_cell(kA, int_value(1))}), kStart + 2);
  t.apply(insert(2, 5, {set_cell(kA, int_value(1))}), kStart + 3);
  t.apply(insert(3, 5, {set_cell(kA, int_value(1))}), kStart + 4);
  t.apply(delete_row(1, 2), kStart + 5);
  t.apply(delete_partition(2), kStart + 6);
  t.apply(delete_range(3, 0, 9), kStart + 7);
  t.apply(insert(4, 5, {set_cell(kA, int_value(1))}), kStart + 8);
  const auto pass = [&](Timestamp now) {
    Command c;
    c.sweep = Sweep{now, 100, {}, 2};
    int steps = 0;
    do {
      const Outcome o = t.apply(c, now + ++steps);
      EXPECT_EQ(o.kind, OutcomeKind::kDone);
      c.sweep->from = o.resume;
    } while (!c.sweep->from.empty() && steps < 100);
    return steps;
  };
  pass(kStart + 50 * kSecond);
  EXPECT_EQ(t.dump().size(), 5u);  // (1,1) and (1,2) as tombstones, two deletions, (4,5)
  EXPECT_GT(pass(kStart + 200 * kSecond), 1);
  EXPECT_EQ(t.dump().size(), 1u);
  EXPECT_EQ(t.row(4, 5, {kA}), (Cells{int_value(1)}));
}

// One pass, in steps of two keys; its last step comes `steps` microseconds later.
void sweep_all(TestReplica& t, Timestamp now, int32_t gc_grace) {
  Command c;
  int steps = 0;
  do {
    c.sweep = Sweep{now, gc_grace, c.sweep ? c.sweep->from : Bytes(), 2};
    c.sweep->from = t.apply(c, now + ++steps).resume;
  } while (!c.sweep->from.empty() && steps < 100);
}

TEST_F(SweepTest, WithNothingToDropNoSweepIsDue) {
  constexpr int64_t kStartSecond = kStart / kSecond;
  EXPECT_EQ(t->sweep_due(100), kNothingToDrop);
  t.apply(insert(1, 1, {set_cell(kA, int_value(1)), set_cell(kB, "b")}), kStart);
  t.apply(update(1, 1, {set_cell(kA, int_value(2))}), kStart + 1);
  EXPECT_EQ(t->sweep_due(100), kNothingToDrop);

  t.apply(update(1, 1, {delete_cell(kB)}), kStart + 2);
  EXPECT_EQ(t->sweep_due(100), kStartSecond + 101);
  EXPECT_EQ(t->sweep_due(0), kStartSecond + 1);
  t.apply(insert(2, 2, {set_cell(kA, int_value(1))}, kNoTimestamp, 30), kStart + 5 * kSecond);
  EXPECT_EQ(t->sweep_due(100), kStartSecond + 35);
  t.restart();
  EXPECT_EQ(t->sweep_due(100), kStartSecond + 35);

  // empties what expired; its husk goes a grace after it was written
  sweep_all(t, kStart + 40 * kSecond, 100);
  EXPECT_EQ(t->sweep_due(100), kStartSecond + 101);
  sweep_all(t, kStart + 102 * kSecond, 100);
  EXPECT_EQ(t->sweep_due(100), kStartSecond + 106);
  sweep_all(t, kStart + 106 * kSecond, 100);
  EXPECT_EQ(t->sweep_due(100), kNothingToDrop);
  EXPECT_EQ(t.dump().size(), 1u);
}

TEST_F(SweepTest, WhatAPassDoesNotSeeIsDueAfterIt) {
  constexpr int64_t kStartSecond = kStart / kSecond;
  for (int ck = 0; ck < 6; ++ck) t.apply(insert(1, ck, {set_cell(kA, int_value(1))}), kStart + ck);
  t.apply(delete_row(1, 5), kStart + 10);
  Command c;
  c.sweep = Sweep{kStart + 20 * kSecond, 10, {}, 3};
  c.sweep->from = t.apply(c, kStart + 20 * kSecond).resume;
  ASSERT_FALSE(c.sweep->from.empty());
  t.apply(delete_row(1, 0), kStart + 21 * kSecond);  // behind the pass
  t.apply(delete_range(1, 1, 3), kStart + 21 * kSecond + 1);
  EXPECT_EQ(t->sweep_due(10), kStartSecond + 11);
  while (!c.sweep->from.empty()) c.sweep->from = t.apply(c, t.now() + 1).resume;
  EXPECT_EQ(t->sweep_due(10), kStartSecond + 21);  // rows 1 and 2 lie below the range
  sweep_all(t, kStart + 25 * kSecond, 10);
  EXPECT_EQ(t->sweep_due(10), kStartSecond + 32);
  EXPECT_EQ(t.dump().size(), 4u);  // 0 as a tombstone, 3, 4, the range
  sweep_all(t, kStart + 32 * kSecond, 10);
  EXPECT_EQ(t->sweep_due(10), kNothingToDrop);
  EXPECT_EQ(t.dump().size(), 2u);
}

TEST_F(SweepTest, CellsOfADroppedColumnAreSwept) {
  t.apply(insert(1, 1, {set_cell(kA, int_value(1)), set_cell(kB, "b")}), kStart);
  auto narrower = std::make_shared<Table>(t.table());
  std::erase_if(narrower->columns, [](const Column& column) { return column.id == kB; });
  narrower->version = 2;
  t.set_table(narrower);
  t->set_schema(narrower);
  const auto before = t.dump();
  sweep_all(t, kStart + kSecond, 100);
  EXPECT_EQ(t->sweep_due(100), kNothingToDrop);
  EXPECT_NE(t.dump(), before);
}

TEST_F(SweepTest, WhatIsStampedLaterThanADropWaitsForTheColumn) {
  t.apply(insert(1, 1, {set_cell(kA, int_value(1)), set_cell(kB, "old")}, 100));
  t.apply(insert(1, 2, {set_cell(kA, int_value(1)), set_cell(kB, "new")}, 101));
  auto narrower = std::make_shared<Table>(t.table());
  std::erase_if(narrower->columns, [](const Column& column) { return column.id == kB; });
  narrower->dropped = {{"b", native_type(TypeKind::kText), ColumnKind::kRegular, 100, kB}};
  narrower->version = 2;
  t.set_table(narrower);
  t->set_schema(narrower);
  sweep_all(t, kStart + kSecond, 100);
  auto again = std::make_shared<Table>(*sample_table(3));
  again->columns[4].dropped_at = 100;
  t->set_schema(again);
  t.set_table(again);
  EXPECT_EQ(t.row(1, 1, {kA, kB}), (Cells{int_value(1), std::nullopt}));
  EXPECT_EQ(t.row(1, 2, {kA, kB}), (Cells{int_value(1), Bytes("new")}));
}

TEST_F(SweepTest, AStepOfASweepIsBoundedInBytes) {
  for (int ck = 0; ck < 5; ++ck) t.apply(insert(1, ck, {set_cell(kB, Bytes(kSweepBytesMax / 2, 'x'))}));
  Command c;
  c.sweep = Sweep{t.now(), 100, {}, 1000};
  int steps = 0;
  do {
    c.sweep->from = t.apply(c).resume;
  } while (++steps < 20 && !c.sweep->from.empty());
  EXPECT_EQ(steps, 3);
}

}  // namespace
}  // namespace keyzone::storage
