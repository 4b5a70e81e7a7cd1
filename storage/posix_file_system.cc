#include "storage/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <leveldb/env.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace keyzone::storage {

namespace {

constexpr size_t kChunkBytes = 1 << 20;  // written at a time
// What is written past the page cache: its place and length in the file, as nearly every disk takes them, and
// where it lies in memory, as every kernel takes it (open(2), O_DIRECT).
constexpr size_t kDirectAlignment = 512;
constexpr size_t kMemoryAlignment = 4096;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

Error failure(const char* what, const std::string& path) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return {full ? ErrorKind::kNoSpace : ErrorKind::kIo, path + ": " + what + ": " + std::strerror(code)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

using AlignedBuffer = std::unique_ptr<char, decltype(&std::free)>;

// Whole sectors are written past the page cache where the file system can, that is the log: nobody reads it
// soon again, and a copy in the cache that is then looked for and written back takes a third of a flush's
// CPU.
class PosixFile : public File {
 public:
  PosixFile(std::string path, int fd)
      : path_(std::move(path)),
        fd_(fd),
        direct_fd_(::open(path_.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC)),
        direct_(direct_fd_.get() >= 0) {}

  Result<void> write(uint64_t offset, BytesView bytes) override {
    int code = direct_ && is_aligned(offset, bytes.size()) ? write_direct(offset, bytes) : EINVAL;
    if (is_refusal(code)) code = write_all(fd_.get(), offset, bytes);
    return written(code);
  }

  // For a new file. Through the page cache and out of it again, a piece at a time: many megabytes that are
  // synced at once keep other files' flushes waiting.
  Result<void> fill_with_zeros(uint64_t size) {
    const Bytes zeros(std::min<uint64_t>(size, kChunkBytes), '\0');
    for (uint64_t at = 0; at < size; at += zeros.size()) {
      const BytesView chunk = BytesView(zeros).substr(0, std::min<uint64_t>(zeros.size(), size - at));
      KEYZONE_CHECK(written(write_all(fd_.get(), at, chunk)));
      KEYZONE_CHECK(sync());
    }
    (void)::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED);
    return {};
  }

  Result<size_t> read(uint64_t offset, size_t size, char* out) const override {
    size_t done = 0;
    while (done < size) {
      const ssize_t n = ::pread(fd_.get(), out + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failure("read", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return failure("sync", path_);
    return {};
  }

  Result<uint64_t> size() const override {
    struct stat s {};
    if (::fstat(fd_.get(), &s) != 0) return failure("stat", path_);
    return static_cast<uint64_t>(s.st_size);
  }

 private:
  static bool is_aligned(uint64_t offset, size_t size) {
    return size > 0 && offset % kDirectAlignment == 0 && size % kDirectAlignment == 0;
  }
  // This disk wants longer sectors, or the file system can't after all.
  static bool is_refusal(int code) { return code == EINVAL || code == EOPNOTSUPP; }
  Result<void> written(int code) const {
    if (code == 0) return {};
    errno = code;
    return failure("write", path_);
  }

  // Both give 0 or an errno.
  static int write_all(int fd, uint64_t offset, BytesView bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno;
      offset += static_cast<uint64_t>(n);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return 0;
  }
  int write_direct(uint64_t offset, BytesView bytes) {
    const size_t room = std::min(bytes.size(), kChunkBytes);
    const size_t pages = (room + kMemoryAlignment - 1) / kMemoryAlignment;
    const AlignedBuffer buffer(
        static_cast<char*>(std::aligned_alloc(kMemoryAlignment, pages * kMemoryAlignment)), &std::free);
    int code = 0;
    for (size_t at = 0; at < bytes.size() && code == 0; at += room) {
      const BytesView chunk = bytes.substr(at, room);
      std::memcpy(buffer.get(), chunk.data(), chunk.size());
      code = write_all(direct_fd_.get(), offset + at, BytesView(buffer.get(), chunk.size()));
    }
    if (is_refusal(code)) direct_ = false;
    return code;
  }

  std::string path_;
  Descriptor fd_;
  Descriptor direct_fd_;  // negative: the file system can't
  std::atomic<bool> direct_;
};

class PosixLock : public FolderLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;  // closing it lets go of the lock
};

}  // namespace

Result<void> PosixFileSystem::create_folders(const std::string& path) {
  for (size_t at = 1; at <= path.size(); ++at) {
    if (at != path.size() && path[at] != '/') continue;
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), kFolderMode) != 0 && errno != EEXIST) return failure("create folder", part);
  }
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return failure("stat", path);
  if (!S_ISDIR(s.st_mode)) return Error{ErrorKind::kIo, path + ": is not a folder"};
  return {};
}

Result<std::unique_ptr<File>> PosixFileSystem::create(const std::string& path, uint64_t size) {
  const int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, kFileMode);
  if (fd < 0) return failure("create", path);
  auto file = std::make_unique<PosixFile>(path, fd);
  if (auto filled = file->fill_with_zeros(size); !filled) {
    ::unlink(path.c_str());
    return filled.error();
  }
  return std::unique_ptr<File>(std::move(file));
}

Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return failure("open", path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(path, fd));
}

Result<void> PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename", from);
  return {};
}

Result<void> PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return failure("remove", path);
  return {};
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& folder) {
  DIR* open = ::opendir(folder.c_str());
  if (open == nullptr) return failure("list", folder);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(open)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(open);
  std::sort(names.begin(), names.end());
  return names;
}

bool PosixFileSystem::exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<void> PosixFileSystem::sync_folder(const std::string& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return failure("open folder", folder);
  if (::fsync(fd.get()) != 0) return failure("sync folder", folder);
  return {};
}

Result<std::unique_ptr<FolderLock>> PosixFileSystem::lock(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, kFileMode);
  if (fd < 0) return failure("create", path);
  auto lock = std::make_unique<PosixLock>(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    char pid[32] = {};
    const ssize_t n = ::pread(fd, pid, sizeof pid - 1, 0);
    const std::string who = n > 0 ? "process " + std::string(pid, static_cast<size_t>(n)) : "another process";
    return Error{ErrorKind::kIo, folder + ": in use by " + who};
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) return failure("write", path);
  return std::unique_ptr<FolderLock>(std::move(lock));
}

Result<uint64_t> PosixFileSystem::free_bytes(const std::string& folder) {
  struct statvfs s {};
  if (::statvfs(folder.c_str(), &s) != 0) return failure("statvfs", folder);
  return static_cast<uint64_t>(s.f_bavail) * s.f_frsize;
}

leveldb::Env* PosixFileSystem::env() { return leveldb::Env::Default(); }

}  // namespace keyzone::storage
