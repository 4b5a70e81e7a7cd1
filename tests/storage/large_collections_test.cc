// Collections that are too large for their rows: where their elements lie, and that nothing of them is left
// behind.
#include "storage/row_key.h"
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

using Cells = std::vector<std::optional<Bytes>>;
constexpr size_t kLimit = 200;
constexpr int kMany = 40;
constexpr size_t kSmallRow = 100;  // bytes; a row without its elements

Bytes map_value(const std::map<int, int>& entries) {
  std::vector<Bytes> parts;
  for (const auto& [key, value] : entries) {
    parts.push_back(int_value(key));
    parts.push_back(int_value(value));
  }
  Bytes out = list_value(parts);
  out.replace(0, 4, int_value(static_cast<int32_t>(entries.size())));
  return out;
}

// As sample_table(), but m is a map<int, int>, and there is a static set.
constexpr ColumnId kStaticSet{10};
TablePtr collections_table() {
  auto table = std::make_shared<Table>(*sample_table());
  const TypePtr number = native_type(TypeKind::kInt);
  for (Column& column : table->columns) {
    if (column.id == kM) column.type = map_type(number, number, false);
  }
  table->columns.push_back({kStaticSet, "u", set_type(number, false), ColumnKind::kStatic, 0, false});
  table->static_size = 2;
  return table;
}

class LargeCollectionsTest : public ::testing::Test {
 protected:
  CellWrite put(int key, int value) { return put_element(kM, ordered_int(key), int_value(value)); }
  CellWrite remove(int key) { return delete_element(kM, ordered_int(key)); }
  // {0: 0, 1: 10, ...} in row (1, 1), an element at a time.
  void fill(int count = kMany) {
    t.apply(insert(1, 1, {set_cell(kA, int_value(7))}));
    for (int i = 0; i < count; ++i) t.apply(update(1, 1, {put(i, 10 * i)}));
  }
  std::map<int, int> filled(int count = kMany) {
    std::map<int, int> out;
    for (int i = 0; i < count; ++i) out[i] = 10 * i;
    return out;
  }
  Cells map(Timestamp now = 0) { return t.row(1, 1, {kM}, now); }
  size_t keys(Area area) {
    size_t count = 0;
    for (const auto& [key, value] : t.dump()) count += key[4] == static_cast<char>(area);
    return count;
  }
  size_t largest_row() {
    size_t out = 0;
    for (const auto& [key, value] : t.dump()) {
      if (key[4] == static_cast<char>(Area::kRows)) out = std::max(out, value.size());
    }
    return out;
  }
  int sweep_all(Timestamp now, int32_t gc_grace, uint32_t keys_max = 1000) {
    Command c;
    int steps = 0;
    do {
      c.sweep = Sweep{now, gc_grace, c.sweep ? c.sweep->from : Bytes(), keys_max};
      c.sweep->from = t.apply(c, now + ++steps).resume;
    } while (!c.sweep->from.empty() && steps < 1000);
    return steps;
  }

  TestReplica t{collections_table(), {.collection_bytes_max = kLimit}};
};

TEST_F(LargeCollectionsTest, PastTheLimitEachElementHasAKey) {
  fill(5);
  EXPECT_EQ(keys(Area::kElements), 0u);
  EXPECT_FALSE(t->meta().spilled);
  fill();
  EXPECT_EQ(keys(Area::kElements), size_t{kMany});
  EXPECT_LT(largest_row(), kSmallRow);
  EXPECT_TRUE(t->meta().spilled);
  EXPECT_EQ(t.row(1, 1, {kA, kM}), (Cells{int_value(7), map_value(filled())}));
  const auto before = t.dump();
  t.apply(update(1, 1, {put(3, 33)}));
  size_t changed = 0;
  for (const auto& [key, value] : t.dump()) changed += before.at(key) != value;
  EXPECT_EQ(changed, 1u);
  auto expected = filled();
  expected[3] = 33;
  EXPECT_EQ(map(), (Cells{map_value(expected)}));
  t.restart();
  EXPECT_EQ(map(), (Cells{map_value(expected)}));
}

TEST_F(LargeCollectionsTest, OlderWritesLose) {
  fill();
  t.apply(update(1, 1, {put(3, 33), put(kMany, 1)}, kStart - 1));
  auto expected = filled();
  expected[kMany] = 1;
  EXPECT_EQ(map(), (Cells{map_value(expected)}));
  Command c = update(1, 1, {remove(kMany)}, kStart - 1);  // as old as the element: the tombstone wins
  t.apply(c);
  EXPECT_EQ(map(), (Cells{map_value(filled())}));
}

TEST_F(LargeCollectionsTest, WrittenWholeTheyAreBackInTheirRow) {
  fill();
  t.apply(update(1, 1, {delete_all(kM, true), put(100, 1)}));
  EXPECT_EQ(map(), (Cells{map_value({{100, 1}})}));
  EXPECT_EQ(keys(Area::kElements), 0u);
  std::vector<CellWrite> many{delete_all(kM, true)};
  for (int i = 0; i < kMany; ++i) many.push_back(put(i, 10 * i));
  t.apply(update(1, 1, many));
  EXPECT_EQ(keys(Area::kElements), 0u);
  EXPECT_EQ(map(), (Cells{map_value(filled())}));
  t.apply(update(1, 1, {set_cell(kA, int_value(1))}));  // something else is written of the row
  EXPECT_EQ(keys(Area::kElements), 0u);
  t.apply(update(1, 1, {put(0, 0)}));
  EXPECT_EQ(keys(Area::kElements), size_t{kMany});
  EXPECT_EQ(map(), (Cells{map_value(filled())}));
}

TEST_F(LargeCollectionsTest, AWholeRowIsNotWrittenBlindly) {
  fill();
  const auto whole = [&](Timestamp stamp) {
    return insert(1, 1,
                  {set_cell(kA, int_value(1)), set_cell(kB, "b"), delete_all(kL, true), delete_all(kM, true),
                   put(5, 5), delete_all(kT, true)},
                  stamp);
  };
  t.apply(whole(kStart + 5));  // older than all elements but the first ones
  EXPECT_EQ(map(), (Cells{map_value(filled())}));
  t.apply(whole(kNoTimestamp));
  EXPECT_EQ(map(), (Cells{map_value({{5, 5}})}));
  EXPECT_EQ(keys(Area::kElements), 0u);
}

TEST_F(LargeCollectionsTest, MoreThanIsRemovedAtOnceIsSwept) {
  constexpr int kCount = static_cast<int>(kElementsClearedMax) + 50;
  std::vector<CellWrite> many;
  for (int i = 0; i < kCount; ++i) many.push_back(put(i, i));
  t.apply(update(1, 1, many));
  EXPECT_EQ(keys(Area::kElements), size_t{kCount});
  t.apply(update(1, 1, {delete_all(kM, true), put(100, 1)}));
  EXPECT_EQ(keys(Area::kElements), 50u + 1);
  EXPECT_EQ(map(), (Cells{map_value({{100, 1}})}));
  EXPECT_LE(t->sweep_due(1'000'000), t.now() / kSecond);
  sweep_all(t.now() + 1, 1'000'000);
  EXPECT_EQ(keys(Area::kElements), 1u);
  EXPECT_EQ(map(), (Cells{map_value({{100, 1}})}));
  t.apply(update(1, 1, {delete_all(kM, true), put(100, 1)}));
  EXPECT_EQ(keys(Area::kElements), 0u);
  sweep_all(t.now() + 1, 1'000'000);
  EXPECT_FALSE(t->meta().spilled);
}

TEST_F(LargeCollectionsTest, DeletionsHideAndSweepsDropElements) {
  const std::vector<Command> deletions{delete_row(1, 1), delete_range(1, 0, 5), delete_partition(1)};
  for (const Command& deletion : deletions) {
    fill();
    t.apply(update(
        1, 1, {{kL, CellAction::kListAppend, false, 0, {}, list_value(std::vector<Bytes>(kMany, "list"))}}));
    EXPECT_EQ(keys(Area::kElements), size_t{2 * kMany});
    t.apply(deletion);
    EXPECT_EQ(map(), Cells{});
    t.apply(update(1, 1, {put(1, 2)}));
    EXPECT_EQ(map(), (Cells{map_value({{1, 2}})}));
    sweep_all(t.now() + 100 * kSecond, 10, 7);
    EXPECT_LE(keys(Area::kElements), 1u);
    EXPECT_EQ(map(), (Cells{map_value({{1, 2}})}));
    t.apply(delete_row(1, 1));
    sweep_all(t.now() + 100 * kSecond, 10, 7);
    EXPECT_TRUE(t.dump().empty());
    EXPECT_FALSE(t->meta().spilled);
  }
}

TEST_F(LargeCollectionsTest, ElementsExpireAndAreSwept) {
  fill();
  t.apply(update(1, 1, {put(100, 1), put(3, 33)}, kNoTimestamp, 50));
  const Timestamp written = t.now();
  auto expected = filled();
  expected[100] = 1;
  expected[3] = 33;
  EXPECT_EQ(map(), (Cells{map_value(expected)}));
  expected.erase(100);
  expected.erase(3);
  EXPECT_EQ(map(written + 50 * kSecond), (Cells{map_value(expected)}));
  EXPECT_EQ(t->sweep_due(1000), written / kSecond + 50);
  for (int i = 4; i < kMany; ++i) t.apply(update(1, 1, {remove(i)}));
  sweep_all(written + 60 * kSecond, 1000, 3);
  EXPECT_EQ(keys(Area::kElements), size_t{kMany} + 1);  // emptied
  sweep_all(written + 2000 * kSecond, 1000, 3);
  EXPECT_EQ(keys(Area::kElements), 3u);
  EXPECT_EQ(map(), (Cells{map_value(filled(3))}));
  t.apply(delete_row(1, 1));
  sweep_all(t.now() + 2000 * kSecond, 1000, 1);
  EXPECT_TRUE(t.dump().empty());
}

TEST_F(LargeCollectionsTest, ElementsAloneKeepARow) {
  t.apply(update(1, 1, {put(0, 0)}));
  for (int i = 1; i < kMany; ++i) t.apply(update(1, 1, {put(i, 0)}));
  EXPECT_GT(keys(Area::kElements), 0u);
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{std::nullopt}));
  for (int i = 0; i < kMany; ++i) t.apply(update(1, 1, {remove(i)}));
  EXPECT_EQ(t.row(1, 1, {kA}), Cells{});
  EXPECT_EQ(map(), Cells{});
}

TEST_F(LargeCollectionsTest, ListsByIndexAndValue) {
  std::vector<Bytes> expected;
  for (int i = 0; i < kMany; ++i) {
    t.apply(update(1, 1, {{kL, CellAction::kListAppend, false, 0, {}, list_value({int_value(i % 10)})}}));
    expected.push_back(int_value(i % 10));
  }
  t.apply(update(1, 1, {{kL, CellAction::kListPrepend, false, 0, {}, list_value({int_value(77)})}}));
  expected.insert(expected.begin(), int_value(77));
  t.apply(update(1, 1, {{kL, CellAction::kListSetIndex, false, 5, {}, int_value(55)}}));
  expected[5] = int_value(55);
  t.apply(update(1, 1, {{kL, CellAction::kListDeleteIndex, false, 0, {}, {}}}));
  expected.erase(expected.begin());
  t.apply(
      update(1, 1, {{kL, CellAction::kListDiscard, false, 0, {}, list_value({int_value(3), int_value(9)})}}));
  std::erase(expected, int_value(3));
  std::erase(expected, int_value(9));
  EXPECT_GT(keys(Area::kElements), 0u);
  EXPECT_EQ(t.row(1, 1, {kL}), (Cells{list_value(expected)}));
  const Outcome o = t.apply(update(1, 1, {{kL, CellAction::kListSetIndex, false, 1000, {}, int_value(5)}}));
  EXPECT_EQ(o.message, "List index 1000 out of bound, list has size " + std::to_string(expected.size()));
}

TEST_F(LargeCollectionsTest, ACommandThatFailsLeavesNoElements) {
  fill(5);
  const auto before = t.dump();
  Command c = update(1, 1, {});
  for (int i = 0; i < kMany; ++i) c.mutations[0].rows[0].cells.push_back(put(i, 1));
  c.mutations[0].rows.push_back(upsert(2, {{kL, CellAction::kListSetIndex, false, 0, {}, int_value(1)}}));
  EXPECT_EQ(t.apply(c).kind, OutcomeKind::kInvalid);
  EXPECT_EQ(t.dump(), before);
}

TEST_F(LargeCollectionsTest, Conditions) {
  using enum ConditionOperator;
  fill();
  const auto attempt = [&](Condition condition, std::vector<ColumnId> shown = {}) {
    Command c = with_condition(update(1, 1, {set_cell(kB, "x")}), std::move(condition));
    c.condition_columns = std::move(shown);
    return t.apply(c);
  };
  EXPECT_EQ(attempt({kEqual, kM, int_value(7), {}, {int_value(70)}}).kind, OutcomeKind::kDone);
  EXPECT_EQ(attempt({kEqual, kM, int_value(-7), {}, {std::nullopt}}).kind, OutcomeKind::kDone);
  EXPECT_EQ(attempt({kEqual, kM, {}, {}, {map_value(filled())}}).kind, OutcomeKind::kDone);
  EXPECT_EQ(attempt({kContains, kM, {}, {}, {int_value(390)}}).kind, OutcomeKind::kDone);
  const Outcome o = attempt({kEqual, kM, int_value(7), {}, {int_value(1)}}, {kM});
  EXPECT_EQ(o.kind, OutcomeKind::kConditionFailed);
  const auto rows = parse_rows(o.current, t.table(), t.request({kM}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].cells, (Cells{map_value(filled())}));
  // What a condition has read is overwritten, whatever its stamp.
  t.apply(update(1, 1, {put(9, 1)}, kStart + 1000 * kSecond));
  t.apply(with_condition(update(1, 1, {put(9, 2)}), {kEqual, kM, int_value(9), {}, {int_value(1)}}));
  auto expected = filled();
  expected[9] = 2;
  EXPECT_EQ(map(), (Cells{map_value(expected)}));
}

TEST_F(LargeCollectionsTest, StaticsToo) {
  std::vector<Bytes> expected;
  for (int i = 0; i < kMany; ++i) {
    t.apply(set_static(1, {put_element(kStaticSet, ordered_int(i), "")}));
    expected.push_back(int_value(i));
  }
  EXPECT_GT(keys(Area::kElements), 0u);
  EXPECT_EQ(t.rows(t.request_partition(1, {kStaticSet, kA}))[0].cells, (Cells{list_value(expected)}));
  ReadRequest other = t.request_partition(1, {kS, kA});
  ASSERT_EQ(t.rows(other).size(), 1u);
  EXPECT_TRUE(t.rows(other)[0].has_static);
  t.apply(insert(1, 1, {}));
  Command c = set_static(1, {set_cell(kS, int_value(2))});
  c = with_condition(c, {ConditionOperator::kEqual, kS, {}, {}, {int_value(1)}});
  c.condition_columns = {kStaticSet, kA};
  EXPECT_EQ(parse_rows(t.apply(c).current, t.table(), t.request({kStaticSet, kA}))[0].cells,
            (Cells{list_value(expected)}));
  t.apply(delete_partition(1));
  EXPECT_TRUE(t.rows(other).empty());
  sweep_all(t.now() + 100 * kSecond, 10);
  EXPECT_TRUE(t.dump().empty());
}

TEST_F(LargeCollectionsTest, PartsAreReadAlone) {
  fill();
  ReadRequest r = t.request_partition(1, {kM});
  const auto part = [&](int from, int to) { return ElementRange{kM, ordered_int(from), ordered_int(to)}; };
  r.elements = {part(30, 31), part(3, 6), part(4, 7), part(9, 2), part(1000, 1001)};
  r.with_metadata = {kM};
  const auto row = t.rows(r)[1];
  EXPECT_EQ(row.cells, (Cells{map_value({{3, 30}, {4, 40}, {5, 50}, {6, 60}, {30, 300}})}));
  EXPECT_EQ(row.metadata[0].size(), 5u);
  r.elements = {part(1000, 1001)};
  EXPECT_EQ(t.rows(r)[1].cells, (Cells{std::nullopt}));
  t.apply(update(1, 2, {put(0, 0)}));  // a row that its elements alone keep
  for (int i = 0; i < kMany; ++i) t.apply(update(1, 2, {put(i, 0)}));
  r.ranges = {prefix_range(ordered_int(2))};
  EXPECT_EQ(t.rows(r).size(), 2u);
}

TEST_F(LargeCollectionsTest, TruncatedTabletsLeaveNothing) {
  fill();
  Command c = insert(1, 1, {});
  c.mutations.clear();
  c.truncate = true;
  t.apply(c);
  EXPECT_FALSE(t->meta().spilled);
  EXPECT_EQ(map(), Cells{});
  for (bool more = true; more;) {
    leveldb::WriteBatch batch;
    more = *t.registry().sweep_orphans(7, batch);
    t.write(batch);
  }
  EXPECT_TRUE(t.dump().empty());
}

TEST_F(LargeCollectionsTest, ElementsOfADroppedColumnAreSwept) {
  fill();
  auto narrower = std::make_shared<Table>(t.table());
  std::erase_if(narrower->columns, [](const Column& column) { return column.id == kM; });
  narrower->version = 2;
  t.set_table(narrower);
  t->set_schema(narrower);
  t.apply(update(1, 1, {set_cell(kA, int_value(1))}));
  sweep_all(t.now() + 1, 1000, 7);
  EXPECT_EQ(keys(Area::kElements), 0u);
  EXPECT_FALSE(t->meta().spilled);
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(1)}));
}

TEST(OutrightDeletes, KeepCollectionsInTheirRows) {
  TestReplica t(collections_table(), {.outright_deletes = true, .collection_bytes_max = kLimit});
  for (int i = 0; i < kMany; ++i) t.apply(update(1, 1, {put_element(kM, ordered_int(i), int_value(i))}));
  EXPECT_FALSE(t->meta().spilled);
  t.apply(delete_row(1, 1));
  EXPECT_TRUE(t.dump().empty());
}

TEST(TabletRecord, OneWithoutSpilledIsRead) {
  TabletMeta meta;
  meta.leftovers = {3, 4};
  meta.spilled = true;
  Bytes bytes = encode_tablet_meta(meta);
  EXPECT_EQ(*decode_tablet_meta(bytes), meta);
  bytes[0] = 2;
  bytes.pop_back();
  meta.spilled = false;
  EXPECT_EQ(*decode_tablet_meta(bytes), meta);
}

}  // namespace
}  // namespace keyzone::storage
