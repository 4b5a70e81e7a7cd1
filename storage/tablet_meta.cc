#include "storage/tablet_meta.h"

#include <algorithm>
#include <memory>

#include "schema/types/type.h"
#include "storage/row_key.h"
#include "storage/store.h"

namespace keyzone::storage {
namespace {

constexpr uint32_t kNodeStore = 0;
constexpr char kMetaVersion = 3, kMetaVersionWithoutSpilled = 2, kMetaVersionWithoutLeftovers = 1;
constexpr char kTabletMark = 'T', kSchemaMark = 'S', kOrphanMark = 'O', kNextStoreMark = 'N',
               kRequestMark = 'R';

Bytes node_key(char mark) {
  Bytes out;
  append_be(out, kNodeStore);
  out.push_back(mark);
  return out;
}
Bytes group_key(char mark, GroupId group) {
  Bytes out = node_key(mark);
  append_be(out, group.value);
  return out;
}
Bytes orphan_key(const OrphanStore& orphan) {
  Bytes out = node_key(kOrphanMark);
  append_be(out, orphan.store.value);
  append_be(out, orphan.tokens.begin.value);
  append_be(out, orphan.tokens.end.value);
  return out;
}

Bytes request_key(GroupId group, uint64_t window) {
  Bytes out = group_key(kRequestMark, group);
  append_be(out, window);
  return out;
}

leveldb::ReadOptions once() {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  return options;
}

}  // namespace

std::pair<Bytes, Bytes> request_key_bounds(GroupId group) {
  Bytes first = group_key(kRequestMark, group);
  Bytes second = prefix_successor(first);
  return {std::move(first), std::move(second)};
}

Bytes encode_tablet_meta(const TabletMeta& meta) {
  Bytes out(1, kMetaVersion);
  append_le(out, meta.group.value);
  out.append(reinterpret_cast<const char*>(meta.table.bytes.data()), meta.table.bytes.size());
  append_le(out, meta.store.value);
  append_le(out, meta.tokens.begin.value);
  append_le(out, meta.tokens.end.value);
  append_le(out, meta.applied.value);
  append_le(out, meta.schema_version);
  append_le(out, meta.epoch.value);
  append_le(out, meta.clock);
  append_le(out, meta.max_stamp);
  for (const Leftovers* l : {&meta.leftovers, &meta.since_pass}) {
    append_le(out, l->garbage);
    append_le(out, l->tombstones);
  }
  out.push_back(meta.spilled);
  return out;
}

Result<TabletMeta> decode_tablet_meta(BytesView bytes) {
  ByteReader in(bytes);
  const char version = static_cast<char>(in.byte());
  TabletMeta out;
  out.group = GroupId(in.le<uint64_t>());
  const BytesView table = in.bytes(out.table.bytes.size());
  if (!table.empty()) std::memcpy(out.table.bytes.data(), table.data(), table.size());
  out.store = StoreId(in.le<uint32_t>());
  out.tokens.begin = Token(in.le<int64_t>());
  out.tokens.end = Token(in.le<int64_t>());
  out.applied = LogIndex(in.le<uint64_t>());
  out.schema_version = in.le<uint32_t>();
  out.epoch = Epoch(in.le<uint64_t>());
  out.clock = in.le<int64_t>();
  out.max_stamp = in.le<int64_t>();
  if (version == kMetaVersionWithoutLeftovers) {
    out.leftovers = {0, 0};  // nobody counted: a pass will find out
  } else {
    for (Leftovers* l : {&out.leftovers, &out.since_pass}) {
      l->garbage = in.le<int64_t>();
      l->tombstones = in.le<int64_t>();
    }
  }
  if (version > kMetaVersionWithoutSpilled) out.spilled = in.byte() != 0;
  if (in.failed() || in.left() != 0 || version > kMetaVersion)
    return Error{ErrorKind::kCorrupt, "tablet record"};
  return out;
}

Result<TabletRegistry> TabletRegistry::open(leveldb::DB* db) {
  TabletRegistry out(db);
  const std::unique_ptr<leveldb::Iterator> it(db->NewIterator(once()));
  const auto each = [&](char mark, auto&& take) -> Result<void> {
    const Bytes first = node_key(mark), last = prefix_successor(first);
    for (it->Seek(first); it->Valid() && it->key().compare(last) < 0; it->Next()) {
      KEYZONE_CHECK(take(BytesView(it->key().data(), it->key().size()).substr(first.size()),
                         BytesView(it->value().data(), it->value().size())));
    }
    if (!it->status().ok()) return error_of(it->status());
    return {};
  };
  KEYZONE_CHECK(each(kTabletMark, [&](BytesView, BytesView value) -> Result<void> {
    KEYZONE_TRY(meta, decode_tablet_meta(value));
    out.tablets_[meta.group] = meta;
    return {};
  }));
  KEYZONE_CHECK(each(kOrphanMark, [&](BytesView key, BytesView) -> Result<void> {
    ByteReader in(key);
    OrphanStore orphan;
    orphan.store = StoreId(in.be<uint32_t>());
    orphan.tokens.begin = Token(in.be<int64_t>());
    orphan.tokens.end = Token(in.be<int64_t>());
    if (in.failed()) return Error{ErrorKind::kCorrupt, "orphan record"};
    out.orphans_.push_back(orphan);
    return {};
  }));
  std::sort(out.orphans_.begin(), out.orphans_.end());
  KEYZONE_CHECK(each(kRequestMark, [&](BytesView key, BytesView) -> Result<void> {
    ByteReader in(key);
    const GroupId group(in.be<uint64_t>());
    out.windows_[group].push_back(in.be<uint64_t>());
    if (in.failed() || !in.done()) return Error{ErrorKind::kCorrupt, "request window: key"};
    return {};
  }));
  KEYZONE_CHECK(each(kNextStoreMark, [&](BytesView, BytesView value) -> Result<void> {
    ByteReader in(value);
    out.next_store_ = StoreId(in.le<uint32_t>());
    if (in.failed()) return Error{ErrorKind::kCorrupt, "next store id"};
    return {};
  }));
  return out;
}

const TabletMeta* TabletRegistry::find(GroupId group) const {
  const auto found = tablets_.find(group);
  return found == tablets_.end() ? nullptr : &found->second;
}

StoreId TabletRegistry::allocate_store(leveldb::WriteBatch& batch) {
  const StoreId given = next_store_;
  next_store_ = next_store_.next();
  KEYZONE_ASSERT(next_store_.value != 0);
  Bytes value;
  append_le(value, next_store_.value);
  batch.Put(node_key(kNextStoreMark), value);
  return given;
}

void TabletRegistry::put(const TabletMeta& meta, leveldb::WriteBatch& batch) {
  tablets_[meta.group] = meta;
  batch.Put(group_key(kTabletMark, meta.group), encode_tablet_meta(meta));
}

Bytes encode_schema(const Table& table) {
  CatalogChange change;
  change.put_tables.push_back(table);
  return encode_change(change);
}

Result<TablePtr> decode_schema(BytesView bytes) {
  KEYZONE_TRY(change, decode_change(bytes));
  if (change.put_tables.size() != 1) return Error{ErrorKind::kCorrupt, "a tablet's schema is not one table"};
  auto table = std::make_shared<Table>(std::move(change.put_tables.front()));
  table->index();
  return TablePtr(std::move(table));
}

Result<TablePtr> TabletRegistry::schema(GroupId group) const {
  Bytes bytes;
  const leveldb::Status status = db_->Get(once(), group_key(kSchemaMark, group), &bytes);
  if (status.IsNotFound()) return TablePtr();
  if (!status.ok()) return error_of(status);
  return decode_schema(bytes);
}

void TabletRegistry::put_schema(GroupId group, const Table& table, leveldb::WriteBatch& batch) {
  batch.Put(group_key(kSchemaMark, group), encode_schema(table));
}

void TabletRegistry::drop(GroupId group, leveldb::WriteBatch& batch) {
  const auto found = tablets_.find(group);
  if (found == tablets_.end()) return;
  drop_windows(group, batch);
  batch.Delete(group_key(kTabletMark, group));
  batch.Delete(group_key(kSchemaMark, group));
  leave_rows(found->second, batch);
  tablets_.erase(found);
}

const std::deque<uint64_t>& TabletRegistry::windows(GroupId group) const {
  static const std::deque<uint64_t> none;
  const auto found = windows_.find(group);
  return found == windows_.end() ? none : found->second;
}

Result<void> TabletRegistry::read_windows(
    GroupId group, const std::function<Result<void>(uint64_t number, BytesView bytes)>& visit) const {
  std::unique_ptr<leveldb::Iterator> it;  // none where there is nothing: see the class
  for (const uint64_t number : windows(group)) {
    const Bytes key = request_key(group, number);
    if (it) {
      it->Next();
    } else {
      it.reset(db_->NewIterator(once()));
      it->Seek(key);
    }
    if (!it->status().ok()) return error_of(it->status());
    if (!it->Valid() || it->key() != leveldb::Slice(key))
      return Error{ErrorKind::kCorrupt, "request window: key"};
    KEYZONE_CHECK(visit(number, {it->value().data(), it->value().size()}));
  }
  return {};
}

void TabletRegistry::put_window(GroupId group, uint64_t number, BytesView bytes, leveldb::WriteBatch& batch) {
  batch.Put(request_key(group, number), {bytes.data(), bytes.size()});
  auto& numbers = windows_[group];
  if (numbers.empty() || numbers.back() < number) {
    numbers.push_back(number);
    return;
  }
  const auto place = std::lower_bound(numbers.begin(), numbers.end(), number);
  if (*place != number) numbers.insert(place, number);
}

void TabletRegistry::drop_window(GroupId group, uint64_t number, leveldb::WriteBatch& batch) {
  batch.Delete(request_key(group, number));
  auto& numbers = windows_[group];
  const auto place = std::lower_bound(numbers.begin(), numbers.end(), number);
  if (place != numbers.end() && *place == number) numbers.erase(place);
}

void TabletRegistry::drop_windows(GroupId group, leveldb::WriteBatch& batch) {
  for (const uint64_t number : windows(group)) batch.Delete(request_key(group, number));
  windows_.erase(group);
}

void TabletRegistry::add_orphan(const OrphanStore& orphan, leveldb::WriteBatch& batch) {
  batch.Put(orphan_key(orphan), {});
  const auto place = std::lower_bound(orphans_.begin(), orphans_.end(), orphan);
  if (place == orphans_.end() || *place != orphan) orphans_.insert(place, orphan);
}

void TabletRegistry::leave_rows(const TabletMeta& meta, leveldb::WriteBatch& batch) {
  if (meta.max_stamp != kNoTimestamp) add_orphan({meta.store, meta.tokens}, batch);
}

void TabletRegistry::remove_orphan(const OrphanStore& orphan, leveldb::WriteBatch& batch) {
  batch.Delete(orphan_key(orphan));
  std::erase(orphans_, orphan);
}

Result<bool> TabletRegistry::sweep_orphans(size_t keys_max, leveldb::WriteBatch& batch) {
  const auto next = std::find_if(orphans_.begin(), orphans_.end(),
                                 [&](const OrphanStore& o) { return !held_.contains(o.store); });
  if (next == orphans_.end()) return false;
  const OrphanStore orphan = *next;
  const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(once()));
  size_t keys = 0;
  for (const Area area : kAreas) {
    const auto [first, last] = area_bounds(orphan.store, area, orphan.tokens);
    for (it->Seek(first); it->Valid() && it->key().compare(last) < 0; it->Next()) {
      if (keys++ == keys_max) return true;
      batch.Delete(it->key());
    }
    if (!it->status().ok()) return error_of(it->status());
  }
  remove_orphan(orphan, batch);
  return orphans_.size() > held_.size();
}

}  // namespace keyzone::storage
