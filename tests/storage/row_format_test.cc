// The example of storage/row_format.md, and rows through their codec.
#include <gtest/gtest.h>

#include "storage/row.h"
#include "storage/row_key.h"
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

Bytes hex(BytesView bytes) {
  Bytes out;
  for (const char c : bytes) {
    out.push_back("0123456789abcdef"[(c >> 4) & 15]);
    out.push_back("0123456789abcdef"[c & 15]);
  }
  return out;
}

TEST(RowFormat, Example) {
  TestReplica t(sample_table());
  t.apply(
      insert(1, 2, {set_cell(kA, int_value(3)), set_cell(kB, "four"), put_element(kT, ordered_int(5), "")}),
      kStart);
  t.apply(update(1, 2, {delete_cell(kA)}), kStart + kSecond);
  t.apply(delete_range(1, 4, 9), kStart + 2 * kSecond);
  t.apply(delete_partition(2), kStart + 3 * kSecond);
  std::map<Bytes, Bytes> found;
  for (const auto& [key, value] : t.dump()) found[hex(key.substr(4))] = hex(value);
  const std::map<Bytes, Bytes> expected{
      {"02478499982ae4e0cf00ff00ff00ff010000020280000002",
       "1100401e18240a060000040380897a81e2cfaa06050004666f75720810010005028000000500"},
      {"01478499982ae4e0cf00ff00ff00ff010000020280000009", "0180c43c18240a060082e2cfaa060280000004"},
      {"0152e9aeb38ba9979000ff00ff00ff02000001", "01c0064c18240a060083e2cfaa06"}};
  EXPECT_EQ(found, expected);
}

TEST(RowFormat, ExampleOfElementsWithKeysOfTheirOwn) {
  TestReplica t(sample_table(), {.collection_bytes_max = 10});
  t.apply(insert(1, 2, {delete_all(kT, true), put_element(kT, ordered_int(5), "")}), kStart);
  t.apply(update(1, 2, {put_element(kT, ordered_int(6), "")}), kStart + kSecond);
  t.apply(update(1, 2, {delete_element(kT, ordered_int(5))}), kStart + 2 * kSecond);
  std::map<Bytes, Bytes> found;
  for (const auto& [key, value] : t.dump()) found[hex(key.substr(4))] = hex(value);
  const std::map<Bytes, Bytes> expected{
      {"02478499982ae4e0cf00ff00ff00ff010000020280000002", "2100401e18240a06000008700180e2cfaa0600"},
      {"03478499982ae4e0cf00ff00ff00ff010000020280000002000000080280000005", "1280c43c18240a060082e2cfaa06"},
      {"03478499982ae4e0cf00ff00ff00ff010000020280000002000000080280000006", "1040822d18240a0600"}};
  EXPECT_EQ(found, expected);
}

TEST(RowFormat, EverythingAnElementCanHold) {
  for (const Cell& cell : {Cell{kM, false, 0, 0, INT64_MIN + 1, "", ""}, Cell{kM, true, 0, 11, 150, "", ""},
                           Cell{kM, false, 5, 1'700'000'000, 200, "", "value"},
                           Cell{kM, false, 0, 0, 200, "", "value", "written"}}) {
    Bytes bytes;
    encode_element(cell, bytes);
    Cell back;
    back.column = kM;
    ASSERT_TRUE(decode_element(bytes, back));
    EXPECT_EQ(back, cell);
    bytes[0] = static_cast<char>(bytes[0] | 0x20);
    EXPECT_FALSE(decode_element(bytes, back));
    EXPECT_FALSE(decode_element(BytesView(bytes).substr(0, 5), back));
  }
}

TEST(RowFormat, EverythingARowCanHold) {
  Row row;
  row.marker = {200, 5, 1000};
  row.deletion = {100, 7};
  row.column_deletions = {{ColumnId(2), {120, 8}}, {ColumnId(300), {INT64_MAX, 9}}};
  row.cells = {{ColumnId(1), false, 0, 0, INT64_MAX, "", ""},
               {ColumnId(2), false, 5, 1000, 200, "a", "x"},
               {ColumnId(2), true, 0, 11, 150, "b", ""},
               {ColumnId(2), false, 0, 0, 151, "c", "", "C"},
               {ColumnId(2), false, 5, 1000, 200, "d", "y", "D"},
               {ColumnId(4), false, 6, 1001, 201, "", "expires otherwise"},
               {ColumnId(5), true, 0, 12, 202, "", ""}};
  Bytes bytes;
  encode_row(row, bytes);
  EXPECT_EQ(bytes[0] & 0xf0, 0x20);
  row.spilled = {ColumnId(3), ColumnId(300), ColumnId(301)};
  bytes.clear();
  encode_row(row, bytes);
  Row back;
  ASSERT_TRUE(decode_row(bytes, back));
  EXPECT_EQ(back, row);
  for (size_t i = 0; i < bytes.size();
       ++i) {  // damage is seen or gives another row, and never reads beyond the end
    (void)decode_row(BytesView(bytes).substr(0, i), back);
    Bytes bad = bytes;
    bad[i] = static_cast<char>(~bad[i]);
    (void)decode_row(bad, back);
  }
  bytes[0] = 0x31;
  EXPECT_FALSE(decode_row(bytes, back));
}

TEST(RowFormat, KeysSortByTokenAndPartition) {
  const auto key = [](int64_t token, Bytes partition) {
    return partition_prefix(StoreId(9), Area::kRows, Token(token), partition) + '\x02';
  };
  const Bytes zero(1, '\0');
  const std::vector<Bytes> keys{
      key(-5, "z"), key(0, ""),         key(0, zero), key(0, zero + "a"), key(0, zero + '\xff'),
      key(0, "a"),  key(0, "a" + zero), key(0, "ab"), key(0, "\xff"),     key(INT64_MAX, "a")};
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  for (const Bytes& k : keys) {
    const auto parsed = parse_key(k);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(key(parsed->token.value, parsed->partition_key), k);
    EXPECT_EQ(parsed->prefix_size, k.size() - 1);
  }
  EXPECT_FALSE(parse_key("short"));
  EXPECT_FALSE(parse_key(keys[1].substr(0, keys[1].size() - 1)));
}

}  // namespace
}  // namespace keyzone::storage
