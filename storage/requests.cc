#include "storage/requests.h"

#include <memory>
#include <vector>

#include "schema/types/type.h"
#include "storage/store.h"
#include "storage/table.h"

namespace keyzone::storage {
namespace {

constexpr char kWindowVersion = 1;
constexpr uint8_t kPlainDone = 0;  // the answer is kDone and no more
constexpr uint8_t kEncoded = 1;    // followed by a block: encode_outcome

struct Record {
  RequestId id;
  Timestamp deadline = 0;
  std::optional<BytesView> outcome;
};

Record read_record(ByteReader& in) {
  Record out;
  out.id.incarnation = in.le<uint64_t>();
  out.id.sequence = in.varint();
  out.deadline = in.le<int64_t>();
  if (in.byte() == kEncoded) out.outcome = in.block();
  return out;
}

bool is_plain(const Outcome& outcome) {
  return outcome.kind == OutcomeKind::kDone && outcome.message.empty() && outcome.current.rows.empty() &&
         outcome.resume.empty();
}

}  // namespace

std::pair<Bytes, Bytes> request_key_bounds(GroupId group) {
  Bytes first = request_key(group, 0);
  first.resize(first.size() - 8);
  Bytes second = prefix_successor(first);
  return {std::move(first), std::move(second)};
}

Bytes request_key(GroupId group, uint64_t window) {
  Bytes out;
  append_be(out, uint32_t{0});
  out.push_back('R');
  append_be(out, group.value);
  append_be(out, window);
  return out;
}

Result<void> Requests::load(leveldb::DB* db) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  const auto [first, second] = request_key_bounds(group_);
  const std::unique_ptr<leveldb::Iterator> it(db->NewIterator(options));
  for (it->Seek(first); it->Valid() && it->key().compare(second) < 0; it->Next()) {
    if (it->key().size() != first.size() + 8) return Error{ErrorKind::kCorrupt, "request window: key"};
    const uint64_t number = load_be<uint64_t>(it->key().data() + first.size());
    KEYZONE_CHECK(adopt(number, {it->value().data(), it->value().size()}));
  }
  if (!it->status().ok()) return error_of(it->status());
  return {};
}

Result<void> Requests::adopt(uint64_t number, BytesView bytes) {
  ByteReader in(bytes);
  if (in.byte() != kWindowVersion) return Error{ErrorKind::kCorrupt, "request window: unknown version"};
  Window& window = windows_[number];
  window.bytes = bytes;
  while (!in.done()) {
    const auto offset = static_cast<uint32_t>(bytes.size() - in.left());
    const Record record = read_record(in);
    window.deadline = std::max(window.deadline, record.deadline);
    places_[record.id] = {number, offset, record.deadline};
  }
  if (in.failed()) return Error{ErrorKind::kCorrupt, "request window: ends early"};
  return {};
}

std::optional<Outcome> Requests::find(const RequestId& id, Timestamp clock) const {
  const auto found = places_.find(id);
  if (found == places_.end() || found->second.deadline + kRequestGraceMicros < clock) return std::nullopt;
  const Window& window = windows_.at(found->second.window);
  ByteReader in(BytesView(window.bytes).substr(found->second.offset));
  const Record record = read_record(in);
  if (!record.outcome) return Outcome{};
  auto outcome = decode_outcome(*record.outcome);
  KEYZONE_ASSERT(outcome.ok());  // we encoded it, and checksums cover it on disk
  return *std::move(outcome);
}

void Requests::add(LogIndex index, const RequestId& id, Timestamp deadline, const Outcome& outcome) {
  const uint64_t number = index.value >> kRequestWindowBits;
  KEYZONE_ASSERT(windows_.empty() || windows_.rbegin()->first <= number);
  Window& window = windows_[number];
  if (window.bytes.empty()) window.bytes.push_back(kWindowVersion);
  window.changed = true;
  window.deadline = std::max(window.deadline, deadline);
  places_[id] = {number, static_cast<uint32_t>(window.bytes.size()), deadline};
  append_le(window.bytes, id.incarnation);
  append_varint(window.bytes, id.sequence);
  append_le(window.bytes, deadline);
  if (is_plain(outcome)) {
    window.bytes.push_back(static_cast<char>(kPlainDone));
  } else {
    window.bytes.push_back(static_cast<char>(kEncoded));
    append_block(window.bytes, encode_outcome(outcome));
  }
}

void Requests::expire(LogIndex index, Timestamp clock) {
  const uint64_t current = index.value >> kRequestWindowBits;
  while (!windows_.empty()) {
    const auto front = windows_.begin();
    if (front->first >= current || front->second.deadline + kRequestGraceMicros >= clock) return;
    ByteReader in(BytesView(front->second.bytes).substr(1));
    while (!in.done()) {
      const auto place = places_.find(read_record(in).id);
      if (place != places_.end() && place->second.window == front->first) places_.erase(place);
    }
    removed_.push_back(front->first);
    windows_.erase(front);
  }
}

void Requests::flush(leveldb::WriteBatch& batch) {
  for (const uint64_t number : removed_) batch.Delete(request_key(group_, number));
  removed_.clear();
  for (auto it = windows_.rbegin(); it != windows_.rend() && it->second.changed; ++it) {
    batch.Put(request_key(group_, it->first), it->second.bytes);
    it->second.changed = false;
  }
}

}  // namespace keyzone::storage
