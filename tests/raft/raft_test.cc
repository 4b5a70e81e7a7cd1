// What scenarios can't say: one replica by hand.
#include "raft/raft.h"

#include <gtest/gtest.h>

#include "tests/raft/cluster.h"

namespace keyzone::raft::test {
namespace {

const NodeId kSelf(1);

Entry entry(uint64_t index, uint64_t term, const char* text) {
  return {LogIndex(index), Term(term), EntryKind::kNormal, std::make_shared<const Bytes>(text)};
}

Config config_of_one() {
  Config config;
  config.self = kSelf;
  return config;
}

// A disk with five entries of term 3, of which two are applied and all are said to be committed.
struct Restart {
  Disk disk;
  Restored restored;

  Restart() {
    disk.start.configuration.voters = {kSelf, NodeId(2), NodeId(3)};
    for (uint64_t i = 1; i <= 5; ++i) disk.log.push_back(entry(i, 3, "x"));
    restored.log_start = disk.start;
    restored.last_index = LogIndex(5);
    restored.applied = LogIndex(2);
    restored.hard_state = {Term(4), NodeId(2), LogIndex(5)};
  }
};

TEST(Raft, RestartAppliesWhatWasCommitted) {
  Restart restart;
  Raft raft(config_of_one(), restart.restored, restart.disk);
  EXPECT_EQ(raft.commit(), LogIndex(5));
  const Ready ready = raft.take_ready();
  ASSERT_EQ(ready.committed.size(), 3u);
  EXPECT_EQ(ready.committed.front().index, LogIndex(3));
  EXPECT_FALSE(ready.must_persist());
  EXPECT_EQ(raft.term(), Term(4));
}

TEST(Raft, DamagedLogDoesNotTrustItsCommitIndex) {
  Restart restart;
  Config config = config_of_one();
  config.may_vote = false;
  Raft raft(config, restart.restored, restart.disk);
  EXPECT_EQ(raft.commit(), LogIndex(2));
  EXPECT_TRUE(raft.take_ready().committed.empty());
}

TEST(Raft, StopsApplyingWhenItsLogCannotBeRead) {
  struct Unreadable : Disk {
    Result<std::vector<Entry>> entries(LogIndex, LogIndex, size_t) override {
      return Error{ErrorKind::kIo, "no"};
    }
  };
  Restart restart;
  Unreadable disk;
  disk.log = restart.disk.log;
  restart.restored.configurations.emplace();
  Raft raft(config_of_one(), restart.restored, disk);
  const Ready ready = raft.take_ready();
  ASSERT_TRUE(ready.error.has_value());
  EXPECT_EQ(ready.error->kind, ErrorKind::kIo);
  EXPECT_TRUE(ready.committed.empty());
  EXPECT_FALSE(raft.has_ready());
}

TEST(Raft, ConfigurationsOfTheLogAreInForceAfterRestart) {
  Restart restart;
  const Configuration next{{kSelf, NodeId(2)}, {}, {}, {}};
  restart.disk.log[3].kind = EntryKind::kConfiguration;
  restart.disk.log[3].payload = std::make_shared<const Bytes>(next.encode());
  Raft raft(config_of_one(), restart.restored, restart.disk);
  EXPECT_EQ(raft.configuration(), next);
  EXPECT_EQ(raft.snapshot_info(LogIndex(2)).configuration, restart.restored.log_start.configuration);
}

TEST(Raft, IgnoresWhatMakesNoSense) {
  Restart restart;
  Raft raft(config_of_one(), restart.restored, restart.disk);
  Message message;
  message.kind = MessageKind::kAppend;
  message.from = NodeId(2);
  message.to = kSelf;
  message.term = Term(4);
  message.index = LogIndex(5);
  message.log_term = Term(3);
  const std::vector<std::vector<Entry>> nonsense = {
      {entry(7, 4, "a gap")},
      {entry(6, 5, "of a term to come")},
      {entry(6, 4, "terms"), entry(7, 3, "that fall")},
      {{LogIndex(6), Term(4), EntryKind::kConfiguration, std::make_shared<const Bytes>("no configuration")}},
      {{LogIndex(6), Term(4), EntryKind::kConfiguration, nullptr}},
  };
  for (const auto& entries : nonsense) {
    message.entries = entries;
    raft.step(message);
    EXPECT_EQ(raft.last_index(), LogIndex(5));
  }
  message.entries = {entry(6, 4, "sense")};
  message.to = NodeId(3);
  raft.step(message);  // for someone else
  EXPECT_EQ(raft.last_index(), LogIndex(5));
  message.to = kSelf;
  raft.step(message);
  EXPECT_EQ(raft.last_index(), LogIndex(6));
}

TEST(Raft, KeepsTheHighestClockThatItSaw) {
  Restart restart;
  Raft raft(config_of_one(), restart.restored, restart.disk);
  Message message;
  message.from = NodeId(2);
  message.to = kSelf;
  message.term = Term(4);
  for (const Timestamp clock : {Timestamp(10), Timestamp(30), Timestamp(20)}) {
    message.clock = clock;
    raft.step(message);
  }
  EXPECT_EQ(raft.clock_seen(), 30);
  raft.set_clock(31);
  const Ready ready = raft.take_ready();
  ASSERT_FALSE(ready.messages.empty());
  EXPECT_EQ(ready.messages.front().clock, 31);
}

TEST(Raft, TooManyReadsAreRefused) {
  Restart restart;
  Config config = config_of_one();
  config.pending_reads_max = 2;
  Raft raft(config, restart.restored, restart.disk);
  Message heartbeat;
  heartbeat.from = NodeId(2);
  heartbeat.to = kSelf;
  heartbeat.term = Term(4);
  EXPECT_EQ(raft.read_index(1).error().kind, ErrorKind::kNotLeader);
  raft.step(heartbeat);
  EXPECT_TRUE(raft.read_index(2));
  EXPECT_TRUE(raft.read_index(3));
  EXPECT_EQ(raft.read_index(4).error().kind, ErrorKind::kOverloaded);
  for (uint32_t i = 0; i < config.election_timeout_ticks; ++i) raft.tick();
  EXPECT_EQ(raft.take_ready().reads_failed, (std::vector<uint64_t>{2, 3}));  // nobody answered
}

}  // namespace
}  // namespace keyzone::raft::test
