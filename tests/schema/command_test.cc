#include "schema/command.h"

#include <gtest/gtest.h>

#include <chrono>

namespace keyzone {
namespace {

Command one_row_insert() {
  Command c;
  c.request = {7, 1234567};
  c.deadline = 1700000010000000;
  c.table = *Uuid::parse("01234567-89ab-cdef-0123-456789abcdef");
  c.schema_version = 3;
  c.epoch = Epoch(2);
  Mutation m;
  m.partition_key = "user0000000000000042";
  m.token = Token(-123456789012345);
  RowWrite r;
  r.marker = true;
  r.clustering = std::string("\x02\x80\0\0\1", 5);
  for (uint32_t i = 3; i < 8; ++i)
    r.cells.push_back({ColumnId(i), CellAction::kSet, false, 0, "", "twenty bytes of value"});
  m.rows.push_back(r);
  c.mutations.push_back(m);
  return c;
}

// Encoding is a function of the value, so equal bytes mean that nothing got lost.
void expect_same(const Command& command) {
  const Bytes bytes = encode_command(command);
  static Command used;  // by every command before, and nothing of theirs is left
  ASSERT_TRUE(decode_command(bytes, used));
  EXPECT_EQ(encode_command(used), bytes);
  for (size_t shift = 0; shift < 8; ++shift) {  // however the bytes are aligned
    const Bytes shifted = Bytes(shift, 'x') + bytes;
    auto back = decode_command(BytesView(shifted).substr(shift));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(encode_command(*back), bytes);
  }
}

TEST(Command, OneRow) {
  const Command c = one_row_insert();
  expect_same(c);
  auto back = decode_command(encode_command(c));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->request, c.request);
  EXPECT_EQ(back->table, c.table);
  EXPECT_EQ(back->mutations[0].token, c.mutations[0].token);
  EXPECT_EQ(back->mutations[0].timestamp, kNoTimestamp);
  EXPECT_TRUE(back->mutations[0].rows[0].marker);
  EXPECT_EQ(back->mutations[0].rows[0].cells[4].value, "twenty bytes of value");
}

TEST(Command, EveryField) {
  Command c = one_row_insert();
  c.truncate = true;
  Mutation m;
  m.token = Token(INT64_MAX);
  m.timestamp = -5;
  m.ttl = 86400;
  m.now = 1'800'000'000;
  RowWrite range;
  range.action = RowAction::kDeleteRange;
  range.clustering = "a";
  m.rows.push_back(range);
  RowWrite statics;
  statics.is_static = true;
  statics.cells = {{ColumnId(300), CellAction::kListSetIndex, false, -1, "", "v"},
                   {ColumnId(300), CellAction::kListClearIndex, false, 7, "", ""},
                   {ColumnId(300), CellAction::kListTouchIndex, false, 300, "", ""},
                   {ColumnId(9), CellAction::kDeleteAll, true, 0, "", ""},
                   {ColumnId(9), CellAction::kPutElement, false, 0, "path", ""},
                   {ColumnId(9), CellAction::kPutElement, false, 0, "path", "value", "Path"}};
  m.rows.push_back(statics);
  RowWrite all;
  all.action = RowAction::kDeletePartition;
  m.rows.push_back(all);
  c.mutations.push_back(m);
  RowCondition rc{"pk", true, "", {}};
  rc.conditions.push_back(
      {ConditionOperator::kIn, ColumnId(4), Bytes("e"), std::nullopt, {std::nullopt, Bytes(), "x"}});
  rc.conditions.push_back({ConditionOperator::kEqual, ColumnId(4), std::nullopt, uint16_t{2}, {Bytes("y")}});
  rc.now = -1;
  c.conditions.push_back(rc);
  c.condition_columns = {ColumnId(4), ColumnId(1000)};
  c.sweep = Sweep{5, 6, "from", 7};
  c.batch = BatchMark{8, 9};
  expect_same(c);
  auto back = decode_command(encode_command(c));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->mutations[1].timestamp, -5);
  EXPECT_EQ(back->mutations[0].now, std::nullopt);
  EXPECT_EQ(back->mutations[1].now, 1'800'000'000);
  EXPECT_EQ(back->conditions[0].now, -1);
  EXPECT_EQ(back->mutations[1].rows[1].cells[0].index, -1);
  EXPECT_EQ(back->conditions[0].conditions[0].operands[1], std::optional<Bytes>(""));
  EXPECT_EQ(back->conditions[0].conditions[0].operands[0], std::nullopt);
  EXPECT_EQ(back->sweep->keys_max, 7u);
  EXPECT_EQ(back->batch, c.batch);
}

TEST(Command, DamageIsAnErrorOrAnotherCommandNeverACrash) {
  const Bytes good = encode_command(one_row_insert());
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit : {0, 3, 7}) {
      Bytes bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      (void)decode_command(bad).ok();
    }
    EXPECT_FALSE(decode_command(BytesView(good).substr(0, i)).ok());
  }
}

TEST(Command, Outcome) {
  Outcome o;
  o.kind = OutcomeKind::kConditionFailed;
  o.message = "List index 5 out of bound, list has size 2";
  o.current.rows = "rows";
  o.current.row_count = 3;
  o.resume = "there";
  auto back = decode_outcome(encode_outcome(o));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, o.kind);
  EXPECT_EQ(back->message, o.message);
  EXPECT_EQ(back->current.rows, "rows");
  EXPECT_EQ(back->current.row_count, 3u);
  EXPECT_EQ(back->resume, "there");
  EXPECT_FALSE(decode_outcome("").ok());
}

// Prints what a one-row command costs; the budget is well under a microsecond for both ways.
TEST(Command, Cost) {
  const Command c = one_row_insert();
  constexpr int kRounds = 100000;
  const auto start = std::chrono::steady_clock::now();
  size_t sum = 0;
  for (int i = 0; i < kRounds; ++i) sum += decode_command(encode_command(c))->mutations.size();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(sum, static_cast<size_t>(kRounds));
  RecordProperty("nanoseconds", static_cast<int>(took.count() / kRounds));
  std::printf("encode and decode: %.0f ns, %zu bytes\n", took.count() / kRounds, encode_command(c).size());
}

}  // namespace
}  // namespace keyzone
