#include "schema/read.h"

#include <gtest/gtest.h>

namespace keyzone {
namespace {

ReadPosition position() { return {Token(-9), "pk", false, true, "ck", 77}; }

TEST(Read, Request) {
  ReadRequest r;
  r.table = *Uuid::parse("01234567-89ab-cdef-0123-456789abcdef");
  r.schema_version = 4;
  r.epoch = Epoch(6);
  r.scan = true;
  r.begin = Token(-100);
  r.end = Token(100);
  r.ranges = {{"a", "b"}, {"c", ""}};
  r.reversed = true;
  r.statics_only = true;
  r.columns = {ColumnId(9), ColumnId(2)};
  r.with_metadata = {ColumnId(2)};
  r.elements = {{ColumnId(2), "from", "to"}, {ColumnId(9), "", ""}};
  r.row_limit = 10;
  r.per_partition_limit = 3;
  r.bytes_limit = 1 << 20;
  r.resume = position();
  r.look_up = "a command";
  r.now = 1700000000000000;
  auto back = decode_read(encode_read(r));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode_read(*back), encode_read(r));
  EXPECT_EQ(back->ranges, r.ranges);
  EXPECT_EQ(back->columns, r.columns);
  EXPECT_EQ(back->elements, r.elements);
  EXPECT_EQ(back->resume, r.resume);
  EXPECT_EQ(back->look_up, r.look_up);
  EXPECT_EQ(back->begin, r.begin);
  EXPECT_TRUE(back->reversed && back->statics_only && back->scan);
}

TEST(Read, RequestOfAPartition) {
  ReadRequest r;
  r.token = Token(INT64_MIN + 1);
  r.partition_key = "key";
  const auto back = decode_read(encode_read(r));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->token, r.token);
  EXPECT_EQ(back->partition_key, r.partition_key);
  EXPECT_FALSE(back->scan);
  EXPECT_FALSE(back->resume);
}

TEST(Read, Result) {
  ReadResult r{"rows", 5, position(), 8};
  auto back = decode_read_result(encode_read_result(r));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->rows, r.rows);
  EXPECT_EQ(back->row_count, 5u);
  EXPECT_EQ(back->more, r.more);
  EXPECT_EQ(back->tombstones, 8u);
  r.more.reset();
  EXPECT_FALSE(decode_read_result(encode_read_result(r))->more.has_value());
}

TEST(Read, PositionAndDamage) {
  const Bytes good = encode_position(position());
  ASSERT_TRUE(decode_position(good));
  EXPECT_EQ(*decode_position(good), position());
  for (size_t i = 0; i < good.size(); ++i) EXPECT_FALSE(decode_position(BytesView(good).substr(0, i)).ok());
  EXPECT_FALSE(decode_read("junk").ok());
}

}  // namespace
}  // namespace keyzone
