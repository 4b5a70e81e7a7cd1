// What a tablet's replica does with commands and reads, one thing at a time.
#include "storage/table.h"

#include <algorithm>

#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

using Cells = std::vector<std::optional<Bytes>>;
const std::vector<ColumnId> kAB{kA, kB};

Cells ab(int a, Bytes b) { return {int_value(a), b}; }

class TableTest : public ::testing::Test {
 protected:
  TestReplica t{sample_table()};
};

TEST_F(TableTest, WritesAndReadsARow) {
  EXPECT_EQ(t.apply(insert(1, 2, {set_cell(kA, int_value(3)), set_cell(kB, "four")})).kind,
            OutcomeKind::kDone);
  EXPECT_EQ(t.row(1, 2, kAB), ab(3, "four"));
  EXPECT_EQ(t.row(1, 2, {kB, kA}), (Cells{"four", int_value(3)}));
  EXPECT_EQ(t.row(1, 3, kAB), Cells{});
  EXPECT_EQ(t.row(2, 2, kAB), Cells{});
}

TEST_F(TableTest, AMarkerKeepsARowWithoutCells) {
  t.apply(insert(1, 1, {}));
  t.apply(update(1, 2, {set_cell(kA, int_value(1))}));
  t.apply(update(1, 2, {delete_cell(kA)}));
  EXPECT_EQ(t.row(1, 1, kAB), (Cells{std::nullopt, std::nullopt}));
  EXPECT_EQ(t.row(1, 2, kAB), Cells{});
}

TEST_F(TableTest, TheNewestStampWinsInWhateverOrder) {
  t.apply(insert(1, 1, {set_cell(kA, int_value(1))}, 100));
  t.apply(insert(1, 1, {set_cell(kA, int_value(2))}, 50));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(1)}));
  t.apply(delete_row(1, 1, 99));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(1)}));
  t.apply(delete_row(1, 1, 100));
  EXPECT_EQ(t.row(1, 1, {kA}), Cells{});
  t.apply(insert(1, 1, {set_cell(kA, int_value(3))}, 100));
  EXPECT_EQ(t.row(1, 1, {kA}), Cells{});
  t.apply(insert(1, 1, {set_cell(kA, int_value(4))}, 101));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(4)}));
}

TEST_F(TableTest, AWriteInAClientsPastLiesBelowAllDeletions) {
  t.apply(delete_partition(1, 200));
  t.apply(delete_range(1, 5, 10, 300));
  t.apply(insert(1, 1, {set_cell(kA, int_value(1))}, 150));
  t.apply(insert(1, 2, {set_cell(kA, int_value(1))}, 250));
  t.apply(insert(1, 5, {set_cell(kA, int_value(1))}, 250));
  t.apply(insert(1, 10, {set_cell(kA, int_value(1))}, 250));
  EXPECT_EQ(t.row(1, 1, {kA}), Cells{});
  EXPECT_EQ(t.row(1, 2, {kA}), (Cells{int_value(1)}));
  EXPECT_EQ(t.row(1, 5, {kA}), Cells{});
  EXPECT_EQ(t.row(1, 10, {kA}), (Cells{int_value(1)}));
}

TEST_F(TableTest, RangesOverlapAndStayDisjoint) {
  for (int ck = 0; ck < 20; ++ck) t.apply(insert(1, ck, {set_cell(kA, int_value(ck))}, 100 + ck));
  t.apply(delete_range(1, 2, 12, 104));
  t.apply(delete_range(1, 8, 18, 110));
  t.apply(delete_range(1, 0, std::nullopt, 101));
  std::vector<int> left;
  for (const auto& row : t.rows(t.request_partition(1, {kA}))) {
    if (row.clustering) left.push_back(load_be<int32_t>(row.cells[0]->data()));
  }
  EXPECT_EQ(left, (std::vector<int>{5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 18, 19}));
}

TEST_F(TableTest, TtlEndsAtItsSecond) {
  t.apply(insert(1, 1, {set_cell(kA, int_value(1))}, kNoTimestamp, 10), kStart);
  t.apply(update(1, 1, {set_cell(kB, "stays")}), kStart + 1);
  EXPECT_EQ(t.row(1, 1, kAB, kStart + 10 * kSecond - 1), ab(1, "stays"));
  EXPECT_EQ(t.row(1, 1, kAB, kStart + 10 * kSecond), (Cells{std::nullopt, "stays"}));
  ReadRequest r = t.request_partition(1, kAB);
  r.with_metadata = {kA};
  const auto rows = t.rows(r, kStart);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].metadata[0],
            (std::vector<std::pair<Timestamp, int64_t>>{{kStart, kStart / kSecond + 10}}));
  EXPECT_TRUE(rows[1].metadata[1].empty());
  EXPECT_EQ(t.row(1, 1, {kA}, kStart + kSecond), (Cells{int_value(1)}));
}

TEST_F(TableTest, StaticsLiveBesideTheirPartition) {
  t.apply(set_static(1, {set_cell(kS, int_value(9))}));
  auto rows = t.rows(t.request_partition(1, {kS, kA}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(rows[0].has_static);
  EXPECT_EQ(rows[0].cells, (Cells{int_value(9)}));
  EXPECT_EQ(t.read(t.request_partition(1, {kS})).row_count, 1u);
  t.apply(insert(1, 1, {}));
  EXPECT_EQ(t.rows(t.request_partition(1, {kS, kA})).size(), 2u);
  EXPECT_EQ(t.read(t.request_partition(1, {kS})).row_count, 1u);
  EXPECT_EQ(t.row(1, 2, {kA}), Cells{});  // a row asked for by its key does not show for its statics
  t.apply(delete_partition(1));
  EXPECT_TRUE(t.rows(t.request_partition(1, {kS, kA})).empty());
}

TEST_F(TableTest, SetsAndMaps) {
  t.apply(insert(1, 1,
                 {delete_all(kM, true), put_element(kM, ordered_text("x"), int_value(1)),
                  put_element(kM, ordered_text("b"), int_value(2)), put_element(kT, ordered_int(-5), ""),
                  put_element(kT, ordered_int(3), "")}));
  const Bytes map = list_value({"b", int_value(2), "x", int_value(1)});
  Bytes expected = map;
  expected[3] = 2;  // two entries of two
  EXPECT_EQ(t.row(1, 1, {kM}), (Cells{expected}));
  EXPECT_EQ(t.row(1, 1, {kT}), (Cells{list_value({int_value(-5), int_value(3)})}));
  t.apply(update(1, 1, {{kT, CellAction::kDeleteElement, false, 0, ordered_int(3), {}}}));
  EXPECT_EQ(t.row(1, 1, {kT}), (Cells{list_value({int_value(-5)})}));
  t.apply(update(1, 1, {delete_all(kM, false)}));
  EXPECT_EQ(t.row(1, 1, {kM}), (Cells{std::nullopt}));
}

TEST_F(TableTest, Lists) {
  const auto write = [&](CellAction action, std::vector<Bytes> values, int32_t index = 0) {
    const Bytes value = action == CellAction::kListSetIndex ? values[0] : list_value(values);
    return t.apply(update(1, 1, {{kL, action, false, index, {}, value}}));
  };
  const auto list = [&] { return t.row(1, 1, {kL}); };
  Outcome o = write(CellAction::kListSetIndex, {int_value(1)}, 0);
  EXPECT_EQ(o.kind, OutcomeKind::kInvalid);
  EXPECT_EQ(o.message, "Attempted to set an element on a list which is null");
  o = t.apply(update(1, 1, {{kL, CellAction::kListDeleteIndex, false, 0, {}, {}}}));
  EXPECT_EQ(o.message, "Attempted to delete an element from a list which is null");
  write(CellAction::kListAppend, {int_value(3), int_value(4)});
  write(CellAction::kListPrepend, {int_value(1), int_value(2)});
  write(CellAction::kListPrepend, {int_value(0)});
  write(CellAction::kListAppend, {int_value(5)});
  EXPECT_EQ(list(), (Cells{list_value({int_value(0), int_value(1), int_value(2), int_value(3), int_value(4),
                                       int_value(5)})}));
  write(CellAction::kListSetIndex, {int_value(30)}, 3);
  t.apply(update(1, 1, {{kL, CellAction::kListDeleteIndex, false, 0, {}, {}}}));
  write(CellAction::kListDiscard, {int_value(5), int_value(1)});
  EXPECT_EQ(list(), (Cells{list_value({int_value(2), int_value(30), int_value(4)})}));
  o = write(CellAction::kListSetIndex, {int_value(1)}, 5);
  EXPECT_EQ(o.message, "List index 5 out of bound, list has size 3");
  EXPECT_EQ(o.kind, OutcomeKind::kInvalid);
}

TEST_F(TableTest, ListElementsSetToNothing) {
  const auto message = [&](CellAction action, int32_t index) {
    return t.apply(update(1, 1, {{kL, action, false, index, {}, {}}})).message;
  };
  EXPECT_EQ(message(CellAction::kListClearIndex, 0), "Attempted to set an element on a list which is null");
  t.apply(update(1, 1, {{kL, CellAction::kListAppend, false, 0, {}, list_value({int_value(3)})}}));
  EXPECT_EQ(message(CellAction::kListTouchIndex, 0), "");
  EXPECT_EQ(t.row(1, 1, {kL}), (Cells{list_value({int_value(3)})}));
  EXPECT_EQ(message(CellAction::kListClearIndex, 0), "");
  EXPECT_EQ(t.row(1, 1, {kL}), Cells{}) << "an UPDATE's row goes with its last cell";
}

TEST_F(TableTest, AnInvalidCommandWritesNothing) {
  Command c = insert(1, 1, {set_cell(kA, int_value(1))});
  c.mutations[0].rows.push_back(upsert(2, {{kL, CellAction::kListSetIndex, false, 0, {}, int_value(1)}}));
  EXPECT_EQ(t.apply(c).kind, OutcomeKind::kInvalid);
  EXPECT_TRUE(t.rows(t.request_partition(1, {kA})).empty());
}

TEST(Counters, AddUpExactly) {
  TestReplica t(counter_table());
  const auto add = [&](ColumnId c, int64_t delta) {
    return update(1, 1, {{c, CellAction::kAddCounter, false, 0, {}, long_value(delta)}});
  };
  t.apply(add(kA, 5));
  Command retried = add(kA, -7);
  retried.request = {1, 1};
  retried.deadline = kStart + 100 * kSecond;
  t.apply(retried);
  t.apply(retried);
  Command twice = add(kA, 1);
  twice.mutations.push_back(add(kA, -2).mutations[0]);
  t.apply(twice);
  t.apply(add(kB, 4));
  EXPECT_EQ(t.row(1, 1, kAB), (Cells{long_value(-3), long_value(4)}));
  t.apply(delete_row(1, 1));
  EXPECT_EQ(t.row(1, 1, kAB), Cells{});
  t.apply(add(kA, 1));
  EXPECT_EQ(t.row(1, 1, kAB), (Cells{long_value(1), std::nullopt}));
}

TEST_F(TableTest, RetriesGetTheFirstAnswerUntilLongPastTheirDeadline) {
  Command c = with_condition(insert(1, 1, {set_cell(kA, int_value(1))}),
                             {ConditionOperator::kNotExists, {}, {}, {}, {}});
  c.condition_columns = {kA};
  c.request = {5, 6};
  c.deadline = kStart + 10 * kSecond;
  EXPECT_EQ(t.apply(c, kStart + 1).kind, OutcomeKind::kDone);
  EXPECT_EQ(t.apply(c, kStart + 2).kind, OutcomeKind::kDone);
  c.request.sequence = 7;
  EXPECT_EQ(t.apply(c, kStart + 3).kind, OutcomeKind::kConditionFailed);
  t.apply(delete_row(1, 1), kStart + 4);
  t.restart();
  const Outcome again = t.apply(c, kStart + 5);
  EXPECT_EQ(again.kind, OutcomeKind::kConditionFailed);
  EXPECT_EQ(again.current.row_count, 1u);
  EXPECT_EQ(t.apply(c, c.deadline + kRequestGraceMicros).kind, OutcomeKind::kConditionFailed);
  EXPECT_EQ(t.apply(c, c.deadline + kRequestGraceMicros + 1).kind, OutcomeKind::kExpired);
  for (int i = 0; i < 40; ++i) t.apply(insert(1, 1, {}));  // windows pass, and what they held is forgotten
  for (const auto& [key, value] : t.dump()) EXPECT_NE(key.substr(0, 5), Bytes("\0\0\0\0R", 5));
}

TEST_F(TableTest, WhatWasPlannedOnAnotherVersionIsStale) {
  Command c = insert(1, 1, {});
  c.table = t.table().id;
  c.epoch = Epoch(1);
  c.schema_version = 2;
  EXPECT_EQ(t.apply_as_is(c).kind, OutcomeKind::kStale);
  t.set_table(sample_table(2));
  t->set_schema(sample_table(2));
  EXPECT_EQ(t.apply_as_is(c).kind, OutcomeKind::kDone);
  t->set_epoch(Epoch(2));
  EXPECT_EQ(t.apply_as_is(c).kind, OutcomeKind::kStale);
  ReadRequest r = t.request_partition(1, {kA});
  r.epoch = Epoch(1);
  EXPECT_EQ(t->read(r, kStart).error().kind, ErrorKind::kStale);
  t.restart();
  EXPECT_EQ(t->meta().epoch, Epoch(2));
  EXPECT_EQ(t->meta().schema_version, 2u);
}

TEST_F(TableTest, TheSchemaComesFromTheLogAlone) {
  leveldb::WriteBatch batch;
  TableReplica::create(t.registry(), GroupId(7), t.table(), {}, Epoch(1), batch);
  t.write(batch);
  auto opened = TableReplica::open(t.store().db(), t.registry(), GroupId(7), sample_table(3), {});
  ASSERT_TRUE(opened);
  TableReplica& replica = **opened;
  EXPECT_EQ(replica.schema()->version, 0u);
  Command c = insert(1, 1, {});
  c.table = t.table().id;
  c.schema_version = 2;
  c.epoch = Epoch(1);
  const auto apply = [&](uint64_t index) {
    leveldb::WriteBatch batch;
    const StampedCommand stamped{LogIndex(index), kStart, &c};
    auto outcomes = replica.apply(LogIndex(index), {&stamped, 1}, batch);
    t.write(batch);
    return (*outcomes)[0].kind;
  };
  EXPECT_EQ(apply(1), OutcomeKind::kStale);
  replica.set_schema(sample_table(2));
  replica.set_schema(sample_table(1));  // from a leader that lagged behind
  EXPECT_EQ(apply(2), OutcomeKind::kDone);
  auto again = TableReplica::open(t.store().db(), t.registry(), GroupId(7), sample_table(3), {});
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->schema()->version, 2u);
  EXPECT_EQ((*again)->schema()->columns.size(), t.table().columns.size());
}

TEST_F(TableTest, SeveralCommandsShareAnEntry) {
  Command a = insert(1, 1, {set_cell(kA, int_value(1))}), b = update(1, 1, {set_cell(kA, int_value(2))});
  for (Command* c : {&a, &b}) {
    c->table = t.table().id;
    c->schema_version = 1;
    c->epoch = Epoch(1);
  }
  t.apply(std::vector<StampedCommand>{{LogIndex(1), kStart, &a}, {LogIndex(1), kStart + 1, &b}});
  EXPECT_EQ(t->applied(), LogIndex(1));
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(2)}));
}

TEST_F(TableTest, Conditions) {
  const auto attempt = [&](Condition condition) {
    Command c = with_condition(update(1, 1, {set_cell(kB, "new")}), condition);
    c.condition_columns = {kA};
    return t.apply(c);
  };
  const auto a = [](ConditionOperator op, std::vector<std::optional<Bytes>> operands) {
    return Condition{op, kA, std::nullopt, std::nullopt, std::move(operands)};
  };
  using enum ConditionOperator;
  EXPECT_EQ(attempt({kExists, {}, {}, {}, {}}).kind, OutcomeKind::kConditionFailed);
  EXPECT_EQ(attempt(a(kEqual, {std::nullopt})).kind, OutcomeKind::kDone);
  t.apply(insert(1, 1, {set_cell(kA, int_value(5))}));
  EXPECT_EQ(attempt({kExists, {}, {}, {}, {}}).kind, OutcomeKind::kDone);
  EXPECT_EQ(attempt({kNotExists, {}, {}, {}, {}}).kind, OutcomeKind::kConditionFailed);
  EXPECT_EQ(attempt(a(kEqual, {int_value(5)})).kind, OutcomeKind::kDone);
  EXPECT_EQ(attempt(a(kLess, {int_value(5)})).kind, OutcomeKind::kConditionFailed);
  EXPECT_EQ(attempt(a(kGreater, {int_value(-5)})).kind, OutcomeKind::kDone);
  EXPECT_EQ(attempt(a(kIn, {std::nullopt, int_value(5)})).kind, OutcomeKind::kDone);
  EXPECT_EQ(attempt(a(kIn, {})).kind, OutcomeKind::kConditionFailed);
  EXPECT_EQ(attempt(a(kNotEqual, {std::nullopt})).kind, OutcomeKind::kDone);
  const Outcome o = attempt(a(kLess, {std::nullopt}));
  EXPECT_EQ(o.kind, OutcomeKind::kInvalid);
  EXPECT_EQ(o.message, "Invalid comparison with null for operator \"<\"");
  const Outcome failed = attempt(a(kNotEqual, {int_value(5)}));
  const auto rows = parse_rows(failed.current, t.table(), t.request({kA}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].cells, (Cells{int_value(5)}));
}

TEST_F(TableTest, ConditionsOnParts) {
  using enum ConditionOperator;
  t.apply(insert(1, 1,
                 {put_element(kM, ordered_text("k"), int_value(7)),
                  put_element(kT, ordered_int(2), ""),
                  {kL, CellAction::kListAppend, false, 0, {}, list_value({int_value(8), int_value(9)})}}));
  const auto holds = [&](Condition c) {
    return t.apply(with_condition(update(1, 1, {set_cell(kB, "x")}), std::move(c))).kind ==
           OutcomeKind::kDone;
  };
  EXPECT_TRUE(holds({kEqual, kM, Bytes("k"), {}, {int_value(7)}}));
  EXPECT_FALSE(holds({kEqual, kM, Bytes("z"), {}, {int_value(7)}}));
  EXPECT_TRUE(holds({kEqual, kM, Bytes("z"), {}, {std::nullopt}}));
  EXPECT_TRUE(holds({kGreater, kL, int_value(1), {}, {int_value(8)}}));
  EXPECT_FALSE(holds({kEqual, kL, int_value(2), {}, {int_value(8)}}));
  EXPECT_TRUE(holds({kContains, kT, {}, {}, {int_value(2)}}));
  EXPECT_TRUE(holds({kContainsKey, kM, {}, {}, {Bytes("k")}}));
  EXPECT_FALSE(holds({kContains, kM, {}, {}, {int_value(8)}}));
  EXPECT_TRUE(holds({kEqual, kL, {}, {}, {list_value({int_value(8), int_value(9)})}}));
  EXPECT_FALSE(holds({kEqual, kL, {}, {}, {list_value({})}}));
}

TEST_F(TableTest, AnAppliedConditionIsStampedAboveAllItRead) {
  const Timestamp future = kStart + 1000 * kSecond;
  t.apply(insert(1, 1, {set_cell(kA, int_value(1))}, future));
  Command c = with_condition(update(1, 1, {set_cell(kA, int_value(2))}),
                             {ConditionOperator::kExists, {}, {}, {}, {}});
  EXPECT_EQ(t.apply(c).kind, OutcomeKind::kDone);
  EXPECT_EQ(t.row(1, 1, {kA}), (Cells{int_value(2)}));
  EXPECT_EQ(t->max_stamp(), future + 1);
}

TEST_F(TableTest, ARefusedConditionOnStaticsShowsTheFirstRow) {
  t.apply(insert(1, 7, {set_cell(kA, int_value(70))}));
  t.apply(insert(1, 5, {set_cell(kA, int_value(50))}));
  t.apply(insert(1, 3, {set_cell(kA, int_value(30))}));
  t.apply(delete_row(1, 3));
  Command c = set_static(1, {set_cell(kS, int_value(2))});
  RowCondition statics;
  statics.partition_key = int_value(1);
  statics.is_static = true;
  statics.conditions = {{ConditionOperator::kEqual, kS, {}, {}, {int_value(1)}}};
  c.conditions = {statics};
  c.condition_columns = {kS, kA};
  const Outcome refused = t.apply(c);
  ASSERT_EQ(refused.kind, OutcomeKind::kConditionFailed);
  EXPECT_EQ(refused.current.row_count, 1u);
  const auto rows = parse_rows(refused.current, t.table(), t.request({kS, kA}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_FALSE(rows[0].has_static);
  EXPECT_EQ(rows[1].clustering, ordered_int(5));
  EXPECT_EQ(rows[1].cells, (Cells{int_value(50)}));
  t.apply(set_static(1, {set_cell(kS, int_value(9))}));
  EXPECT_TRUE(parse_rows(t.apply(c).current, t.table(), t.request({kS, kA}))[0].has_static);
}

TEST_F(TableTest, AConditionalBatchKeepsWhatItWritesIntoWhatItDeletes) {
  t.apply(insert(1, 1, {set_cell(kA, int_value(1))}));
  const auto deletes_and_writes = [](RowAction action) {
    Command c = insert(1, 2, {set_cell(kA, int_value(2))});
    c.mutations[0].rows.insert(c.mutations[0].rows.begin(), RowWrite{});
    c.mutations[0].rows[0].action = action;
    return c;
  };
  t.apply(deletes_and_writes(RowAction::kDeletePartition));
  EXPECT_EQ(t.row(1, 2, {kA}), Cells{}) << "in any other batch the deletion wins a tie";
  for (const RowAction action : {RowAction::kDeletePartition, RowAction::kDeleteRange}) {
    t.apply(insert(1, 1, {set_cell(kA, int_value(1))}));
    Command c = deletes_and_writes(action);
    c.conditions = with_condition(insert(1, 1, {}), {ConditionOperator::kExists, {}, {}, {}, {}}).conditions;
    EXPECT_EQ(t.apply(c).kind, OutcomeKind::kDone);
    EXPECT_EQ(t.row(1, 1, {kA}), Cells{});
    EXPECT_EQ(t.row(1, 2, {kA}), Cells{int_value(2)});
  }
}

TEST_F(TableTest, AColumnThatComesBackHidesWhatWentWithIt) {
  t.apply(insert(1, 1, {set_cell(kA, int_value(1)), set_cell(kB, "old")}, 100));
  t.apply(update(1, 2, {set_cell(kB, "old")}, 100));
  t.apply(insert(1, 3, {set_cell(kB, "new")}, 101));
  EXPECT_EQ(t.row(1, 1, kAB), (Cells{int_value(1), Bytes("old")}));
  auto again = std::make_shared<Table>(*sample_table(2));
  again->columns[4].dropped_at = 100;
  t->set_schema(again);
  t.set_table(again);
  t.apply(insert(9, 9, {}));
  EXPECT_EQ(t.row(1, 1, kAB), (Cells{int_value(1), std::nullopt}));
  EXPECT_EQ(t.row(1, 2, kAB), Cells{}) << "it had nothing else";
  EXPECT_EQ(t.row(1, 3, kAB), (Cells{std::nullopt, Bytes("new")}));
}

TEST_F(TableTest, TruncationIsANewStoreAndLeavesAnOrphan) {
  for (int i = 0; i < 50; ++i) t.apply(insert(i, 1, {set_cell(kA, int_value(1))}));
  t.apply(delete_partition(3));
  const StoreId before = t->meta().store;
  Command c;
  c.truncate = true;
  t.apply(c);
  EXPECT_NE(t->meta().store, before);
  t.apply(insert(60, 1, {set_cell(kA, int_value(1))}, 5));  // older than what is gone, and there
  ReadRequest scan = t.request({kA});
  scan.scan = true;
  scan.begin = Token(INT64_MIN);
  scan.end = Token(INT64_MAX);
  EXPECT_EQ(t.read(scan).row_count, 1u);
  ASSERT_EQ(t.registry().orphans().size(), 1u);
  for (bool more = true; more;) {
    leveldb::WriteBatch batch;
    auto left = t.registry().sweep_orphans(7, batch);
    ASSERT_TRUE(left);
    more = *left;
    t.write(batch);
  }
  EXPECT_TRUE(t.registry().orphans().empty());
  t.restart();
  EXPECT_EQ(t.dump().size(), 1u);
  EXPECT_EQ(t.read(scan).row_count, 1u);
}

// Whoever finishes a logged batch may send a command that was applied already, hours later and under another
// id.
TEST_F(TableTest, ACommandOfABatchAppliedAgainChangesNothing) {
  const auto list = [](int v, CellAction action) {
    return CellWrite{kL, action, false, 0, {}, list_value({int_value(v), int_value(v + 1)})};
  };
  t.apply(insert(1, 1, {list(1, CellAction::kListAppend)}), kStart);
  Command c =
      update(1, 1, {list(3, CellAction::kListAppend), list(5, CellAction::kListPrepend), delete_cell(kB)},
             kStart + 5, 3600);
  for (auto& other : {update(1, 2, {set_cell(kA, int_value(1))}, kStart + 5, 100),
                      delete_row(1, 3, kStart + 5), delete_range(1, 7, 9, kStart + 5)}) {
    c.mutations.push_back(other.mutations[0]);
  }
  c.batch = BatchMark{kStart + 5, 99};
  t.apply(c, kStart + 10);
  const auto once = t.dump();
  const auto row = t.row(1, 1, {kL});
  t.apply(insert(2, 1, {set_cell(kA, int_value(1))}));
  t.apply(c, kStart + 7200 * kSecond);
  auto twice = t.dump();
  std::erase_if(twice, [&](const auto& entry) { return !once.contains(entry.first); });
  EXPECT_EQ(twice, once);

  Command other = update(1, 1, {list(3, CellAction::kListAppend)}, kStart + 5, 3600);
  other.batch = BatchMark{kStart + 5, 100};  // another batch of the same microsecond
  t.apply(other, kStart + 11);
  EXPECT_NE(t.row(1, 1, {kL}, kStart + 11), row);
}

TEST(OutrightDeletes, LeaveNothing) {
  TestReplica t(sample_table(), {.outright_deletes = true});
  t.apply(insert(1, 1, {set_cell(kA, int_value(1))}));
  t.apply(update(1, 1, {set_cell(kB, "b")}));
  t.apply(update(1, 1, {delete_cell(kB)}));
  EXPECT_EQ(t.row(1, 1, kAB), (Cells{int_value(1), std::nullopt}));
  t.apply(delete_row(1, 1));
  EXPECT_TRUE(t.dump().empty());
}

class PagingTest : public TableTest {
 protected:
  PagingTest() {
    for (int pk = 0; pk < 5; ++pk) {
      if (pk != 3) t.apply(set_static(pk, {set_cell(kS, int_value(pk))}));
      for (int ck = 0; ck < pk * 3; ++ck) t.apply(insert(pk, ck, {set_cell(kA, int_value(ck))}));
    }
    t.apply(delete_row(4, 4));
  }
  // All pages, one after another, without the records of partitions that go on.
  std::vector<ResultRow> all_pages(ReadRequest r) {
    std::vector<ResultRow> out;
    for (int pages = 0; pages < 200; ++pages) {
      const ReadResult result = t.read(r);
      EXPECT_TRUE(!r.row_limit || result.row_count <= r.row_limit);
      for (ResultRow& row : parse_rows(result, t.table(), r)) {
        const bool again = !row.clustering && !out.empty() && out.back().partition_key == row.partition_key;
        if (!again) out.push_back(std::move(row));
      }
      if (!result.more) return out;
      r.resume = *decode_position(encode_position(*result.more));
    }
    ADD_FAILURE() << "too many pages";
    return out;
  }
  ReadRequest scan() {
    ReadRequest r = t.request({kS, kA});
    r.scan = true;
    r.begin = Token(INT64_MIN);
    r.end = Token(INT64_MAX);
    return r;
  }
};

TEST_F(PagingTest, PagesAddUpToTheWhole) {
  for (const bool reversed : {false, true}) {
    for (const bool statics_only : {false, true}) {
      for (const uint64_t per_partition : {0, 2}) {
        ReadRequest r = scan();
        r.reversed = reversed;
        r.statics_only = statics_only;
        r.per_partition_limit = per_partition;
        const auto whole = t.rows(r);
        EXPECT_EQ(t.read(r).row_count, statics_only ? 5u : per_partition ? 9u : 30u);
        for (const uint64_t limit : {1, 2, 3, 7, 100}) {
          r.row_limit = limit;
          EXPECT_EQ(all_pages(r), whole) << limit << reversed << statics_only << per_partition;
        }
        r.row_limit = 0;
        r.bytes_limit = 1;
        EXPECT_EQ(all_pages(r), whole);
      }
    }
  }
}

TEST_F(PagingTest, RangesOfAPartitionKeepTheirOrder) {
  ReadRequest r = t.request_partition(4, {kS, kA});
  r.ranges = {{ordered_int(1), ordered_int(3)}, prefix_range(ordered_int(4)), {ordered_int(5), ""}};
  const auto whole = t.rows(r);
  EXPECT_EQ(t.read(r).row_count, 2u + 7u);
  for (const uint64_t limit : {1, 2, 3}) {
    r.row_limit = limit;
    EXPECT_EQ(all_pages(r), whole);
  }
  r.reversed = true;
  r.row_limit = 0;
  auto backwards = t.rows(r);
  EXPECT_EQ(backwards.size(), whole.size());
  r.row_limit = 2;
  EXPECT_EQ(all_pages(r), backwards);
}

TEST_F(PagingTest, TheLastPageSaysSo) {
  ReadRequest r = t.request_partition(1, {kA});
  r.row_limit = 3;
  EXPECT_FALSE(t.read(r).more);
  r.row_limit = 2;
  EXPECT_TRUE(t.read(r).more);
  r.row_limit = 1;
  r.ranges = {prefix_range(ordered_int(1))};
  EXPECT_FALSE(t.read(r).more);
}

TEST_F(PagingTest, SnapshotsCarryEverything) {
  t.apply(delete_partition(2));
  t.apply(delete_range(4, 2, 5));
  Command remembered = insert(9, 9, {});
  remembered.request = {3, 4};
  remembered.deadline = kStart + 1000 * kSecond;
  t.apply(remembered);

  TestReplica to(sample_table());
  to.apply(insert(77, 7, {set_cell(kA, int_value(7))}));
  auto reader = t->snapshot();
  t.apply(insert(8, 8, {}));  // not in the snapshot
  leveldb::WriteBatch begin;
  SnapshotInstaller installer(to.registry(), kGroup, begin);
  to.write(begin);
  while (true) {
    auto chunk = reader->next_chunk();
    ASSERT_TRUE(chunk);
    if (chunk->empty()) break;
    leveldb::WriteBatch batch;
    ASSERT_TRUE(installer.add(*chunk, batch));
    to.write(batch);
  }
  ASSERT_TRUE(installer.complete());
  leveldb::WriteBatch end;
  const TabletMeta meta = installer.finish(end);
  to.write(end);
  to.open_replica();
  EXPECT_EQ(meta.applied, reader->meta().applied);
  EXPECT_EQ(to.registry().orphans().size(), 1u);
  leveldb::WriteBatch sweep;
  ASSERT_TRUE(to.registry().sweep_orphans(1000, sweep));
  to.write(sweep);
  const Command late = insert(8, 8, {});
  to.apply(late, t.now());
  EXPECT_EQ(to.dump(), t.dump());
  EXPECT_EQ(*to->digest(), *t->digest());
  to.restart();
  EXPECT_EQ(to.rows(scan()), t.rows(scan()));
  t.apply(delete_row(9, 9));
  to.apply(delete_row(9, 9), t.now());
  EXPECT_EQ(to.apply(remembered).kind, OutcomeKind::kDone);  // its first answer, and no row
  EXPECT_EQ(to.row(9, 9, {kA}), Cells{});
}

TEST_F(PagingTest, ADamagedSnapshotIsRefused) {
  auto reader = t->snapshot();
  Bytes chunk = *reader->next_chunk();
  chunk[chunk.size() / 2] ^= 1;
  leveldb::WriteBatch batch;
  SnapshotInstaller installer(t.registry(), kGroup, batch);
  EXPECT_FALSE(installer.add(chunk, batch).ok() && installer.complete());
}

}  // namespace
}  // namespace keyzone::storage
