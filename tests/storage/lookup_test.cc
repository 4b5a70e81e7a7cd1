// What depends on what was there before: list elements named by index or value, and sums.
#include <gtest/gtest.h>

#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

using Cells = std::vector<std::optional<Bytes>>;

class Lookups : public ::testing::Test {
 protected:
  TestReplica t{sample_table()};
};

CellWrite list_write(CellAction action, std::vector<int> values, int32_t index = 0) {
  std::vector<Bytes> elements;
  for (const int value : values) elements.push_back(int_value(value));
  return {kL,    action, false,
          index, {},     action == CellAction::kListSetIndex ? elements[0] : list_value(elements)};
}

Cells list_of(std::vector<int> values) {
  std::vector<Bytes> elements;
  for (const int value : values) elements.push_back(int_value(value));
  return {list_value(elements)};
}

// A batch that names list elements by index and value, applied twice, as whoever finishes it may have to.
TEST_F(Lookups, WhatIsLookedUpOnceIsAppliedTwice) {
  t.apply(insert(1, 1, {list_write(CellAction::kListAppend, {1, 2, 3, 4, 5})}), kStart);
  Command c = update(1, 1,
                     {list_write(CellAction::kListSetIndex, {20}, 1),
                      {kL, CellAction::kListDeleteIndex, false, 0, {}, {}},
                      list_write(CellAction::kListDiscard, {4}),
                      list_write(CellAction::kListAppend, {6}),
                      list_write(CellAction::kListSetIndex, {60}, 3),
                      set_cell(kA, int_value(7))},
                     kStart + 5);
  c.batch = BatchMark{kStart + 5, 99};
  const auto found = t->look_up(c, kStart + 6);
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(looks_back(*found));
  t.apply(*found, kStart + 10);
  const auto once = t.dump();
  EXPECT_EQ(t.row(1, 1, {kL}), list_of({20, 3, 5, 60}));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(7)}));
  t.apply(*found, kStart + 20);
  EXPECT_EQ(t.dump(), once);

  c.mutations[0].rows[0].cells[0].index = 9;
  const auto refused = t->look_up(c, kStart + 30);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "List index 9 out of bound, list has size 4");
  EXPECT_EQ(t.dump(), once);
}

// Each statement of a batch finds the list as it was before the batch, and what it has done to it itself.
TEST_F(Lookups, LookingBackIsBehindTheWholeCommand) {
  t.apply(insert(1, 1, {list_write(CellAction::kListAppend, {1, 2, 3})}));
  Command c = update(1, 1, {list_write(CellAction::kListPrepend, {0})});
  c.mutations.push_back(
      update(1, 1,
             {list_write(CellAction::kListSetIndex, {10}, 0), list_write(CellAction::kListSetIndex, {20}, 1)})
          .mutations[0]);
  c.mutations.push_back(update(1, 1,
                               {{kL, CellAction::kListDeleteIndex, false, 2, {}, {}},
                                list_write(CellAction::kListAppend, {4}),
                                list_write(CellAction::kListAppend, {5}),
                                list_write(CellAction::kListSetIndex, {50}, 3)})
                            .mutations[0]);
  ASSERT_EQ(t.apply(c).kind, OutcomeKind::kDone);
  EXPECT_EQ(t.row(1, 1, {kL}), list_of({0, 10, 20, 4, 50}));
  c.mutations[1].rows[0].cells[0].index = 5;  // there, were it not for the order of things
  EXPECT_EQ(t.apply(c).message, "List index 5 out of bound, list has size 5");
}

TEST_F(Lookups, ValuesAreAddedToWhatIsThere) {
  const auto add = [](int value) {
    return CellWrite{kA, CellAction::kAddValue, false, 0, {}, int_value(value)};
  };
  t.apply(update(1, 1, {add(1)}));
  EXPECT_TRUE(t.rows(t.request_partition(1, {kA})).empty());
  t.apply(insert(1, 1, {set_cell(kA, int_value(5))}));
  t.apply(update(1, 1, {add(1), add(-3)}));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(6)}));  // of what is written at once the greater stays
  t.apply(update(1, 1, {add(1), add(1)}));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(8)}));
  Command twice = update(1, 1, {add(1)});
  twice.mutations.push_back(update(1, 1, {add(1)}).mutations[0]);
  t.apply(twice);
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(9)}));
  t.apply(update(1, 1, {add(INT32_MAX)}));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(INT32_MIN + 8)}));
}

}  // namespace
}  // namespace keyzone::storage
