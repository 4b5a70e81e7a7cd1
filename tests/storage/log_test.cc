#include "storage/log.h"

#include "storage/log_format.h"
#include "tests/storage/log_fixture.h"

namespace keyzone::storage {
namespace {

TEST_F(LogTest, EntriesVotesAndMarksOutliveACrash) {
  create(kOne);
  create(kTwo);
  append(kOne, 1, 1, "a");
  append(kOne, 2, 1, "b");
  append(kOne, 3, 2, "c");
  append(kTwo, 1, 5, "x");
  ASSERT_TRUE(log_->set_hard_state(kOne, {Term(2), NodeId(9), LogIndex(2)}).ok());
  trim(kOne, 1);
  ASSERT_TRUE(log_->put_metadata("name", "value").ok());
  flush();
  crash();
  EXPECT_EQ(log_->groups(), (std::vector{kOne, kTwo}));
  const GroupState state = log_->state(kOne);
  EXPECT_EQ(state.hard, (HardState{Term(2), NodeId(9), LogIndex(2)}));
  EXPECT_EQ(state.trim, (TrimMark{LogIndex(1), Term(1), "members"}));
  EXPECT_EQ(state.first, LogIndex(2));
  EXPECT_EQ(state.last, LogIndex(3));
  EXPECT_EQ(state.info, "info");
  EXPECT_FALSE(state.is_damaged());
  EXPECT_EQ(read(kOne, 3), "c");
  EXPECT_EQ(read(kTwo, 1), "x");
  EXPECT_EQ(*log_->term(kOne, LogIndex(1)), Term(1));
  EXPECT_FALSE(log_->term(kOne, LogIndex(4)).ok());
  EXPECT_EQ(log_->metadata("name"), "value");
  const auto entries = log_->entries(kOne, LogIndex(2), LogIndex(3), 1);
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1u);  // at least one, though the limit is smaller
  EXPECT_EQ(entries->front().kind, 7);
}

TEST_F(LogTest, WhatIsOnlyStagedIsReadAtOnceAndGoneAfterACrash) {
  create(kOne);
  append(kOne, 1, 1, "a");
  flush();
  append(kOne, 2, 1, "b");
  EXPECT_EQ(read(kOne, 2), "b");
  EXPECT_GT(log_->staged(), log_->durable());
  crash();
  EXPECT_EQ(log_->state(kOne).last, LogIndex(1));
  EXPECT_EQ(log_->staged(), log_->durable());
}

TEST_F(LogTest, AnAppendReplacesWhatFollows) {
  create(kOne);
  for (uint64_t i = 1; i <= 5; ++i) append(kOne, i, 1, "old" + std::to_string(i));
  flush();
  append(kOne, 3, 2, "new");
  flush();
  reopen();
  EXPECT_EQ(log_->state(kOne).last, LogIndex(3));
  EXPECT_EQ(read(kOne, 2), "old2");
  EXPECT_EQ(read(kOne, 3), "new");
}

TEST_F(LogTest, ABurstIsOneWriteAndOneSync) {
  create(kOne);
  flush();
  const DiskStats before = disk_.stats();
  for (uint64_t i = 1; i <= 50; ++i) append(kOne, i, 1, Bytes(150, 'v'));
  flush();
  EXPECT_EQ(disk_.stats().writes, before.writes + 1);
  EXPECT_EQ(disk_.stats().syncs, before.syncs + 1);
}

TEST_F(LogTest, WhatIsStagedDuringAFlushGoesWithTheNext) {
  create(kOne);
  append(kOne, 1, 1, "a");
  auto work = log_->begin_flush();
  ASSERT_NE(work, nullptr);
  const LogMark first = log_->staged();
  append(kOne, 2, 1, "b");
  EXPECT_EQ(log_->begin_flush(), nullptr);
  work->run();
  ASSERT_TRUE(log_->finish(std::move(work)).ok());
  EXPECT_EQ(log_->durable(), first);
  flush();
  EXPECT_EQ(log_->durable(), log_->staged());
  crash();
  EXPECT_EQ(read(kOne, 2), "b");
}

TEST_F(LogTest, AFailedSyncIsFinal) {
  create(kOne);
  flush();
  append(kOne, 1, 1, "a");
  disk_.fail_next(DiskCall::kSync, "segment", 1);
  EXPECT_FALSE(log_->flush().ok());
  EXPECT_TRUE(log_->failed());
  EXPECT_FALSE(try_append(kOne, 2, 1, "b").ok());
  EXPECT_EQ(log_->begin_flush(), nullptr);
  EXPECT_FALSE(log_->set_hard_state(kOne, {}).ok());
}

TEST_F(LogTest, TornTailIsDroppedSilently) {
  create(kOne);
  append(kOne, 1, 1, "kept");
  flush();
  append(kOne, 2, 1, "torn" + Bytes(3000, 't'));
  flush();
  damage("torn");  // the newest flush, and nothing says that it was synced
  reopen();
  EXPECT_EQ(log_->state(kOne).last, LogIndex(1));
  EXPECT_FALSE(log_->state(kOne).is_damaged());
  EXPECT_EQ(log_->stats().records_damaged, 0u);
  append(kOne, 2, 2, "again");
  flush();
  reopen();  // the remains of the torn flush are no damage either
  EXPECT_FALSE(log_->state(kOne).is_damaged());
  EXPECT_EQ(read(kOne, 2), "again");
}

TEST_F(LogTest, DamageToWhatWasSyncedMarksTheGroupAndNoOther) {
  create(kOne);
  create(kTwo);
  for (uint64_t i = 1; i <= 3; ++i) append(kOne, i, 4, "one" + std::to_string(i));
  append(kTwo, 1, 1, "two");
  flush();
  append(kTwo, 2, 1, "later");
  flush();
  damage("one2");
  reopen();
  const GroupState state = log_->state(kOne);
  EXPECT_FALSE(state.all_damaged);
  ASSERT_EQ(state.damaged.size(), 1u);
  EXPECT_EQ(state.damaged[0], std::pair(LogIndex(2), LogIndex(2)));
  EXPECT_EQ(*log_->term(kOne, LogIndex(2)), Term(4));  // its identity was kept elsewhere
  EXPECT_EQ(read(kOne, 1), "one1");
  EXPECT_EQ(read(kOne, 3), "one3");
  EXPECT_FALSE(log_->entries(kOne, LogIndex(2), LogIndex(2), 1).ok());
  EXPECT_FALSE(log_->state(kTwo).is_damaged());
  reopen();
  EXPECT_TRUE(log_->state(kOne).is_damaged());
  const LogEntryView entry{LogIndex(2), Term(4), 7, "one2"};
  ASSERT_TRUE(log_->repair(kOne, std::span(&entry, 1)).ok());
  EXPECT_FALSE(log_->state(kOne).is_damaged());
  flush();
  reopen();
  EXPECT_FALSE(log_->state(kOne).is_damaged());
  EXPECT_EQ(read(kOne, 2), "one2");
  EXPECT_EQ(read(kOne, 3), "one3");
}

TEST_F(LogTest, AConfirmationMakesDamageToTheLastFlushKnown) {
  create(kOne);
  append(kOne, 1, 1, "last");
  flush();
  log_->stage_confirmation();
  flush();
  damage("last");
  reopen();
  EXPECT_TRUE(log_->state(kOne).is_damaged());
  log_->stage_confirmation();
  flush();
}

TEST_F(LogTest, ADamagedVoteIsUnknownUntilItsTermHasPassed) {
  create(kOne);
  ASSERT_TRUE(
      log_->set_hard_state(kOne, {Term(5), NodeId(0x6576617274), LogIndex(0)}).ok());  // spells "trave"
  flush();
  append(kOne, 1, 5, "a");
  flush();
  damage("trave");
  reopen();
  EXPECT_TRUE(log_->state(kOne).vote_damaged);
  EXPECT_EQ(log_->state(kOne).hard.term, Term(5));
  ASSERT_TRUE(log_->set_hard_state(kOne, {Term(5), NodeId(0), LogIndex(1)}).ok());
  flush();
  reopen();
  EXPECT_TRUE(log_->state(kOne).vote_damaged);
  ASSERT_TRUE(log_->set_hard_state(kOne, {Term(6), NodeId(2), LogIndex(1)}).ok());
  flush();
  reopen();
  EXPECT_FALSE(log_->state(kOne).is_damaged());
}

TEST_F(LogTest, TrimMarksAndGroupsHealFromTheirTwins) {
  ASSERT_TRUE(log_->create_group(kOne, "creation").ok());
  append(kOne, 1, 1, "a");
  ASSERT_TRUE(log_->trim(kOne, {LogIndex(1), Term(1), "membership"}).ok());
  flush();
  append(kOne, 2, 1, "b");
  flush();
  damage("creation");
  damage("membership");
  reopen();
  EXPECT_EQ(log_->state(kOne).info, "creation");
  EXPECT_EQ(log_->state(kOne).trim.configuration, "membership");
  EXPECT_FALSE(log_->state(kOne).is_damaged());
  EXPECT_EQ(log_->stats().records_damaged, 2u);
}

TEST_F(LogTest, AWholeFrameGoneDamagesAllUntilRepaired) {
  create(kOne);
  create(kTwo);
  flush();
  append(kOne, 1, 1, "frame");
  flush();
  append(kOne, 2, 1, "next");
  flush();
  for (const std::string& path : disk_.all_files()) {
    const size_t at = read_file(disk_, path)->find("frame");
    if (at != Bytes::npos) disk_.overwrite(path, at / kSectorBytes * kSectorBytes, Bytes(kSectorBytes, '\0'));
  }
  reopen();
  EXPECT_TRUE(log_->state(kOne).all_damaged);
  EXPECT_TRUE(log_->state(kTwo).all_damaged);
  EXPECT_TRUE(log_->stats().anything_lost);
  ASSERT_TRUE(log_->mark_repaired(kTwo).ok());
  flush();
  reopen();
  EXPECT_TRUE(log_->state(kOne).all_damaged);
  EXPECT_FALSE(log_->state(kTwo).is_damaged());
}

TEST_F(LogTest, ALostSegmentFileIsNoticed) {
  create(kOne);
  append(kOne, 1, 1, "a");
  flush();
  maintain();
  log_.reset();
  ASSERT_TRUE(disk_.remove("/log/segment-000001").ok());
  reopen();
  EXPECT_TRUE(log_->stats().anything_lost || !log_->groups().empty());
  EXPECT_TRUE(log_->stats().anything_lost);
}

TEST_F(LogTest, EveryBitFlipIsFoundOrHarmless) {
  create(kOne);
  LogModel model;
  ModelGroup& group = model.groups[kOne];
  group.info = "info";
  for (uint64_t i = 1; i <= 6; ++i) {
    const Bytes data = "entry" + std::to_string(i) + Bytes(i * 30, 'e');
    append(kOne, i, i, data);
    group.entries.push_back({LogIndex(i), Term(i), 7, data});
    flush();
  }
  log_->stage_confirmation();
  flush();
  log_.reset();
  const size_t end = 8 * kSectorBytes;
  for (size_t at = 0; at < end; at += 3) {
    const int bit = static_cast<int>(at % 8);
    MemoryDisk copy;
    ASSERT_TRUE(copy.create_folders("/log").ok());
    for (const std::string& path : disk_.all_files()) {
      const Bytes bytes = *read_file(disk_, path);
      ASSERT_TRUE((*copy.create(path, bytes.size()))->write(0, bytes).ok());
    }
    ASSERT_TRUE(copy.flip_bit("/log/segment-000001", at, bit));
    auto log = Log::open(copy, "/log", options_);
    ASSERT_TRUE(log.ok());
    const std::string different = difference(**log, model);
    const bool damaged =
        !(*log)->has_group(kOne) ? (*log)->stats().anything_lost : (*log)->state(kOne).is_damaged();
    ASSERT_TRUE(different.empty() || damaged) << "byte " << at << ": " << different;
  }
}

TEST_F(LogTest, SegmentsAreUsedAgainAndOldEntriesDoNotPinThem) {
  create(kOne);
  create(kTwo);
  append(kTwo, 1, 1, "old and still needed");
  for (uint64_t i = 1; i <= 5000; ++i) {
    append(kOne, i, 1, Bytes(150, static_cast<char>('a' + i % 26)));
    if (i % 20 == 0) {
      flush();
      if (i > 100) trim(kOne, i - 100);
      maintain();
    }
  }
  EXPECT_LE(log_->stats().segments_used, 6u);
  EXPECT_LE(disk_.all_files().size(), 12u);
  EXPECT_GT(log_->stats().bytes_rewritten, 0u);
  crash();
  EXPECT_EQ(read(kTwo, 1), "old and still needed");
  EXPECT_EQ(log_->state(kOne).first, LogIndex(4901));
  EXPECT_EQ(read(kOne, 5000), Bytes(150, static_cast<char>('a' + 5000 % 26)));
}

TEST_F(LogTest, AFullDiskRefusesAppendsAndRecoversWhenThereIsSpace) {
  create(kOne);
  flush();
  maintain();
  DiskFaults faults;
  faults.capacity_bytes = disk_.used_bytes() + (200 << 10);
  disk_.set_faults(faults, {});
  uint64_t next = 1;
  Result<void> appended;
  while (true) {
    appended = try_append(kOne, next, 1, Bytes(1000, 'v'));
    if (!appended) break;
    flush();
    ++next;
    maintain();
    ASSERT_LT(next, 2000u);
  }
  EXPECT_EQ(appended.error().kind, ErrorKind::kNoSpace);
  EXPECT_FALSE(log_->failed());
  EXPECT_TRUE(log_->stats().full);
  EXPECT_EQ(read(kOne, next - 1), Bytes(1000, 'v'));
  for (int i = 0; i < 3; ++i) {  // a group may still find a leader, whose first entry is an empty one
    ASSERT_TRUE(try_append(kOne, next, 2, Bytes()).ok());
    flush();
    ++next;
  }
  trim(kOne, next - 1);  // the store has it all: trimming goes on, and makes room
  for (int i = 0; i < 10; ++i) maintain();
  EXPECT_FALSE(log_->stats().full);
  for (uint64_t i = 0; i < 500; ++i, ++next) {
    append(kOne, next, 2, Bytes(1000, 'w'));
    flush();
    trim(kOne, next);
    maintain();
  }
  crash();
  EXPECT_EQ(log_->state(kOne).last, LogIndex(next - 1));
}

TEST_F(LogTest, AFileWhoseMakingWasCutShortIsUsedOnlyUnderASafeName) {
  create(kOne);
  flush();
  disk_.freeze(1);  // made, and its name not synced
  auto work = log_->begin_maintenance();
  ASSERT_NE(work, nullptr);
  work->run();
  EXPECT_FALSE(log_->finish(std::move(work)).ok());
  log_.reset();
  disk_.kill();
  ASSERT_EQ(disk_.all_files().size(), 3u);  // two segments and their list
  reopen();
  for (uint64_t i = 1; i <= 20; ++i) {
    append(kOne, i, 1, Bytes(5000, static_cast<char>('a' + i)));
    flush();
  }
  ASSERT_EQ(disk_.all_files().size(), 3u);
  crash();
  EXPECT_FALSE(log_->state(kOne).is_damaged());
  EXPECT_EQ(read(kOne, 20), Bytes(5000, static_cast<char>('a' + 20)));
}

TEST_F(LogTest, AFlushThatFindsNoSpaceWaitsForIt) {
  create(kOne);
  flush();
  DiskFaults faults;
  faults.capacity_bytes = disk_.used_bytes();
  disk_.set_faults(faults, {});
  uint64_t next = 1;
  while (log_->flush().ok()) append(kOne, next++, 1, Bytes(1000, 'v'));
  EXPECT_FALSE(log_->failed());
  EXPECT_EQ(log_->begin_flush(), nullptr);
  EXPECT_GT(log_->staged(), log_->durable());
  maintain_once();
  EXPECT_EQ(log_->begin_flush(), nullptr);
  EXPECT_EQ(try_append(kOne, next, 1, Bytes(60000, 'v')).error().kind, ErrorKind::kNoSpace);
  ASSERT_TRUE(log_->set_hard_state(kOne, {Term(1), NodeId(1), LogIndex(0)}).ok());
  EXPECT_EQ(read(kOne, next - 1), Bytes(1000, 'v'));
  disk_.clear_faults();
  maintain_once();
  flush();
  EXPECT_EQ(log_->staged(), log_->durable());
  crash();
  EXPECT_EQ(read(kOne, next - 1), Bytes(1000, 'v'));
  EXPECT_EQ(log_->state(kOne).hard.vote, NodeId(1));
}

TEST_F(LogTest, ARemovedGroupIsGoneAndMayBeMadeAgain) {
  create(kOne);
  append(kOne, 1, 1, "a");
  flush();
  ASSERT_TRUE(log_->remove_group(kOne).ok());
  flush();
  reopen();
  EXPECT_FALSE(log_->has_group(kOne));
  create(kOne);
  append(kOne, 1, 2, "b");
  flush();
  reopen();
  EXPECT_EQ(log_->state(kOne).last, LogIndex(1));
  EXPECT_EQ(read(kOne, 1), "b");
}

TEST_F(LogTest, ARestartAfterASnapshotForgetsAllEntries) {
  create(kOne);
  for (uint64_t i = 1; i <= 5; ++i) append(kOne, i, 1, "a");
  ASSERT_TRUE(log_->restart_after(kOne, {LogIndex(3), Term(2), "c"}).ok());
  EXPECT_EQ(log_->state(kOne).last, LogIndex(3));
  append(kOne, 4, 2, "new");
  flush();
  reopen();
  EXPECT_EQ(log_->state(kOne).first, LogIndex(4));
  EXPECT_EQ(log_->state(kOne).last, LogIndex(4));
}

TEST_F(LogTest, LimitsAreRefusedByName) {
  create(kOne);
  flush();
  options_.entry_bytes_max = 200 << 10;
  reopen();
  EXPECT_EQ(try_append(kOne, 1, 1, Bytes(log_->entry_bytes_max() + 1, 'x')).error().kind,
            ErrorKind::kInvalid);
  append(kOne, 1, 1, Bytes(options_.segment_bytes / 4, 'x'));
  EXPECT_EQ(try_append(kOne, 2, 1, Bytes(100, 'x')).error().kind, ErrorKind::kOverloaded);
  flush();
  append(kOne, 2, 1, "x");
}

TEST_F(LogTest, AnUnreadableSectorIsDamageToItsEntriesOnly) {
  create(kOne);
  append(kOne, 1, 1, "a");
  append(kOne, 2, 1, "bbb");
  flush();
  options_.cache_bytes = 0;
  append(kOne, 3, 1, "c");
  flush();
  reopen();
  damage("bbb");
  EXPECT_FALSE(log_->entries(kOne, LogIndex(2), LogIndex(2), 1).ok());  // found while running
  ASSERT_EQ(log_->state(kOne).damaged.size(), 1u);
  EXPECT_EQ(read(kOne, 1), "a");
  flush();
  reopen();
  EXPECT_EQ(log_->state(kOne).damaged.size(), 1u);
  append(kOne, 2, 2, "again");
  EXPECT_FALSE(log_->state(kOne).is_damaged());
}

}  // namespace
}  // namespace keyzone::storage
