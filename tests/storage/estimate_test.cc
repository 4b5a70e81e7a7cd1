// TableReplica::estimate(): exact where there is little, near the truth where there is much.
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

class EstimateTest : public testing::Test {
 protected:
  void fill(int32_t partitions, int32_t rows) {
    for (int32_t p = 0; p < partitions; ++p) {
      for (int32_t r = 0; r < rows; ++r)
        t.apply(insert(p, r, {set_cell(kB, Bytes(100, 'x'))}), kStart + stamp_++);
    }
  }
  Estimate estimate() {
    const auto estimate = t->estimate();
    EXPECT_TRUE(estimate);
    return *estimate;
  }

  TestReplica t{sample_table()};
  Timestamp stamp_ = 0;
};

TEST_F(EstimateTest, OfNothingIsNothing) {
  EXPECT_EQ(estimate().partitions, 0u);
  EXPECT_EQ(estimate().mean_partition_bytes, 0u);
}

TEST_F(EstimateTest, FewPartitionsAreCounted) {
  fill(20, 3);
  EXPECT_EQ(estimate().partitions, 20u);
  EXPECT_GT(estimate().mean_partition_bytes, 3u * 100);
  EXPECT_LT(estimate().mean_partition_bytes, 3u * 250);
}

TEST_F(EstimateTest, ManyAreEstimatedFromTheFirst) {
  constexpr int32_t kPartitions = 2000;
  fill(kPartitions, 1);
  EXPECT_GT(estimate().partitions, kPartitions * 3u / 4);
  EXPECT_LT(estimate().partitions, kPartitions * 5u / 4);
  EXPECT_GT(estimate().mean_partition_bytes, 100u);
}

TEST_F(EstimateTest, ABigPartitionIsOne) {
  fill(1, 500);
  fill(1, 500);
  EXPECT_EQ(estimate().partitions, 1u);
  EXPECT_GT(estimate().mean_partition_bytes, 0u);
}

}  // namespace
}  // namespace keyzone::storage
