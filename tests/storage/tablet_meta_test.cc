// TabletRegistry: what it knows of a shard's tablets without looking for it.
#include "tests/storage/table_fixture.h"

namespace keyzone::storage {
namespace {

constexpr GroupId kOther{101};

class TabletMetaTest : public testing::Test {
 protected:
  // Another tablet of the same node: made, opened, and dropped again.
  void create_and_drop() {
    leveldb::WriteBatch batch;
    TableReplica::create(t.registry(), kOther, t.table(), {}, Epoch(1), batch);
    t.write(batch);
    batch.Clear();
    auto replica =
        TableReplica::open(t.store().db(), t.registry(), kOther, std::make_shared<Table>(t.table()), {});
    ASSERT_TRUE(replica);
    t.registry().drop(kOther, batch);
    t.write(batch);
  }

  TestReplica t{sample_table()};
};

// A block is as long as the longest value in it: tablets that come and go must not look into those of others.
TEST_F(TabletMetaTest, ATabletComesAndGoesWithoutLookingIntoBlocks) {
  for (int i = 0; i < 6; ++i) {
    t.apply(insert(i, 1, {set_cell(kB, Bytes(600'000, 'x'))}));
    t.restart();  // each time one more file
  }
  const uint64_t before = t.store().cache_counts().requests;
  create_and_drop();
  EXPECT_EQ(t.store().cache_counts().requests, before);
  EXPECT_EQ(t.row(3, 1, {kB}).at(0)->size(), 600'000u);
  EXPECT_GT(t.store().cache_counts().requests, before) << "they are counted";
}

TEST_F(TabletMetaTest, ATabletThatNeverHeldARowLeavesNoneToSweep) {
  create_and_drop();
  EXPECT_TRUE(t.registry().orphans().empty());
  Command truncation;
  truncation.truncate = true;
  t.apply(truncation);
  EXPECT_TRUE(t.registry().orphans().empty());
  t.apply(insert(1, 1, {}));
  leveldb::WriteBatch batch;
  t.registry().drop(kGroup, batch);
  EXPECT_EQ(t.registry().orphans().size(), 1u);
}

// One that is there again under its old id, from a snapshot for example, remembers nothing of its first life.
TEST_F(TabletMetaTest, ItsRequestsGoWithIt) {
  Command asked = insert(1, 1, {set_cell(kA, int_value(1))});
  asked.request = {7, uint64_t{1} << 32 | 1};
  asked.deadline = kStart + 10 * kSecond;
  t.apply(asked);
  EXPECT_EQ(t.registry().windows(kGroup).size(), 1u);
  t.restart();
  EXPECT_EQ(t.registry().windows(kGroup).size(), 1u) << "it reads them at the start";
  leveldb::WriteBatch batch;
  t.registry().drop(kGroup, batch);
  TableReplica::create(t.registry(), kGroup, t.table(), {}, Epoch(1), batch);
  t.write(batch);
  t.restart();
  t->set_schema(std::make_shared<Table>(t.table()));
  EXPECT_TRUE(t.registry().windows(kGroup).empty());
  EXPECT_EQ(t.apply(asked).kind, OutcomeKind::kDone);
  EXPECT_EQ(t.row(1, 1, {kA}).size(), 1u) << "it was applied anew";
}

}  // namespace
}  // namespace keyzone::storage
