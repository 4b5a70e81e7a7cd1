// Entries that are longer than a segment of the log.
#include "tests/storage/log_fixture.h"
#include "tests/storage/log_model.h"

namespace keyzone::storage {
namespace {

using LongEntries = LogTest;

TEST_F(LongEntries, AnEntryLongerThanASegmentGetsALongerOne) {
  create(kOne);
  flush();
  const Bytes large(300 << 10, 'L');
  EXPECT_FALSE(log_->wants_segment());
  EXPECT_EQ(try_append(kOne, 1, 1, large).error().kind, ErrorKind::kOverloaded);
  EXPECT_TRUE(log_->wants_segment());
  append(kOne, 1, 1, "others go on");
  maintain_once();
  EXPECT_FALSE(log_->wants_segment());
  flush();
  append(kOne, 2, 1, large);
  EXPECT_EQ(read(kOne, 2), large);
  flush();
  append(kOne, 3, 1, "small");
  flush();
  crash();
  EXPECT_FALSE(log_->state(kOne).is_damaged());
  EXPECT_EQ(read(kOne, 1), "others go on");
  EXPECT_EQ(read(kOne, 2), large);
  EXPECT_EQ(read(kOne, 3), "small");
}

TEST_F(LongEntries, EntriesThatAreLongerThanASegmentTogetherAreStagedTogether) {
  create(kOne);
  flush();
  const Bytes half(options_.segment_bytes / 2, 'h');
  std::vector<LogEntryView> entries;
  for (uint64_t i = 1; i <= 5; ++i) entries.push_back({LogIndex(i), Term(1), 7, half});
  EXPECT_EQ(log_->append(kOne, entries).error().kind, ErrorKind::kOverloaded);
  maintain_once();
  ASSERT_TRUE(log_->append(kOne, entries).ok());
  flush();
  crash();
  EXPECT_EQ(log_->state(kOne).last, LogIndex(5));
  EXPECT_EQ(read(kOne, 5), half);
}

// However the crash leaves the longer segment, the entry is there as a whole or was never there.
TEST_F(LongEntries, ATornFlushOfALongEntryIsDropped) {
  const Bytes large(150 << 10, 'L');
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    log_.reset();
    disk_.wipe();
    reopen();
    Chance chance(seed);
    create(kOne);
    append(kOne, 1, 1, "before");
    flush();
    EXPECT_FALSE(try_append(kOne, 2, 1, large).ok());
    maintain_once();
    append(kOne, 2, 1, large);
    disk_.freeze(chance(3));
    auto work = log_->begin_flush();
    work->run();
    (void)log_->finish(std::move(work)).ok();
    log_.reset();
    disk_.crash([&](uint64_t bound) { return chance(bound); });
    reopen();
    EXPECT_FALSE(log_->state(kOne).is_damaged());
    EXPECT_EQ(read(kOne, 1), "before");
    if (log_->state(kOne).last == LogIndex(2)) {
      EXPECT_EQ(read(kOne, 2), large);
    } else {
      EXPECT_EQ(log_->state(kOne).last, LogIndex(1));
    }
  }
}

TEST_F(LongEntries, LongerFilesAreUsedAgainAndOneIsKept) {
  create(kOne);
  flush();
  maintain();
  const uint64_t before = disk_.used_bytes();
  for (uint64_t i = 1; i <= 30; ++i) {
    const Bytes large((100 + i) << 10, static_cast<char>('a' + i % 26));
    while (!try_append(kOne, i, 1, large)) maintain_once();
    flush();
    if (i > 2) trim(kOne, i - 2);
    maintain();
  }
  EXPECT_EQ(read(kOne, 30), Bytes(130 << 10, static_cast<char>('a' + 30 % 26)));
  EXPECT_LT(disk_.used_bytes(), before + 6 * (140 << 10));
  trim(kOne, 30);
  for (uint64_t i = 31; i <= 200; ++i) {
    append(kOne, i, 1, Bytes(1000, 's'));
    flush();
    trim(kOne, i);
    maintain();
  }
  EXPECT_LT(disk_.used_bytes(), before + 2 * (140 << 10));
}

TEST_F(LongEntries, ALongEntryOfASlowGroupIsWrittenAnew) {
  create(kOne);
  create(kTwo);
  flush();
  const Bytes large(150 << 10, 'L');
  EXPECT_FALSE(try_append(kTwo, 1, 1, large).ok());
  maintain_once();
  append(kTwo, 1, 1, large);
  flush();
  for (uint64_t i = 1; i <= 1000; ++i) {
    append(kOne, i, 1, Bytes(1000, 's'));
    flush();
    trim(kOne, i);
    maintain();
  }
  EXPECT_GT(log_->stats().bytes_rewritten, large.size());
  EXPECT_LE(log_->stats().segments_used, 8u);
  crash();
  EXPECT_EQ(read(kTwo, 1), large);
}

TEST_F(LongEntries, ALongEntryIsRefusedOnAFullDiskAndOthersGoOn) {
  create(kOne);
  flush();
  maintain();
  DiskFaults faults;
  faults.capacity_bytes = disk_.used_bytes() + (100 << 10);
  disk_.set_faults(faults, {});
  const Bytes large(150 << 10, 'L');
  EXPECT_EQ(try_append(kOne, 1, 1, large).error().kind, ErrorKind::kOverloaded);
  maintain_once();
  EXPECT_EQ(try_append(kOne, 1, 1, large).error().kind, ErrorKind::kNoSpace);
  EXPECT_FALSE(log_->wants_segment());  // not before a slow tick
  append(kOne, 1, 1, "small");
  flush();
  disk_.clear_faults();
  maintain_once();
  append(kOne, 2, 1, large);
  flush();
  crash();
  EXPECT_EQ(read(kOne, 2), large);
}

}  // namespace
}  // namespace keyzone::storage
