// Elements of sets and keys of maps whose paths don't give them back.
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

Bytes decimal(int32_t scale, int8_t unscaled) {
  Bytes out;
  append_be(out, scale);
  append_be(out, unscaled);
  return out;
}
const Bytes kShort = decimal(1, 11), kLong = decimal(2, 110);  // 1.1 and 1.10

TablePtr decimal_table() {
  auto table = std::make_shared<Table>(*sample_table());
  const TypePtr type = native_type(TypeKind::kDecimal);
  table->columns[6].type = map_type(type, native_type(TypeKind::kInt), false);
  table->columns[7].type = set_type(type, false);
  return table;
}

Bytes path_of(const Bytes& value) {
  Bytes out;
  native_type(TypeKind::kDecimal)->append_ordered(value, false, out);
  return out;
}
CellWrite put(ColumnId column, const Bytes& element, const Bytes& value = {}) {
  CellWrite out = put_element(column, path_of(element), value);
  if (element == kLong) out.written = element;
  return out;
}
Bytes map_of(const Bytes& key, int value) {
  CollectionWriter out(2);
  out.add(key);
  out.add(int_value(value));
  return std::move(out).finish();
}

class KeysAsWritten : public testing::Test {
 protected:
  void write(const Bytes& form, int value, Timestamp stamp, int32_t ttl = 0) {
    t.apply(update(1, 1, {put(kM, form, int_value(value)), put(kT, form)}, stamp, ttl));
  }
  void expect(const Bytes& form, int value) {
    const std::vector<std::optional<Bytes>> cells{map_of(form, value), list_value({form})};
    EXPECT_EQ(t.row(1, 1, {kM, kT}), cells);
  }
  TestReplica t{decimal_table()};
};

TEST_F(KeysAsWritten, TheNewestWriteSaysHow) {
  ASSERT_EQ(path_of(kShort), path_of(kLong));
  write(kLong, 1, kStart + 10);
  expect(kLong, 1);
  write(kShort, 2, kStart + 9);
  expect(kLong, 1);
  write(kShort, 2, kStart + 11);
  expect(kShort, 2);
  write(kLong, 2, kStart + 11);  // as old and as great: what was there stays
  expect(kShort, 2);
  write(kLong, 3, kStart + 12);
  t.restart();
  expect(kLong, 3);
}

TEST_F(KeysAsWritten, WhatHasExpiredIsSweptWithItsForm) {
  write(kLong, 1, kStart, 10);
  Command sweep;
  sweep.sweep = Sweep{kStart + 20 * kSecond, 100, {}, 100};
  t.apply(sweep, kStart + 20 * kSecond);
  const auto left = t.dump();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.begin()->second.find(kLong), Bytes::npos);
  EXPECT_EQ(left.begin()->second[0] & 0xf0, 0x10);
}

TEST_F(KeysAsWritten, RowsOfVersionOneHaveASetsElementInItsValue) {
  t.apply(update(1, 1, {put_element(kT, path_of(kLong), kLong)}));
  EXPECT_EQ(t.dump().begin()->second[0] & 0xf0, 0x10);
  EXPECT_EQ(t.row(1, 1, {kT}), (std::vector<std::optional<Bytes>>{list_value({kLong})}));
}

}  // namespace
}  // namespace keyzone::storage
