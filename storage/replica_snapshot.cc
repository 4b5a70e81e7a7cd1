// Snapshots, digests and sizes: all that goes over a tablet's keys from the first to the last.
//
// A chunk is a version byte and records, each a kind byte and:
//   1 meta: block tablet record     2 request window: varint number, block value
//   3 key:  block key without the store id, block value     4 end: digest, two times 8 bytes le
//   5 schema: block table, unless there is none yet
#include <algorithm>

#include "storage/replica.h"
#include "storage/slices.h"
#include "storage/store.h"

namespace keyzone::storage {
namespace {

constexpr char kChunkVersion = 1;
constexpr char kMetaRecord = 1, kWindowRecord = 2, kKeyRecord = 3, kEndRecord = 4, kSchemaRecord = 5;

void add_to(Digest& digest, BytesView key, BytesView value, Bytes& scratch) {
  scratch.clear();
  append_block(scratch, key);
  scratch.append(value);
  const XXH128_hash_t hash = XXH3_128bits(scratch.data(), scratch.size());
  digest.low += hash.low64;
  digest.high += hash.high64 + (digest.low < hash.low64);
}

class Reader final : public SnapshotReader {
 public:
  Reader(leveldb::DB* db, const TabletMeta& meta, TablePtr schema, leveldb::ReadOptions options)
      : db_(db), meta_(meta), schema_(std::move(schema)), snapshot_(db->GetSnapshot()) {
    options.snapshot = snapshot_;
    it_.reset(db->NewIterator(options));
  }
  ~Reader() override {
    it_.reset();
    db_->ReleaseSnapshot(snapshot_);
  }

  const TabletMeta& meta() const override { return meta_; }

  Result<Bytes> next_chunk() override {
    if (stage_ == Stage::kDone) return Bytes();
    Bytes out(1, kChunkVersion);
    while (stage_ != Stage::kDone && out.size() < kSnapshotChunkBytes) {
      if (it_->Valid() && !last_.empty() && view_of(it_->key()) < last_) {
        append_entry(out);
        it_->Next();
      } else if (!it_->status().ok()) {
        return error_of(it_->status());
      } else {
        next_stage(out);
      }
    }
    return out;
  }

 private:
  enum class Stage { kMeta, kWindows, kDeletions, kRows, kElements, kDone };

  void append_entry(Bytes& out) {
    const BytesView key = view_of(it_->key()), value = view_of(it_->value());
    if (stage_ == Stage::kWindows) {
      out.push_back(kWindowRecord);
      append_varint(out, load_be<uint64_t>(key.data() + key.size() - 8));
    } else {
      const BytesView relative = key.substr(kStoreIdBytes);
      out.push_back(kKeyRecord);
      append_block(out, relative);
      add_to(digest_, relative, value, scratch_);
    }
    append_block(out, value);
  }

  void next_stage(Bytes& out) {
    switch (stage_) {
      case Stage::kMeta:
        out.push_back(kMetaRecord);
        append_block(out, encode_tablet_meta(meta_));
        if (meta_.schema_version != 0) {
          out.push_back(kSchemaRecord);
          append_block(out, encode_schema(*schema_));
        }
        return begin(Stage::kWindows, request_key_bounds(meta_.group));
      case Stage::kWindows:
        return begin(Stage::kDeletions, area_bounds(meta_.store, Area::kDeletions, meta_.tokens));
      case Stage::kDeletions:
        return begin(Stage::kRows, area_bounds(meta_.store, Area::kRows, meta_.tokens));
      case Stage::kRows:
        return begin(Stage::kElements, area_bounds(meta_.store, Area::kElements, meta_.tokens));
      default:
        out.push_back(kEndRecord);
        append_le(out, digest_.low);
        append_le(out, digest_.high);
        stage_ = Stage::kDone;
    }
  }

  void begin(Stage stage, const std::pair<Bytes, Bytes>& bounds) {
    stage_ = stage;
    last_ = bounds.second;
    it_->Seek(bounds.first);
  }

  leveldb::DB* db_;
  TabletMeta meta_;
  TablePtr schema_;
  const leveldb::Snapshot* snapshot_;
  std::unique_ptr<leveldb::Iterator> it_;
  Stage stage_ = Stage::kMeta;
  Bytes last_;  // of the stage; empty: there is nothing in it
  Digest digest_;
  Bytes scratch_;
};

}  // namespace

std::unique_ptr<SnapshotReader> Replica::snapshot() {
  return std::make_unique<Reader>(db_, meta_, table_, read_options(false));
}

Result<Digest> Replica::digest() {
  Digest out;
  Bytes scratch;
  for (const Area area : kAreas) {
    const auto [first, last] = area_bounds(meta_.store, area, meta_.tokens);
    MergedScan scan(db_, read_options(false), overlay_, first, last);
    for (; scan.valid(); scan.next()) add_to(out, scan.key().substr(kStoreIdBytes), scan.value(), scratch);
    KEYZONE_CHECK(scan.status());
  }
  Bytes leftovers;
  for (const Leftovers* l : {&meta_.leftovers, &meta_.since_pass}) {
    append_le(leftovers, l->garbage);
    append_le(leftovers, l->tombstones);
  }
  add_to(out, "leftovers", leftovers, scratch);
  return out;
}

uint64_t Replica::approximate_bytes() {
  uint64_t total = 0;
  for (const Area area : kAreas)
    total += approximate_bytes_between(area_bounds(meta_.store, area, meta_.tokens));
  return total;
}

// Halves the token range, towards the side with more bytes, until both sides are about even.
Result<std::optional<Token>> Replica::middle_token() {
  const auto size = [&](Token end) {
    uint64_t total = 0;
    for (const Area area : {Area::kRows, Area::kElements})
      total += approximate_bytes_between(area_bounds(meta_.store, area, {meta_.tokens.begin, end}));
    return total;
  };
  const uint64_t half = size(meta_.tokens.end) / 2;
  if (half == 0) return std::optional<Token>();
  // In biased form, so that the difference fits: low < answer < high.
  const auto biased = [](Token t) { return static_cast<uint64_t>(t.value) ^ (uint64_t{1} << 63); };
  uint64_t low = biased(meta_.tokens.begin), high = biased(meta_.tokens.end);
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (size(Token(static_cast<int64_t>(middle ^ (uint64_t{1} << 63)))) < half ? low : high) = middle;
  }
  const Token cut(static_cast<int64_t>(high ^ (uint64_t{1} << 63)));
  if (cut <= meta_.tokens.begin || cut >= meta_.tokens.end) return std::optional<Token>();
  return std::optional<Token>(cut);
}

// ---- SnapshotInstaller

struct SnapshotInstaller::State {
  TabletRegistry& registry;
  GroupId group;
  StoreId store;
  std::optional<TabletMeta> meta;
  TablePtr schema;
  std::vector<std::pair<uint64_t, Bytes>> windows;
  Digest digest;
  Bytes scratch;
  bool complete = false;

  Result<void> add_record(ByteReader& in, leveldb::WriteBatch& batch);
};

namespace {
constexpr TokenRange kAllTokens{};
Error damaged(const char* what) { return {ErrorKind::kCorrupt, std::string("snapshot chunk: ") + what}; }
}  // namespace

SnapshotInstaller::SnapshotInstaller(TabletRegistry& registry, GroupId group, leveldb::WriteBatch& batch)
    : state_(new State{registry, group, registry.allocate_store(batch), {}, {}, {}, {}, {}, false}) {
  registry.hold(state_->store);
  registry.add_orphan({state_->store, kAllTokens}, batch);
}

SnapshotInstaller::~SnapshotInstaller() { state_->registry.release(state_->store); }

Result<void> SnapshotInstaller::State::add_record(ByteReader& in, leveldb::WriteBatch& batch) {
  switch (static_cast<char>(in.byte())) {
    case kMetaRecord: {
      KEYZONE_TRY(sent, decode_tablet_meta(in.block()));
      meta = sent;
      return {};
    }
    case kSchemaRecord: {
      KEYZONE_TRY(sent, decode_schema(in.block()));
      schema = std::move(sent);
      return {};
    }
    case kWindowRecord: {
      const uint64_t number = in.varint();
      windows.emplace_back(number, in.block());
      return {};
    }
    case kKeyRecord: {
      const BytesView relative = in.block(), value = in.block();
      if (in.failed() || relative.empty()) return damaged("key");
      Bytes key;
      append_be(key, store.value);
      key.append(relative);
      batch.Put(key, {value.data(), value.size()});
      add_to(digest, relative, value, scratch);
      return {};
    }
    case kEndRecord: {
      const Digest sent{in.le<uint64_t>(), in.le<uint64_t>()};
      if (in.failed() || sent != digest || !meta || (schema ? schema->version : 0) != meta->schema_version)
        return damaged("what came is not what was sent");
      complete = true;
      return {};
    }
    default:
      return damaged("unknown record");
  }
}

Result<void> SnapshotInstaller::add(BytesView chunk, leveldb::WriteBatch& batch) {
  ByteReader in(chunk);
  if (in.byte() != kChunkVersion || state_->complete) return damaged("unknown version");
  while (!in.done()) KEYZONE_CHECK(state_->add_record(in, batch));
  if (in.failed()) return damaged("ends early");
  return {};
}

bool SnapshotInstaller::complete() const { return state_->complete; }

TabletMeta SnapshotInstaller::finish(leveldb::WriteBatch& batch) {
  KEYZONE_ASSERT(state_->complete);
  TabletRegistry& registry = state_->registry;
  registry.drop_windows(state_->group, batch);
  if (const TabletMeta* old = registry.find(state_->group)) registry.leave_rows(*old, batch);
  registry.remove_orphan({state_->store, kAllTokens}, batch);
  for (const auto& [number, bytes] : state_->windows)
    registry.put_window(state_->group, number, bytes, batch);
  TabletMeta meta = *state_->meta;
  meta.group = state_->group;
  meta.store = state_->store;
  registry.put(meta, batch);
  if (state_->schema) registry.put_schema(meta.group, *state_->schema, batch);
  return meta;
}

}  // namespace keyzone::storage
