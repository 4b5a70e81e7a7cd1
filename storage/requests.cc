#include "storage/requests.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "schema/types/type.h"
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

Result<void> Requests::load(const TabletRegistry& registry) {
  return registry.read_windows(group_,
                               [this](uint64_t number, BytesView bytes) { return adopt(number, bytes); });
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
    put(record.id, number, offset, record.deadline);
  }
  if (in.failed()) return Error{ErrorKind::kCorrupt, "request window: ends early"};
  return {};
}

const Requests::Place* Requests::Session::find(uint64_t sequence) const {
  const auto from = places_.begin() + static_cast<ptrdiff_t>(begin_);
  if (from == places_.end() || places_.back().sequence < sequence) return nullptr;
  // What expires is the oldest: no search through what has left the processor's caches long since.
  if (from->sequence == sequence) return &*from;
  const auto at = std::lower_bound(from, places_.end(), sequence,
                                   [](const Place& place, uint64_t s) { return place.sequence < s; });
  return at->sequence == sequence ? &*at : nullptr;
}

bool Requests::Session::put(const Place& place) {
  if (empty() || places_.back().sequence < place.sequence) {
    places_.push_back(place);
    return true;
  }
  const auto from = places_.begin() + static_cast<ptrdiff_t>(begin_);
  const auto at = std::lower_bound(from, places_.end(), place.sequence,
                                   [](const Place& p, uint64_t sequence) { return p.sequence < sequence; });
  const bool added = at->sequence != place.sequence;
  if (added) {
    places_.insert(at, place);
  } else {
    *at = place;
  }
  return added;
}

bool Requests::Session::remove(uint64_t sequence, uint64_t window) {
  const Place* place = find(sequence);
  if (!place || place->window != window) return false;
  if (place != &places_[begin_]) {
    places_.erase(places_.begin() + (place - places_.data()));
    return true;
  }
  if (++begin_ > places_.size() / 2) {
    places_.erase(places_.begin(), places_.begin() + static_cast<ptrdiff_t>(begin_));
    begin_ = 0;
  }
  return true;
}

void Requests::put(const RequestId& id, uint64_t window, uint32_t offset, Timestamp deadline) {
  size_ += sessions_[session_of(id)].put({id.sequence, window, deadline, offset});
}

std::optional<Outcome> Requests::find(const RequestId& id, Timestamp clock) const {
  const auto session = sessions_.find(session_of(id));
  const Place* found = session == sessions_.end() ? nullptr : session->second.find(id.sequence);
  if (!found || found->deadline + kRequestGraceMicros < clock) return std::nullopt;
  const Window& window = windows_.at(found->window);
  ByteReader in(BytesView(window.bytes).substr(found->offset));
  const Record record = read_record(in);
  if (!record.outcome) return Outcome{};
  auto outcome = decode_outcome(*record.outcome);
  KEYZONE_ASSERT(outcome.ok());  // we encoded it, and checksums cover it on disk
  return *std::move(outcome);
}

// Whether the newest window is the one for requests of this entry. A function of the entries alone, however
// they are cut into batches: a window that was filled by an entry goes on until that entry is over.
bool Requests::takes(uint64_t number, const Window& window, LogIndex index) {
  if (window.last == index) return true;
  return index.value - number < kRequestWindowIndices && window.bytes.size() < kRequestWindowBytes;
}

void Requests::add(LogIndex index, const RequestId& id, Timestamp deadline, const Outcome& outcome) {
  auto newest = windows_.empty() ? windows_.end() : std::prev(windows_.end());
  if (newest == windows_.end() || !takes(newest->first, newest->second, index)) {
    KEYZONE_ASSERT(newest == windows_.end() || newest->first < index.value);
    newest = windows_.emplace_hint(windows_.end(), index.value, Window());
    newest->second.bytes.push_back(kWindowVersion);
  }
  auto& [number, window] = *newest;
  window.last = index;
  window.changed = true;
  window.deadline = std::max(window.deadline, deadline);
  put(id, number, static_cast<uint32_t>(window.bytes.size()), deadline);
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
  while (!windows_.empty()) {
    const auto front = windows_.begin();
    const bool open = std::next(front) == windows_.end() && takes(front->first, front->second, index);
    if (open || front->second.deadline + kRequestGraceMicros >= clock) return;
    ByteReader in(BytesView(front->second.bytes).substr(1));
    while (!in.done()) {
      const RequestId id = read_record(in).id;
      const auto session = sessions_.find(session_of(id));
      if (session == sessions_.end() || !session->second.remove(id.sequence, front->first)) continue;
      --size_;
      if (session->second.empty()) sessions_.erase(session);
    }
    removed_.push_back(front->first);
    windows_.erase(front);
  }
}

void Requests::flush(TabletRegistry& registry, leveldb::WriteBatch& batch) {
  for (const uint64_t number : removed_) registry.drop_window(group_, number, batch);
  removed_.clear();
  for (auto it = windows_.rbegin(); it != windows_.rend() && it->second.changed; ++it) {
    registry.put_window(group_, it->first, it->second.bytes, batch);
    it->second.changed = false;
  }
}

}  // namespace keyzone::storage
