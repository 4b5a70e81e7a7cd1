#include "storage/memtable.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <new>

#include "schema/result.h"
#include "storage/key_hash.h"
#include "storage/slices.h"

namespace keyzone::storage {
namespace {

constexpr size_t kBytesABucket = 256;  // about an entry
constexpr size_t kBucketsMin = 16, kBucketsMax = 1 << 20;
constexpr size_t kFirstBlockBytes = 16 << 10;
constexpr size_t kUnsortedMax = 1024;
constexpr size_t kRunRatio = 8;  // a run is at least so many times as long as the next
constexpr size_t kValueRounding = 16;

size_t buckets_for(size_t bytes) {
  return std::bit_ceil(std::clamp(bytes / kBytesABucket, kBucketsMin, kBucketsMax));
}

bool is_less(const Memtable::Item& a, const Memtable::Item& b) {
  return Memtable::is_before(a, b.rank, b.entry->key());
}

Memtable::Run merged(const Memtable::Run& a, const Memtable::Run& b) {
  Memtable::Run out;
  out.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out), is_less);
  return out;
}

}  // namespace

class Memtable::Collector : public leveldb::WriteBatch::Handler {
 public:
  explicit Collector(std::vector<Change>& changes) : changes_(changes) {}
  void Put(const leveldb::Slice& key, const leveldb::Slice& value) override {
    changes_.push_back({view_of(key), view_of(value), false, key_hash(view_of(key))});
  }
  void Delete(const leveldb::Slice& key) override {
    changes_.push_back({view_of(key), {}, true, key_hash(view_of(key))});
  }

 private:
  std::vector<Change>& changes_;
};

Memtable::Memtable(size_t bytes_expected)
    : memory_(kFirstBlockBytes),
      bucket_mask_(buckets_for(bytes_expected) - 1),
      buckets_(std::make_unique<Entry*[]>(bucket_mask_ + 1)),
      bytes_(sizeof(Entry*) * (bucket_mask_ + 1)) {}

// A tablet's keys begin with its store id, which hardly ever needs its upper half, and the area; what tells
// them apart is the token behind.
uint64_t Memtable::rank_of(BytesView key) {
  constexpr size_t kSkipped = 2;
  unsigned char head[kSkipped + sizeof(uint64_t)] = {};
  if (!key.empty()) std::memcpy(head, key.data(), std::min(key.size(), sizeof head));
  if (head[0] != 0 || head[1] != 0) return UINT64_MAX;
  uint64_t rank = 0;
  for (size_t i = kSkipped; i < sizeof head; ++i) rank = rank << 8 | head[i];
  return rank;
}

// In three passes: what the second and third touch is on its way from memory by then, for all changes at
// once.
void Memtable::apply(const leveldb::WriteBatch& batch) {
  changes_.clear();
  Collector collector(changes_);
  const leveldb::Status read = batch.Iterate(&collector);
  KEYZONE_ASSERT(read.ok());  // it was made in this process
  for (const Change& change : changes_) __builtin_prefetch(&bucket_of(change.hash));
  for (const Change& change : changes_) {
    if (const Entry* first = bucket_of(change.hash)) __builtin_prefetch(first);
  }
  for (const Change& change : changes_) put(change);
  changes_.clear();
}

Memtable::Entry* Memtable::find_in(Entry* bucket, BytesView key, uint64_t hash) {
  while (bucket && (bucket->hash_ != hash >> 32 || bucket->key() != key)) bucket = bucket->next_;
  return bucket;
}

const Memtable::Entry* Memtable::find(BytesView key) const {
  if (entries_ == 0) return nullptr;
  const uint64_t hash = key_hash(key);
  return find_in(buckets_[hash & bucket_mask_], key, hash);
}

void Memtable::put(const Change& change) {
  Entry* entry = find_in(bucket_of(change.hash), change.key, change.hash);
  if (!entry) entry = insert(change);
  if (change.deleted) {
    entry->value_size_ = Entry::kDeleted;
    return;
  }
  const size_t size = change.value.size();
  if (size > entry->value_capacity_) {
    // One that grows does so again.
    const size_t wanted =
        std::max<size_t>(size, std::min<size_t>(2 * entry->value_capacity_, UINT32_MAX / 2));
    entry->value_ = allocate(wanted);
    entry->value_capacity_ = static_cast<uint32_t>(wanted);
  }
  if (size != 0) std::memcpy(entry->value_, change.value.data(), size);
  entry->value_size_ = static_cast<uint32_t>(size);
}

Memtable::Entry* Memtable::insert(const Change& change) {
  KEYZONE_ASSERT(change.key.size() < UINT32_MAX && change.value.size() < UINT32_MAX);
  const size_t head = sizeof(Entry) + change.key.size();
  const size_t capacity =
      change.deleted ? 0 : (change.value.size() + kValueRounding - 1) & ~(kValueRounding - 1);
  char* memory = allocate(head + capacity);
  Entry* entry = new (memory) Entry;
  entry->key_size_ = static_cast<uint32_t>(change.key.size());
  std::memcpy(entry->key_bytes(), change.key.data(), change.key.size());
  entry->value_ = memory + head;
  entry->value_capacity_ = static_cast<uint32_t>(capacity);
  entry->hash_ = static_cast<uint32_t>(change.hash >> 32);
  Entry*& bucket = bucket_of(change.hash);
  entry->next_ = bucket;
  bucket = entry;
  ++entries_;
  unsorted_.push_back({rank_of(change.key), entry});
  bytes_ += sizeof(Item);
  if (unsorted_.size() == kUnsortedMax) add_run();
  return entry;
}

char* Memtable::allocate(size_t bytes) {
  bytes_ += bytes;
  return static_cast<char*>(memory_.allocate(bytes, alignof(Entry)));
}

void Memtable::add_run() {
  std::sort(unsorted_.begin(), unsorted_.end(), is_less);
  Run run = unsorted_;
  unsorted_.clear();
  while (!runs_.empty() && runs_.back()->size() < kRunRatio * run.size()) {
    run = merged(*runs_.back(), run);
    runs_.pop_back();
  }
  runs_.push_back(std::make_shared<Run>(std::move(run)));
}

Memtable::Run Memtable::in_order() const {
  Run all;
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) all = merged(**run, all);
  return all;
}

}  // namespace keyzone::storage
