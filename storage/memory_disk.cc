#include "storage/memory_disk.h"

#include <xxhash.h>

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <set>

namespace keyzone::storage {

namespace {

constexpr uint64_t kSector = 512;
constexpr uint64_t kMillion = 1'000'000;

void put_bytes(Bytes& data, uint64_t offset, BytesView bytes) {
  if (data.size() < offset + bytes.size()) data.resize(offset + bytes.size());
  std::memcpy(data.data() + offset, bytes.data(), bytes.size());
}

// A write that no sync has made durable, with what it covered.
struct Pending {
  uint64_t offset = 0;
  Bytes before, after;  // `before` is shorter where the file grew
  uint64_t size_before = 0;
  bool in_doubt = false;  // its sync failed: no later sync makes it durable
};

// Bytes behind those that were ever written are zeros, and take no memory: a segment of the log is created
// long.
struct Inode {
  Bytes data;  // up to the last byte written
  uint64_t size = 0;
  std::vector<Pending> pending;

  void put(uint64_t offset, BytesView bytes) {
    put_bytes(data, offset, bytes);
    size = std::max<uint64_t>(size, data.size());
  }
  void resize(uint64_t to) {
    size = to;
    if (data.size() > to) data.resize(to);
  }
  // REQUIRES: offset <= size. Fewer where the file ends.
  size_t read(uint64_t offset, size_t length, char* out) const {
    length = std::min<uint64_t>(length, size - offset);
    const size_t written = offset < data.size() ? std::min<size_t>(length, data.size() - offset) : 0;
    if (written > 0) std::memcpy(out, data.data() + offset, written);
    std::memset(out + written, 0, length - written);
    return length;
  }
};
using InodePtr = std::shared_ptr<Inode>;

// A change of names that no folder sync has made durable: `from` (if any) goes, `to` (if any) gets `inode`.
struct NameChange {
  std::string from, to;
  InodePtr inode;
};

using Names = std::map<std::string, InodePtr>;

void apply_name_change(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

// What a later write made durable is what an earlier one in doubt lies under.
void cover(Pending& doubtful, const Pending& durable) {
  doubtful.size_before = std::max(doubtful.size_before, durable.offset + durable.after.size());
  const uint64_t from = std::max(doubtful.offset, durable.offset);
  const uint64_t to =
      std::min(doubtful.offset + doubtful.after.size(), durable.offset + durable.after.size());
  if (from >= to) return;
  const BytesView bytes = BytesView(durable.after).substr(from - durable.offset, to - from);
  put_bytes(doubtful.before, from - doubtful.offset, bytes);
  put_bytes(doubtful.after, from - doubtful.offset, bytes);
}

void make_durable(Inode& inode) {
  std::vector<Pending> doubtful;
  for (Pending& write : inode.pending) {
    if (write.in_doubt) {
      doubtful.push_back(std::move(write));
    } else {
      for (Pending& earlier : doubtful) cover(earlier, write);
    }
  }
  inode.pending = std::move(doubtful);
}

void tear(Inode& inode, const Pending& write, const Draw& draw) {
  const uint64_t end = write.offset + write.after.size();
  for (uint64_t at = write.offset; at < end;) {
    const uint64_t next = std::min(end, (at / kSector + 1) * kSector);
    if (draw(2) == 0) inode.put(at, BytesView(write.after).substr(at - write.offset, next - at));
    at = next;
  }
}

enum class Fate { kDropped, kKept, kTorn };

void lose_writes(Inode& inode, const Draw& draw, uint64_t mode) {
  for (auto write = inode.pending.rbegin(); write != inode.pending.rend(); ++write) {
    inode.put(write->offset, write->before);
    inode.resize(write->size_before);
  }
  for (const Pending& write : inode.pending) {
    const uint64_t drawn = mode == 2 ? draw(4) : mode;
    const Fate fate = drawn == 0 ? Fate::kDropped : drawn == 3 ? Fate::kTorn : Fate::kKept;
    if (fate == Fate::kKept) inode.put(write.offset, write.after);
    if (fate == Fate::kTorn) tear(inode, write, draw);
  }
  inode.pending.clear();
}

}  // namespace

struct MemoryDisk::Impl {
  struct Planned {
    DiskCall call;
    std::string path;
    uint32_t count;
    ErrorKind kind;
  };

  mutable std::mutex mutex;
  bool forgets = true;
  Names names;          // as the running system sees them
  Names durable_names;  // as they would be after a crash that drops all changes
  std::vector<NameChange> changes;
  std::set<std::string> folders;
  std::set<std::string> locked;
  uint64_t epoch = 0;  // of the machine: grows with each crash; open files of an earlier one are dead
  uint64_t used = 0;
  uint64_t calls_left = UINT64_MAX;  // before the freeze
  DiskFaults faults;
  Draw draw;
  std::list<Planned> planned;
  DiskStats stats;

  bool drawn(uint32_t ppm) const { return ppm > 0 && draw && draw(kMillion) < ppm; }

  uint32_t chance_of(DiskCall call) const {
    switch (call) {
      case DiskCall::kRead:
        return faults.read_error_ppm;
      case DiskCall::kWrite:
        return faults.write_error_ppm;
      case DiskCall::kSync:
        return faults.sync_error_ppm;
      case DiskCall::kCreate:
        return faults.create_error_ppm;
      default:
        return 0;
    }
  }

  Result<void> enter(DiskCall call, const std::string& path) {
    ++stats.calls;
    if (calls_left == 0) return Error{ErrorKind::kIo, path + ": the disk is frozen"};
    if (calls_left != UINT64_MAX) --calls_left;
    for (auto plan = planned.begin(); plan != planned.end(); ++plan) {
      if (plan->call != call || path.find(plan->path) == std::string::npos) continue;
      const ErrorKind kind = plan->kind;
      if (--plan->count == 0) planned.erase(plan);
      return Error{kind, path + ": injected error"};
    }
    if (drawn(chance_of(call))) return Error{ErrorKind::kIo, path + ": injected error"};
    return {};
  }

  void change_names(NameChange change) {
    apply_name_change(names, change);
    if (forgets) {
      changes.push_back(std::move(change));
    }
  }

  // To at least `to` bytes, if the disk has room for them.
  Result<void> grow(Inode& inode, const std::string& path, uint64_t to) {
    if (to <= inode.size) return {};
    const uint64_t grown = to - inode.size;
    if (faults.capacity_bytes > 0 && used + grown > faults.capacity_bytes) {
      return Error{ErrorKind::kNoSpace, path + ": no space left on device"};
    }
    used += grown;
    inode.size = to;
    return {};
  }

  Result<void> write(Inode& inode, const std::string& path, uint64_t offset, BytesView bytes) {
    const uint64_t size = inode.size;
    KEYZONE_CHECK(grow(inode, path, offset + bytes.size()));
    if (forgets) {
      Pending pending{offset, Bytes(), Bytes(bytes), size, false};
      if (offset < size) {
        pending.before.resize(std::min<size_t>(bytes.size(), size - offset));
        inode.read(offset, pending.before.size(), pending.before.data());
      }
      inode.pending.push_back(std::move(pending));
    }
    inode.put(offset, bytes);
    ++stats.writes;
    stats.bytes_written += bytes.size();
    return {};
  }

  void count_used() {
    used = 0;
    for (const auto& [path, inode] : names) used += inode->size;
  }

  void restart() {
    ++epoch;
    locked.clear();
    calls_left = UINT64_MAX;
    count_used();
  }
};

class MemoryDisk::OpenFile : public File {
 public:
  OpenFile(std::shared_ptr<Impl> disk, InodePtr inode, std::string path)
      : disk_(std::move(disk)), inode_(std::move(inode)), path_(std::move(path)), epoch_(disk_->epoch) {}

  Result<void> write(uint64_t offset, BytesView bytes) override {
    const std::lock_guard lock(disk_->mutex);
    KEYZONE_CHECK(enter(DiskCall::kWrite));
    return disk_->write(*inode_, path_, offset, bytes);
  }

  Result<size_t> read(uint64_t offset, size_t size, char* out) const override {
    const std::lock_guard lock(disk_->mutex);
    KEYZONE_CHECK(enter(DiskCall::kRead));
    ++disk_->stats.reads;
    if (offset >= inode_->size) return size_t{0};
    const size_t got = inode_->read(offset, size, out);
    if (got > 0 && disk_->drawn(disk_->faults.read_flip_ppm)) {
      out[disk_->draw(got)] ^= static_cast<char>(1 << disk_->draw(8));
    }
    return got;
  }

  Result<void> sync() override {
    const std::lock_guard lock(disk_->mutex);
    if (auto entered = enter(DiskCall::kSync); !entered) {
      for (Pending& write : inode_->pending) write.in_doubt = true;
      return entered.error();
    }
    ++disk_->stats.syncs;
    make_durable(*inode_);
    return {};
  }

  Result<uint64_t> size() const override {
    const std::lock_guard lock(disk_->mutex);
    KEYZONE_CHECK(alive());
    return inode_->size;
  }

 private:
  Result<void> alive() const {
    if (epoch_ != disk_->epoch) return Error{ErrorKind::kIo, path_ + ": opened before a crash"};
    return {};
  }
  Result<void> enter(DiskCall call) const {
    KEYZONE_CHECK(alive());
    return disk_->enter(call, path_);
  }

  std::shared_ptr<Impl> disk_;
  InodePtr inode_;
  std::string path_;
  uint64_t epoch_;
};

class MemoryDisk::Lock : public FolderLock {
 public:
  Lock(std::shared_ptr<Impl> disk, std::string folder)
      : disk_(std::move(disk)), folder_(std::move(folder)), epoch_(disk_->epoch) {}
  ~Lock() override {
    const std::lock_guard lock(disk_->mutex);
    if (epoch_ == disk_->epoch) disk_->locked.erase(folder_);
  }

 private:
  std::shared_ptr<Impl> disk_;
  std::string folder_;
  uint64_t epoch_;
};

MemoryDisk::MemoryDisk(bool forgets)
    : impl_(std::make_shared<Impl>()), env_(std::make_unique<FileSystemEnv>(this)) {
  impl_->forgets = forgets;
}

MemoryDisk::~MemoryDisk() = default;

leveldb::Env* MemoryDisk::env() { return env_.get(); }
void MemoryDisk::set_clock(std::function<uint64_t()> now_micros) { env_->set_clock(std::move(now_micros)); }

void MemoryDisk::crash(const Draw& draw) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->forgets) {
    // Of ten crashes one loses all that was not synced, one nothing; in the rest each thing has its own fate.
    const uint64_t drawn = draw(10);
    const uint64_t mode = std::min<uint64_t>(drawn, 2);
    std::set<InodePtr> seen;
    std::vector<InodePtr> inodes;  // in the order of names, not of addresses
    const auto add = [&](const InodePtr& inode) {
      if (inode && seen.insert(inode).second) inodes.push_back(inode);
    };
    for (const auto& [path, inode] : impl_->durable_names) add(inode);
    for (const NameChange& change : impl_->changes) add(change.inode);
    for (const NameChange& change : impl_->changes) {
      if (mode == 1 || (mode == 2 && draw(2) == 0)) apply_name_change(impl_->durable_names, change);
    }
    impl_->changes.clear();
    for (const InodePtr& inode : inodes) lose_writes(*inode, draw, mode);
    impl_->names = impl_->durable_names;
  }
  impl_->restart();
}

void MemoryDisk::kill() {
  const std::lock_guard lock(impl_->mutex);
  impl_->restart();
}

void MemoryDisk::freeze(uint64_t calls) {
  const std::lock_guard lock(impl_->mutex);
  impl_->calls_left = calls;
}

bool MemoryDisk::frozen() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->calls_left == 0;
}

void MemoryDisk::set_faults(const DiskFaults& faults, Draw draw) {
  const std::lock_guard lock(impl_->mutex);
  impl_->faults = faults;
  impl_->draw = std::move(draw);
}

void MemoryDisk::fail_next(DiskCall call, const std::string& path, uint32_t count, ErrorKind kind) {
  const std::lock_guard lock(impl_->mutex);
  if (count > 0) impl_->planned.push_back({call, path, count, kind});
}

void MemoryDisk::clear_faults() {
  const std::lock_guard lock(impl_->mutex);
  impl_->faults = {};
  impl_->planned.clear();
}

bool MemoryDisk::flip_bit(const std::string& path, uint64_t offset, int bit) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->names.find(path);
  if (found == impl_->names.end() || offset >= found->second->size) return false;
  char byte = 0;
  found->second->read(offset, 1, &byte);
  byte ^= static_cast<char>(1 << bit);
  found->second->put(offset, BytesView(&byte, 1));
  return true;
}

bool MemoryDisk::overwrite(const std::string& path, uint64_t offset, BytesView bytes) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->names.find(path);
  if (found == impl_->names.end() || offset + bytes.size() > found->second->size) return false;
  found->second->put(offset, bytes);
  return true;
}

void MemoryDisk::wipe() {
  const std::lock_guard lock(impl_->mutex);
  impl_->names.clear();
  impl_->durable_names.clear();
  impl_->changes.clear();
  impl_->folders.clear();
  impl_->restart();
}

DiskStats MemoryDisk::stats() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->stats;
}

uint64_t MemoryDisk::used_bytes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->used;
}

uint64_t MemoryDisk::digest() const {
  const std::lock_guard lock(impl_->mutex);
  uint64_t hash = 0;
  for (const auto& [path, inode] : impl_->names) {
    hash = XXH3_64bits_withSeed(path.data(), path.size(), hash);
    hash = XXH3_64bits_withSeed(inode->data.data(), inode->data.size(), hash);
    hash = XXH3_64bits_withSeed(&inode->size, sizeof inode->size, hash);
  }
  return hash;
}

std::vector<std::string> MemoryDisk::all_files() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : impl_->names) paths.push_back(path);
  return paths;
}

Result<void> MemoryDisk::create_folders(const std::string& path) {
  const std::lock_guard lock(impl_->mutex);
  KEYZONE_CHECK(impl_->enter(DiskCall::kCreate, path));
  impl_->folders.insert(path);
  return {};
}

Result<std::unique_ptr<File>> MemoryDisk::create(const std::string& path, uint64_t size) {
  const std::lock_guard lock(impl_->mutex);
  KEYZONE_CHECK(impl_->enter(DiskCall::kCreate, path));
  const auto old = impl_->names.find(path);
  auto inode = std::make_shared<Inode>();
  KEYZONE_CHECK(impl_->grow(*inode, path, size));
  if (old != impl_->names.end()) impl_->used -= old->second->size;
  impl_->change_names({"", path, inode});
  return std::unique_ptr<File>(std::make_unique<OpenFile>(impl_, inode, path));
}

Result<std::unique_ptr<File>> MemoryDisk::open(const std::string& path) {
  const std::lock_guard lock(impl_->mutex);
  KEYZONE_CHECK(impl_->enter(DiskCall::kRead, path));
  const auto found = impl_->names.find(path);
  if (found == impl_->names.end()) return Error{ErrorKind::kIo, path + ": no such file"};
  return std::unique_ptr<File>(std::make_unique<OpenFile>(impl_, found->second, path));
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(impl_->mutex);
  KEYZONE_CHECK(impl_->enter(DiskCall::kRename, from));
  const auto found = impl_->names.find(from);
  if (found == impl_->names.end()) return Error{ErrorKind::kIo, from + ": no such file"};
  const auto old = impl_->names.find(to);
  if (old != impl_->names.end()) impl_->used -= old->second->size;
  const InodePtr inode = found->second;
  impl_->change_names({from, to, inode});
  return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
  const std::lock_guard lock(impl_->mutex);
  KEYZONE_CHECK(impl_->enter(DiskCall::kRemove, path));
  const auto found = impl_->names.find(path);
  if (found == impl_->names.end()) return Error{ErrorKind::kIo, path + ": no such file"};
  impl_->used -= found->second->size;
  impl_->change_names({path, "", nullptr});
  return {};
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& folder) {
  const std::lock_guard lock(impl_->mutex);
  KEYZONE_CHECK(impl_->enter(DiskCall::kRead, folder));
  std::vector<std::string> names;
  const std::string prefix = folder + "/";
  for (auto at = impl_->names.lower_bound(prefix); at != impl_->names.end(); ++at) {
    if (at->first.compare(0, prefix.size(), prefix) != 0) break;
    const std::string name = at->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) names.push_back(name);
  }
  return names;
}

bool MemoryDisk::exists(const std::string& path) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->names.count(path) > 0 || impl_->folders.count(path) > 0;
}

Result<void> MemoryDisk::sync_folder(const std::string& folder) {
  const std::lock_guard lock(impl_->mutex);
  KEYZONE_CHECK(impl_->enter(DiskCall::kSyncFolder, folder));
  ++impl_->stats.syncs;
  std::vector<NameChange> rest;
  for (NameChange& change : impl_->changes) {
    if (folder_of(change.to.empty() ? change.from : change.to) == folder) {
      apply_name_change(impl_->durable_names, change);
    } else {
      rest.push_back(std::move(change));
    }
  }
  impl_->changes = std::move(rest);
  return {};
}

Result<std::unique_ptr<FolderLock>> MemoryDisk::lock(const std::string& folder) {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->locked.insert(folder).second) {
    return Error{ErrorKind::kIo, folder + ": in use by this process"};
  }
  return std::unique_ptr<FolderLock>(std::make_unique<Lock>(impl_, folder));
}

Result<uint64_t> MemoryDisk::free_bytes(const std::string&) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->faults.capacity_bytes == 0) return UINT64_MAX;
  return impl_->faults.capacity_bytes - std::min(impl_->used, impl_->faults.capacity_bytes);
}

}  // namespace keyzone::storage
