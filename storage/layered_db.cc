#include "storage/layered_db.h"

#include "storage/layered_iterator.h"
#include "storage/slices.h"

namespace keyzone::storage {
namespace {

leveldb::Status refused() { return leveldb::Status::NotSupported("a store is written to by apply() alone"); }

}  // namespace

// The sealed memtables of its time, and what was below them.
class LayeredDb::Snapshot : public leveldb::Snapshot {
 public:
  Snapshot(const leveldb::Snapshot* below, std::deque<MemtablePtr> tables)
      : below_(below), tables_(std::move(tables)) {}
  ~Snapshot() override = default;

  static const Snapshot* of(const leveldb::ReadOptions& options) {
    return static_cast<const Snapshot*>(options.snapshot);
  }
  const leveldb::Snapshot* below() const { return below_; }
  const std::deque<MemtablePtr>& tables() const { return tables_; }

 private:
  const leveldb::Snapshot* below_;
  const std::deque<MemtablePtr> tables_;
};

LayeredDb::LayeredDb(std::unique_ptr<leveldb::DB> below, size_t memtable_bytes)
    : memtable_bytes_(memtable_bytes), below_(std::move(below)) {}

LayeredDb::~LayeredDb() = default;

void LayeredDb::apply(const leveldb::WriteBatch& batch) {
  ++applied_;
  if (!active_) active_ = std::make_shared<Memtable>(memtable_bytes_);
  active_->apply(batch);
}

void LayeredDb::seal() {
  if (!active_ || active_->empty()) return;
  active_->sort();
  sealed_.push_back(std::exchange(active_, nullptr));
}

void LayeredDb::forget_sealed(size_t count) {
  sealed_.erase(sealed_.begin(), sealed_.begin() + static_cast<std::ptrdiff_t>(count));
}

leveldb::Status LayeredDb::Put(const leveldb::WriteOptions&, const leveldb::Slice&, const leveldb::Slice&) {
  return refused();
}
leveldb::Status LayeredDb::Delete(const leveldb::WriteOptions&, const leveldb::Slice&) { return refused(); }
leveldb::Status LayeredDb::Write(const leveldb::WriteOptions&, leveldb::WriteBatch*) { return refused(); }
void LayeredDb::CompactRange(const leveldb::Slice*, const leveldb::Slice*) {}

leveldb::ReadOptions LayeredDb::below_options(const leveldb::ReadOptions& options) const {
  leveldb::ReadOptions out = options;
  if (options.snapshot) out.snapshot = Snapshot::of(options)->below();
  return out;
}

leveldb::Status LayeredDb::Get(const leveldb::ReadOptions& options, const leveldb::Slice& key,
                               std::string* value) {
  const auto found_in = [&](const Memtable& table) -> const Memtable::Entry* {
    const Memtable::Entry* entry = table.find(view_of(key));
    if (entry && !entry->is_deleted()) value->assign(entry->value());
    return entry;
  };
  const Memtable::Entry* entry = nullptr;
  if (!options.snapshot && active_) entry = found_in(*active_);
  const auto& sealed = options.snapshot ? Snapshot::of(options)->tables() : sealed_;
  for (auto table = sealed.rbegin(); !entry && table != sealed.rend(); ++table) entry = found_in(**table);
  if (!entry) return below_->Get(below_options(options), key, value);
  return entry->is_deleted() ? leveldb::Status::NotFound(leveldb::Slice()) : leveldb::Status::OK();
}

leveldb::Iterator* LayeredDb::NewIterator(const leveldb::ReadOptions& options) {
  std::vector<MemtablePtr> tables;
  if (!options.snapshot && active_) {
    active_->sort();
    tables.push_back(active_);
  }
  const auto& sealed = options.snapshot ? Snapshot::of(options)->tables() : sealed_;
  tables.insert(tables.end(), sealed.rbegin(), sealed.rend());
  std::unique_ptr<leveldb::Iterator> below(below_->NewIterator(below_options(options)));
  if (tables.empty()) return below.release();
  return new_layered_iterator(std::move(tables), std::move(below), options.snapshot ? nullptr : &applied_);
}

const leveldb::Snapshot* LayeredDb::GetSnapshot() {
  seal();
  return new Snapshot(below_->GetSnapshot(), sealed_);
}

void LayeredDb::ReleaseSnapshot(const leveldb::Snapshot* snapshot) {
  const auto* ours = static_cast<const Snapshot*>(snapshot);
  below_->ReleaseSnapshot(ours->below());
  delete ours;
}

bool LayeredDb::GetProperty(const leveldb::Slice& property, std::string* value) {
  return below_->GetProperty(property, value);
}

void LayeredDb::GetApproximateSizes(const leveldb::Range* range, int n, uint64_t* sizes) {
  below_->GetApproximateSizes(range, n, sizes);
}

}  // namespace keyzone::storage
