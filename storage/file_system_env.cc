#include "storage/file_system_env.h"

#include <cstdlib>
#include <utility>

namespace keyzone::storage {

namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr size_t kWriteBufferBytes = 64 << 10;
// Of a table: many megabytes that are synced at once keep the log's syncs waiting.
constexpr uint64_t kUnsyncedBytesMax = 1 << 20;

class SequentialReader : public leveldb::SequentialFile {
 public:
  explicit SequentialReader(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Status Read(size_t n, Slice* result, char* scratch) override {
    auto got = file_->read(at_, n, scratch);
    if (!got) return status_of(got.error());
    at_ += *got;
    *result = Slice(scratch, *got);
    return Status::OK();
  }
  Status Skip(uint64_t n) override {
    at_ += n;
    return Status::OK();
  }

 private:
  std::unique_ptr<File> file_;
  uint64_t at_ = 0;
};

class RandomReader : public leveldb::RandomAccessFile {
 public:
  explicit RandomReader(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Status Read(uint64_t offset, size_t n, Slice* result, char* scratch) const override {
    auto got = file_->read(offset, n, scratch);
    if (!got) return status_of(got.error());
    *result = Slice(scratch, *got);
    return Status::OK();
  }

 private:
  std::unique_ptr<File> file_;
};

bool waits(const Error& error, const std::function<bool()>& wait) {
  return error.kind == ErrorKind::kNoSpace && wait && wait();
}

// Gathers small appends; syncs the folder before a MANIFEST, as LevelDB's own Env does.
class Writer : public leveldb::WritableFile {
 public:
  Writer(FileSystem* files, std::string path, std::unique_ptr<File> file, uint64_t at,
         const std::function<bool()>& wait)
      : files_(files), path_(std::move(path)), file_(std::move(file)), at_(at), wait_(wait) {}
  ~Writer() override { write_out(); }

  Status Append(const Slice& data) override {
    buffer_.append(data.data(), data.size());
    return buffer_.size() < kWriteBufferBytes ? Status::OK() : write_out();
  }
  Status Close() override { return write_out(); }
  Status Flush() override { return write_out(); }
  Status Sync() override {
    if (name_of(path_).rfind("MANIFEST", 0) == 0) {
      if (auto synced = files_->sync_folder(folder_of(path_)); !synced) return status_of(synced.error());
    }
    if (Status s = write_out(); !s.ok()) return s;
    return sync();
  }

 private:
  Status write_out() {
    if (buffer_.empty()) return Status::OK();
    auto written = file_->write(at_, buffer_);
    while (!written && waits(written.error(), wait_)) written = file_->write(at_, buffer_);
    if (!written) return status_of(written.error());
    at_ += buffer_.size();
    unsynced_ += buffer_.size();
    buffer_.clear();
    return unsynced_ < kUnsyncedBytesMax ? Status::OK() : sync();
  }
  Status sync() {
    unsynced_ = 0;
    auto synced = file_->sync();
    return synced ? Status::OK() : status_of(synced.error());
  }

  FileSystem* files_;
  std::string path_;
  std::unique_ptr<File> file_;
  uint64_t at_;
  const std::function<bool()>& wait_;
  Bytes buffer_;
  uint64_t unsynced_ = 0;
};

class Lock : public leveldb::FileLock {
 public:
  explicit Lock(std::unique_ptr<FolderLock> held) : held_(std::move(held)) {}

 private:
  std::unique_ptr<FolderLock> held_;
};

template <class Wrapper, class Made>
Status wrap(Result<std::unique_ptr<File>> opened, Made** made) {
  *made = nullptr;
  if (!opened) return Status::NotFound(opened.error().message);
  *made = new Wrapper(*std::move(opened));
  return Status::OK();
}

}  // namespace

Status status_of(const Error& error) {
  return error.kind == ErrorKind::kCorrupt ? Status::Corruption(error.message)
                                           : Status::IOError(error.message);
}

FileSystemEnv::FileSystemEnv(FileSystem* files) : files_(files) {}

Status FileSystemEnv::NewSequentialFile(const std::string& name, leveldb::SequentialFile** file) {
  return wrap<SequentialReader>(files_->open(name), file);
}

Status FileSystemEnv::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** file) {
  return wrap<RandomReader>(files_->open(name), file);
}

Status FileSystemEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** file) {
  *file = nullptr;
  auto created = files_->create(name, 0);
  while (!created && waits(created.error(), wait_)) created = files_->create(name, 0);
  if (!created) return status_of(created.error());
  *file = new Writer(files_, name, *std::move(created), 0, wait_);
  return Status::OK();
}

Status FileSystemEnv::NewAppendableFile(const std::string& name, leveldb::WritableFile** file) {
  if (!files_->exists(name)) return NewWritableFile(name, file);
  *file = nullptr;
  auto opened = files_->open(name);
  if (!opened) return status_of(opened.error());
  auto size = (*opened)->size();
  if (!size) return status_of(size.error());
  *file = new Writer(files_, name, *std::move(opened), *size, wait_);
  return Status::OK();
}

bool FileSystemEnv::FileExists(const std::string& name) { return files_->exists(name); }

Status FileSystemEnv::GetChildren(const std::string& folder, std::vector<std::string>* names) {
  auto listed = files_->list(folder);
  if (!listed) return status_of(listed.error());
  *names = *std::move(listed);
  return Status::OK();
}

Status FileSystemEnv::RemoveFile(const std::string& name) {
  auto removed = files_->remove(name);
  return removed ? Status::OK() : status_of(removed.error());
}

Status FileSystemEnv::CreateDir(const std::string& folder) {
  auto created = files_->create_folders(folder);
  return created ? Status::OK() : status_of(created.error());
}

Status FileSystemEnv::RemoveDir(const std::string&) { return Status::OK(); }

Status FileSystemEnv::GetFileSize(const std::string& name, uint64_t* size) {
  auto opened = files_->open(name);
  if (!opened) return status_of(opened.error());
  auto got = (*opened)->size();
  if (!got) return status_of(got.error());
  *size = *got;
  return Status::OK();
}

Status FileSystemEnv::RenameFile(const std::string& from, const std::string& to) {
  auto renamed = files_->rename(from, to);
  return renamed ? Status::OK() : status_of(renamed.error());
}

Status FileSystemEnv::LockFile(const std::string& name, leveldb::FileLock** lock) {
  *lock = nullptr;
  auto held = files_->lock(folder_of(name));
  if (!held) return status_of(held.error());
  *lock = new Lock(*std::move(held));
  return Status::OK();
}

Status FileSystemEnv::UnlockFile(leveldb::FileLock* lock) {
  delete lock;
  return Status::OK();
}

void FileSystemEnv::Schedule(void (*)(void*), void*) { std::abort(); }
void FileSystemEnv::StartThread(void (*)(void*), void*) { std::abort(); }

Status FileSystemEnv::GetTestDirectory(std::string* path) {
  *path = "/test";
  return Status::OK();
}

Status FileSystemEnv::NewLogger(const std::string&, leveldb::Logger** logger) {
  *logger = new SilentLogger;
  return Status::OK();
}

uint64_t FileSystemEnv::NowMicros() { return now_micros_ ? now_micros_() : slept_.load(); }
void FileSystemEnv::SleepForMicroseconds(int micros) { slept_ += static_cast<uint64_t>(micros); }

}  // namespace keyzone::storage
