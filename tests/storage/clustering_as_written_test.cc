#include <gtest/gtest.h>

#include "schema/clustering_as_written.h"
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

using Cells = std::vector<std::optional<Bytes>>;

TEST(ClusteringAsWritten, MakesNoRowShowUp) {
  auto table = std::make_shared<Table>(*sample_table());
  table->columns[1].type = native_type(TypeKind::kDecimal);
  ASSERT_TRUE(keeps_clustering_as_written(*table));
  ASSERT_FALSE(keeps_clustering_as_written(*sample_table()));
  TestReplica t(table);
  t.apply(update(1, 2, {set_cell(kClusteringAsWritten, "2.0"), set_cell(kA, int_value(3))}), kStart);
  EXPECT_EQ(t.row(1, 2, {kA}), (Cells{int_value(3)}));
  EXPECT_NE(t.read(t.request_partition(1, {kClusteringAsWritten})).rows.find("2.0"), Bytes::npos);
  t.apply(update(1, 2, {delete_cell(kA)}), kStart + 1);
  EXPECT_TRUE(t.row(1, 2, {kA}).empty());
  Command sweep;
  sweep.sweep = Sweep{kStart + 200 * kSecond, 100, {}, 100};
  t.apply(sweep, kStart + 200 * kSecond);
  EXPECT_TRUE(t.dump().empty());
}

// 2.0 stays what it was as long as the row lives, and a row that came without such a cell gets none later.
TEST(ClusteringAsWritten, StaysAsTheRowCame) {
  auto table = std::make_shared<Table>(*sample_table());
  table->columns[1].type = native_type(TypeKind::kDecimal);
  TestReplica t(table);
  const auto spelling = [&](const char* text) {
    return t.read(t.request_partition(1, {kClusteringAsWritten})).rows.find(text) != Bytes::npos;
  };
  t.apply(update(1, 2, {set_cell(kClusteringAsWritten, "2.0"), set_cell(kA, int_value(3))}), kStart);
  t.apply(update(1, 2, {set_cell(kClusteringAsWritten, "2.00"), set_cell(kA, int_value(4))}), kStart + 1);
  EXPECT_TRUE(spelling("2.0"));
  EXPECT_FALSE(spelling("2.00"));
  t.apply(update(1, 2, {set_cell(kA, int_value(5))}), kStart + 2);
  EXPECT_TRUE(spelling("2.0"));
  t.apply(update(1, 2, {delete_cell(kA)}), kStart + 3);
  t.apply(update(1, 2, {set_cell(kClusteringAsWritten, "2.00"), set_cell(kA, int_value(6))}), kStart + 4);
  EXPECT_TRUE(spelling("2.00"));
  t.apply(update(1, 3, {set_cell(kA, int_value(1))}), kStart + 5);
  t.apply(update(1, 3, {set_cell(kClusteringAsWritten, "3.0"), set_cell(kA, int_value(2))}), kStart + 6);
  EXPECT_FALSE(spelling("3.0"));
}

}  // namespace
}  // namespace keyzone::storage
