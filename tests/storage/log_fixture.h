// A log on a disk in memory that forgets what was not synced, and words to write and read it with.
#pragma once
#include <gtest/gtest.h>

#include "storage/log.h"
#include "storage/memory_disk.h"

namespace keyzone::storage {

inline constexpr GroupId kOne{1};
inline constexpr GroupId kTwo{2};

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.segment_bytes = 64 << 10;
    reopen();
  }

  void reopen() {
    log_.reset();
    auto opened = Log::open(disk_, "/log", options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    log_ = *std::move(opened);
  }

  // Everything that was not synced is lost.
  void crash() {
    log_.reset();
    disk_.crash([](uint64_t) { return 0; });
    reopen();
  }

  void create(GroupId group) { ASSERT_TRUE(log_->create_group(group, "info").ok()); }

  Result<void> try_append(GroupId group, uint64_t index, uint64_t term, const Bytes& data) {
    const LogEntryView entry{LogIndex(index), Term(term), 7, data};
    return log_->append(group, std::span(&entry, 1));
  }
  void append(GroupId group, uint64_t index, uint64_t term, const Bytes& data) {
    const auto appended = try_append(group, index, term, data);
    ASSERT_TRUE(appended.ok()) << appended.error().message;
  }
  void flush() {
    const auto flushed = log_->flush();
    ASSERT_TRUE(flushed.ok()) << flushed.error().message;
  }
  void maintain() {
    bool more = true;
    while (more) {
      auto work = log_->begin_maintenance();
      if (work) work->run();
      more = work && log_->finish(std::move(work)).ok();
      flush();
    }
  }
  void maintain_once() {
    auto work = log_->begin_maintenance();
    ASSERT_NE(work, nullptr);
    work->run();
    (void)log_->finish(std::move(work)).ok();
  }
  void trim(GroupId group, uint64_t index) {
    const Term term = *log_->term(group, LogIndex(index));
    ASSERT_TRUE(log_->trim(group, {LogIndex(index), term, "members"}).ok());
  }

  std::string read(GroupId group, uint64_t index) {
    const auto entries = log_->entries(group, LogIndex(index), LogIndex(index), SIZE_MAX);
    return entries ? entries->front().data : "error: " + entries.error().message;
  }

  // Flips a bit of the first occurrence of `text` in any segment.
  void damage(const std::string& text) {
    for (const std::string& path : disk_.all_files()) {
      const Bytes bytes = *read_file(disk_, path);
      const size_t at = bytes.find(text);
      if (at == Bytes::npos) continue;
      ASSERT_TRUE(disk_.flip_bit(path, at, 2));
      return;
    }
    FAIL() << text << " is nowhere";
  }

  MemoryDisk disk_;
  LogOptions options_;
  std::unique_ptr<Log> log_;
};

}  // namespace keyzone::storage
