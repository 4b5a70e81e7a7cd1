// Random work, flushes, maintenance and crashes against a model: what was durable is there, and nothing else
// is.
#include <gtest/gtest.h>

#include "storage/memory_disk.h"
#include "tests/storage/log_model.h"

namespace keyzone::storage {
namespace {

constexpr uint64_t kGroups = 4;
constexpr uint64_t kNever = UINT64_MAX;  // calls before a freeze
constexpr uint64_t kLongOneIn = 100;     // entries: up to three times a segment

class RandomLog {
 public:
  explicit RandomLog(uint64_t seed)
      : chance_(seed), draw_([this](uint64_t bound) { return chance_(bound); }) {
    options_.segment_bytes = 16 << 10;
    options_.cache_bytes = chance_.one_in(2) ? 0 : 8 << 10;
  }

  void run(int steps) {
    reopen();
    for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) step();
  }

  // Flips bits under a log whose last flush is confirmed. What then reads as sound must be right.
  void damage() {
    while (flushing_ || log_->staged() != log_->durable()) flush();
    log_->stage_confirmation();
    ASSERT_TRUE(log_->flush().ok());
    log_.reset();
    const uint64_t flips = 1 + chance_(4);
    for (uint64_t i = 0; i < flips; ++i) {
      const auto paths = disk_.all_files();
      disk_.flip_bit(paths[chance_(paths.size())], chance_(options_.segment_bytes),
                     static_cast<int>(chance_(8)));
    }
    for (int round = 0; round < 2; ++round) {
      auto opened = Log::open(disk_, "/log", options_);
      ASSERT_TRUE(opened.ok()) << opened.error().message;
      log_ = *std::move(opened);
      for (const auto& [id, group] : durable_.groups) compare_damaged(id, group);
    }
  }

 private:
  void compare_damaged(GroupId id, const ModelGroup& group) {
    if (!log_->has_group(id)) {
      ASSERT_TRUE(log_->stats().anything_lost) << "group " << id.value;
      return;
    }
    const GroupState state = log_->state(id);
    if (state.all_damaged) return;
    ASSERT_EQ(state.trim, group.trim);
    ASSERT_EQ(state.last.value, group.last());
    ASSERT_EQ(state.hard.term, group.hard.term);
    if (!state.vote_damaged) {
      ASSERT_EQ(state.hard, group.hard);
    }
    for (const LogEntry& wanted : group.entries) {
      const auto read = log_->entries(id, wanted.index, wanted.index, 1);
      if (read) {
        ASSERT_EQ(read->front().data, wanted.data);
      } else {
        ASSERT_TRUE(log_->state(id).is_damaged());
      }
    }
  }

  void step() {
    switch (chance_(12)) {
      case 0:
        return flush();
      case 1:
        return maintain();
      case 2:
        return chance_.one_in(8) ? crash() : flush();
      case 3:
        return change_groups();
      case 4:
        return trim();
      case 5:
        return hard_state();
      case 6:
        return metadata();
      case 7:
        return check();
      default:
        return append();
    }
  }

  void reopen() {
    log_.reset();
    auto opened = Log::open(disk_, "/log", options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    log_ = *std::move(opened);
    const std::string from_durable = difference(*log_, durable_);
    const std::string from_flushing = flushing_ ? difference(*log_, candidate_) : "no flush was under way";
    ASSERT_TRUE(from_durable.empty() || from_flushing.empty()) << from_durable << "; " << from_flushing;
    model_ = from_durable.empty() ? durable_ : candidate_;
    durable_ = model_;
    flushing_ = false;
  }

  void flush() {
    auto work = log_->begin_flush();
    if (!work) return;
    candidate_ = model_;
    flushing_ = true;
    if (chance_.one_in(30)) disk_.freeze(chance_(4));
    if (chance_.one_in(60))
      disk_.fail_next(chance_.one_in(2) ? DiskCall::kSync : DiskCall::kWrite, "segment", 1);
    while (chance_.one_in(3)) append();
    work->run();
    const auto finished = log_->finish(std::move(work));
    if (log_->failed()) return crash();
    if (finished) {
      durable_ = candidate_;
      flushing_ = false;
    }
    if (disk_.frozen()) return crash();
    ASSERT_TRUE(finished.ok()) << finished.error().message;
    disk_.freeze(kNever);
  }

  void maintain() {
    auto work = log_->begin_maintenance();
    if (!work) return;
    if (chance_.one_in(30)) disk_.freeze(chance_(4));
    work->run();
    while (chance_.one_in(3)) append();
    const auto finished = log_->finish(std::move(work));
    if (disk_.frozen()) return crash();
    ASSERT_TRUE(finished.ok()) << finished.error().message;
    disk_.freeze(kNever);
  }

  void crash() {
    log_.reset();
    disk_.clear_faults();
    if (chance_.one_in(4)) {
      disk_.kill();
    } else {
      disk_.crash(draw_);
    }
    reopen();
  }

  void check() { ASSERT_EQ(difference(*log_, model_), ""); }

  ModelGroup* any_group(GroupId* id) {
    *id = GroupId(1 + chance_(kGroups));
    const auto found = model_.groups.find(*id);
    return found == model_.groups.end() ? nullptr : &found->second;
  }

  void change_groups() {
    GroupId id;
    if (any_group(&id)) {
      if (!chance_.one_in(6)) return;
      ASSERT_TRUE(log_->remove_group(id).ok());
      model_.groups.erase(id);
    } else {
      const Bytes info = chance_.bytes(chance_(40));
      if (log_->create_group(id, info)) model_.groups[id].info = info;
    }
  }

  void append() {
    GroupId id;
    ModelGroup* group = any_group(&id);
    if (!group) return;
    uint64_t first = group->last() + 1;
    if (!group->entries.empty() && chance_.one_in(4))
      first -= chance_(std::min<uint64_t>(group->entries.size(), 5)) + 1;
    ++term_;
    std::vector<LogEntry> entries;
    std::vector<LogEntryView> views;
    const uint64_t count = 1 + chance_(5);
    for (uint64_t i = 0; i < count; ++i) {
      const size_t bytes = chance_(kLongOneIn) == 0 ? chance_(3 * options_.segment_bytes) : chance_(300);
      entries.push_back(
          {LogIndex(first + i), Term(term_), static_cast<uint8_t>(chance_(3)), chance_.bytes(bytes)});
    }
    for (const LogEntry& e : entries) views.push_back({e.index, e.term, e.kind, e.data});
    const auto appended = log_->append(id, views);
    if (!appended) {
      ASSERT_EQ(appended.error().kind, ErrorKind::kOverloaded) << appended.error().message;
      return;
    }
    group->entries.resize(first - group->trim.index.value - 1);
    group->entries.insert(group->entries.end(), entries.begin(), entries.end());
  }

  void trim() {
    GroupId id;
    ModelGroup* group = any_group(&id);
    if (!group) return;
    if (chance_.one_in(10)) {
      group->trim = {LogIndex(group->last() + chance_(10)), Term(term_), chance_.bytes(20)};
      group->entries.clear();
      ASSERT_TRUE(log_->restart_after(id, group->trim).ok());
      return;
    }
    if (group->entries.empty()) return;
    const uint64_t count = 1 + chance_(group->entries.size());
    group->trim = {LogIndex(group->trim.index.value + count), group->entries[count - 1].term,
                   chance_.bytes(20)};
    group->entries.erase(group->entries.begin(), group->entries.begin() + static_cast<long>(count));
    ASSERT_TRUE(log_->trim(id, group->trim).ok());
  }

  void hard_state() {
    GroupId id;
    ModelGroup* group = any_group(&id);
    if (!group) return;
    group->hard = {Term(++term_), NodeId(chance_(3)), LogIndex(group->last())};
    ASSERT_TRUE(log_->set_hard_state(id, group->hard).ok());
  }

  void metadata() {
    const std::string name(1, static_cast<char>('a' + chance_(3)));
    const Bytes value = chance_.bytes(chance_(20));
    const auto put = log_->put_metadata(name, value);
    if (put) model_.metadata[name] = value;
  }

  Chance chance_;
  Draw draw_;
  LogOptions options_;
  MemoryDisk disk_;
  std::unique_ptr<Log> log_;
  LogModel model_;      // as staged
  LogModel durable_;    // as of the last finished flush
  LogModel candidate_;  // as of the flush under way
  bool flushing_ = false;
  uint64_t term_ = 0;
};

TEST(LogRandom, CrashesLoseOnlyWhatWasNotDurable) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomLog(seed).run(2000);
    if (HasFatalFailure()) return;
  }
}

TEST(LogRandom, DamageIsNeverTakenForData) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomLog log(seed);
    log.run(150);
    if (!HasFatalFailure()) log.damage();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace keyzone::storage
