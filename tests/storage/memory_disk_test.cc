#include "storage/memory_disk.h"

#include <gtest/gtest.h>

#include "tests/storage/log_model.h"

namespace keyzone::storage {
namespace {

const Draw kLoseAll = [](uint64_t) { return 0; };
const Draw kKeepAll = [](uint64_t) { return 1; };

class MemoryDiskTest : public ::testing::Test {
 protected:
  std::unique_ptr<File> create(const std::string& path, uint64_t size = 0) {
    auto file = disk_.create(path, size);
    EXPECT_TRUE(file.ok());
    return *std::move(file);
  }
  std::string read(const std::string& path) {
    auto bytes = read_file(disk_, path);
    return bytes ? *bytes : "(none)";
  }

  MemoryDisk disk_;
};

TEST_F(MemoryDiskTest, OnlyWhatWasSyncedSurelyOutlivesACrash) {
  auto file = create("/d/a");
  ASSERT_TRUE(file->write(0, "synced").ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(disk_.sync_folder("/d").ok());
  ASSERT_TRUE(file->write(3, "lost and longer").ok());
  EXPECT_EQ(read("/d/a"), "synlost and longer");
  disk_.crash(kLoseAll);
  EXPECT_EQ(read("/d/a"), "synced");
  EXPECT_FALSE(file->write(0, "x").ok());  // opened before the crash
}

TEST_F(MemoryDiskTest, AFileIsCreatedFullOfZeros) {
  auto file = create("/d/a", 10);
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(disk_.sync_folder("/d").ok());
  EXPECT_EQ(disk_.used_bytes(), 10u);
  ASSERT_TRUE(file->write(3, "abc").ok());
  EXPECT_EQ(read("/d/a"), std::string("\0\0\0abc\0\0\0\0", 10));
  ASSERT_TRUE(file->write(8, "wxyz").ok());
  EXPECT_EQ(disk_.used_bytes(), 12u);
  disk_.crash(kLoseAll);
  EXPECT_EQ(read("/d/a"), std::string(10, '\0'));
  EXPECT_EQ(disk_.used_bytes(), 10u);
}

TEST_F(MemoryDiskTest, ASyncedFileWithoutASyncedFolderHasNoName) {
  auto file = create("/d/a");
  ASSERT_TRUE(file->write(0, "x").ok());
  ASSERT_TRUE(file->sync().ok());
  disk_.crash(kLoseAll);
  EXPECT_EQ(read("/d/a"), "(none)");
}

TEST_F(MemoryDiskTest, NamesChangeBackInACrash) {
  for (const char* path : {"/d/a", "/d/b"}) {
    auto file = create(path);
    ASSERT_TRUE(file->write(0, path).ok());
    ASSERT_TRUE(file->sync().ok());
  }
  ASSERT_TRUE(disk_.sync_folder("/d").ok());
  ASSERT_TRUE(disk_.rename("/d/a", "/d/b").ok());
  EXPECT_EQ(read("/d/b"), "/d/a");
  disk_.crash(kLoseAll);
  EXPECT_EQ(read("/d/a"), "/d/a");
  EXPECT_EQ(read("/d/b"), "/d/b");
  ASSERT_TRUE(disk_.remove("/d/a").ok());
  disk_.crash(kKeepAll);
  EXPECT_EQ(read("/d/a"), "(none)");
}

TEST_F(MemoryDiskTest, ATornWriteIsTornAtSectors) {
  bool torn = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryDisk disk;
    auto file = *disk.create("/a", 4096);
    ASSERT_TRUE(disk.sync_folder("").ok());
    ASSERT_TRUE(file->write(100, Bytes(3000, 'x')).ok());
    Chance chance(seed);
    disk.crash([&](uint64_t bound) { return chance(bound); });
    const Bytes bytes = *read_file(disk, "/a");
    ASSERT_EQ(bytes.size(), 4096u);
    int kept = 0, dropped = 0;
    for (size_t at = 100; at < 3100;) {
      const size_t next = std::min<size_t>(3100, (at / 512 + 1) * 512);
      const Bytes sector = bytes.substr(at, next - at);
      ASSERT_TRUE(sector == Bytes(sector.size(), 'x') || sector == Bytes(sector.size(), '\0'));
      ++(sector[0] == 'x' ? kept : dropped);
      at = next;
    }
    torn |= kept > 0 && dropped > 0;
  }
  EXPECT_TRUE(torn);
}

TEST_F(MemoryDiskTest, AfterAFailedSyncALaterOnePromisesNothing) {
  auto file = create("/d/a", 1024);
  ASSERT_TRUE(disk_.sync_folder("/d").ok());
  ASSERT_TRUE(file->write(0, "doubtful").ok());
  disk_.fail_next(DiskCall::kSync, "/d/a", 1);
  EXPECT_FALSE(file->sync().ok());
  ASSERT_TRUE(file->write(4, "sure").ok());
  EXPECT_TRUE(file->sync().ok());
  disk_.crash(kLoseAll);
  EXPECT_EQ(read("/d/a").substr(0, 8), std::string("\0\0\0\0sure", 8));
}

TEST_F(MemoryDiskTest, AKilledProcessLosesNothingThatWasWritten) {
  auto file = create("/d/a");
  ASSERT_TRUE(file->write(0, "x").ok());
  auto lock = disk_.lock("/d");
  ASSERT_TRUE(lock.ok());
  EXPECT_FALSE(disk_.lock("/d").ok());
  disk_.kill();
  EXPECT_EQ(read("/d/a"), "x");
  EXPECT_TRUE(disk_.lock("/d").ok());
}

TEST_F(MemoryDiskTest, AFrozenDiskFailsEveryCall) {
  auto file = create("/d/a");
  disk_.freeze(1);
  EXPECT_TRUE(file->write(0, "x").ok());
  EXPECT_FALSE(file->write(1, "y").ok());
  EXPECT_TRUE(disk_.frozen());
  disk_.kill();
  EXPECT_EQ(read("/d/a"), "x");
}

TEST_F(MemoryDiskTest, CapacityIsALimit) {
  DiskFaults faults;
  faults.capacity_bytes = 1000;
  disk_.set_faults(faults, {});
  auto file = create("/d/a", 900);
  EXPECT_EQ(file->write(900, Bytes(200, 'x')).error().kind, ErrorKind::kNoSpace);
  EXPECT_TRUE(file->write(0, Bytes(900, 'x')).ok());
  EXPECT_FALSE(disk_.create("/d/b", 200).ok());
  EXPECT_EQ(*disk_.free_bytes("/d"), 100u);
  ASSERT_TRUE(disk_.remove("/d/a").ok());
  EXPECT_TRUE(disk_.create("/d/b", 200).ok());
}

TEST_F(MemoryDiskTest, FaultsAreDrawn) {
  DiskFaults faults;
  faults.write_error_ppm = 500'000;
  Chance chance(1);
  disk_.set_faults(faults, [&](uint64_t bound) { return chance(bound); });
  auto file = create("/d/a");
  int failed = 0;
  for (int i = 0; i < 100; ++i) failed += file->write(0, "x").ok() ? 0 : 1;
  EXPECT_GT(failed, 20);
  EXPECT_LT(failed, 80);
}

TEST_F(MemoryDiskTest, ACheapDiskForgetsNothing) {
  MemoryDisk disk(false);
  auto file = *disk.create("/a", 0);
  ASSERT_TRUE(file->write(0, "x").ok());
  disk.crash(kLoseAll);
  EXPECT_EQ(*read_file(disk, "/a"), "x");
}

}  // namespace
}  // namespace keyzone::storage
