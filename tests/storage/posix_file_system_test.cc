#include "storage/posix_file_system.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "storage/log.h"
#include "storage/store.h"
#include "tests/storage/log_model.h"

namespace keyzone::storage {
namespace {

// One thread a piece of work, joined at the end.
class ThreadExecutor : public Executor {
 public:
  ~ThreadExecutor() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void run(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back(std::move(work));
  }

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

class PosixTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "keyzone-storage-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  PosixFileSystem files_;
  std::string folder_;
};

TEST_F(PosixTest, FilesAreZeroedWrittenAndRead) {
  ASSERT_TRUE(files_.create_folders(folder_ + "/a/b").ok());
  ASSERT_TRUE(files_.create_folders(folder_ + "/a/b").ok());
  const std::string path = folder_ + "/a/b/file";
  auto file = files_.create(path, 3 << 20);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*(*file)->size(), 3u << 20);
  ASSERT_TRUE((*file)->write(100, "hello").ok());
  ASSERT_TRUE((*file)->sync().ok());
  ASSERT_TRUE(files_.sync_folder(folder_ + "/a/b").ok());
  char read[8] = {};
  EXPECT_EQ(*(*file)->read(99, 7, read), 7u);
  EXPECT_EQ(BytesView(read, 7), BytesView("\0hello\0", 7));
  EXPECT_EQ(*(*file)->read((3 << 20) - 2, 7, read), 2u);
  ASSERT_TRUE(files_.rename(path, path + "2").ok());
  EXPECT_FALSE(files_.exists(path));
  EXPECT_EQ(*files_.list(folder_ + "/a/b"), std::vector<std::string>{"file2"});
  EXPECT_GT(*files_.free_bytes(folder_), 0u);
  ASSERT_TRUE(files_.remove(path + "2").ok());
  EXPECT_FALSE(files_.remove(path + "2").ok());
}

// Whole sectors go past the page cache, all else through it: neither hides what the other wrote.
TEST_F(PosixTest, SectorsAndOtherBytesMeetInOneFile) {
  constexpr size_t kFileBytes = 3 << 20;
  const std::string path = folder_ + "/file";
  auto created = files_.create(path, kFileBytes);
  ASSERT_TRUE(created.ok());
  std::string expected(kFileBytes, '\0');
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    const bool sectors = random() % 2 == 0;
    const size_t unit = sectors ? 512 : 1;
    const size_t size = i == 100 ? (2 << 20) + unit : unit * (1 + random() % 200);
    const size_t at = random() % ((kFileBytes - size) / unit) * unit;
    const std::string bytes(size, static_cast<char>('a' + i % 26));
    ASSERT_TRUE((*created)->write(at, bytes).ok());
    expected.replace(at, size, bytes);
    if (i % 8 == 0) {
      ASSERT_TRUE((*created)->sync().ok());
    }
    std::string read(size + 1024, '\0');
    read.resize(*(*created)->read(at, read.size(), read.data()));
    ASSERT_EQ(read, expected.substr(at, size + 1024)) << i;
  }
  EXPECT_EQ(*read_file(files_, path), expected);
}

TEST_F(PosixTest, ErrorsNameTheFile) {
  const auto missing = files_.open(folder_ + "/missing");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kIo);
  EXPECT_NE(missing.error().message.find("/missing"), std::string::npos);
}

TEST_F(PosixTest, OneProcessAFolder) {
  auto lock = files_.lock(folder_);
  ASSERT_TRUE(lock.ok());
  const auto second = files_.lock(folder_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  lock->reset();
  EXPECT_TRUE(files_.lock(folder_).ok());
}

TEST_F(PosixTest, WriteFileReplacesAtomically) {
  ASSERT_TRUE(write_file(files_, folder_, "name", "first").ok());
  ASSERT_TRUE(write_file(files_, folder_, "name", "second").ok());
  EXPECT_EQ(*read_file(files_, folder_ + "/name"), "second");
  EXPECT_EQ(files_.list(folder_)->size(), 1u);
}

TEST_F(PosixTest, TheLogRunsOnRealFiles) {
  LogOptions options;
  options.segment_bytes = 1 << 20;
  const GroupId group{1};
  uint64_t next = 1;
  for (int round = 0; round < 3; ++round) {
    auto log = Log::open(files_, folder_ + "/log", options);
    ASSERT_TRUE(log.ok()) << log.error().message;
    if (round == 0) {
      ASSERT_TRUE((*log)->create_group(group, "info").ok());
    }
    ASSERT_EQ((*log)->state(group).last, LogIndex(next - 1));
    for (int burst = 0; burst < 40; ++burst) {
      for (int i = 0; i < 100; ++i, ++next) {
        const LogEntryView entry{LogIndex(next), Term(1), 0, "some entry of no great length"};
        ASSERT_TRUE((*log)->append(group, std::span(&entry, 1)).ok());
      }
      ASSERT_TRUE((*log)->flush().ok());
    }
    ASSERT_FALSE((*log)->state(group).is_damaged());
    ASSERT_EQ((*log)->entries(group, LogIndex(1), LogIndex(next - 1), SIZE_MAX)->size(), next - 1);
  }
}

TEST_F(PosixTest, TheStoreRunsOnRealFilesAndThreads) {
  ThreadExecutor executor;
  StoreOptions options;
  options.env = leveldb::Env::Default();
  options.files = &files_;
  options.executor = &executor;
  options.write_buffer_bytes = 256 << 10;
  std::mutex mutex;
  std::condition_variable progress;
  options.progress = [&] { progress.notify_all(); };
  for (int round = 0; round < 2; ++round) {
    auto store = Store::open(options, folder_ + "/store");
    ASSERT_TRUE(store.ok()) << store.error().message;
    for (int i = 0; i < 20000; ++i) {
      std::unique_lock lock(mutex);
      while (!(*store)->may_write_now()) progress.wait_for(lock, std::chrono::milliseconds(10));
      leveldb::WriteBatch batch;
      batch.Put(std::to_string(i), std::string(100, static_cast<char>('a' + round)));
      ASSERT_TRUE((*store)->write(&batch).ok());
    }
    std::unique_lock lock(mutex);
    while ((*store)->durable() < (*store)->mark()) {
      ASSERT_TRUE((*store)->start_flush().ok());
      progress.wait_for(lock, std::chrono::milliseconds(10));
    }
    bool found = false;
    EXPECT_EQ(*(*store)->get("17", &found), std::string(100, static_cast<char>('a' + round)));
  }
}

}  // namespace
}  // namespace keyzone::storage
