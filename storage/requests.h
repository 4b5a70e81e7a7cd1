// The requests a tablet has applied lately, with their answers: a retry gets the first answer. Part of the
// tablet's state: persisted in windows of a few log indices, one key each, so that what lies on disk does not
// depend on how commands were cut into batches.
#pragma once
#include <leveldb/write_batch.h>

#include <map>
#include <optional>
#include <unordered_map>

#include "schema/command.h"
#include "storage/tablet_meta.h"

namespace keyzone::storage {

// A window begins with the entry that finds the one before it this long or this full.
inline constexpr uint64_t kRequestWindowIndices = 16;
inline constexpr size_t kRequestWindowBytes = 512;

class Requests {
 public:
  explicit Requests(GroupId group) : group_(group) {}
  // Reads what was persisted for the group. Errors: kIo, kCorrupt.
  Result<void> load(const TabletRegistry& registry);

  // The first answer to a request whose deadline is at most kRequestGraceMicros ago. Errors: kCorrupt.
  std::optional<Outcome> find(const RequestId& id, Timestamp clock) const;
  // REQUIRES: index ascends; deadline != 0
  void add(LogIndex index, const RequestId& id, Timestamp deadline, const Outcome& outcome);
  // Forgets windows that are over and past their deadlines.
  void expire(LogIndex index, Timestamp clock);
  // Puts what changed since the last call into `batch`.
  void flush(TabletRegistry& registry, leveldb::WriteBatch& batch);

  size_t size() const { return size_; }

 private:
  struct Window {
    LogIndex last;           // of its entries; 0: read from the store, below every index to come
    Bytes bytes;             // as on disk; row_format.md
    Timestamp deadline = 0;  // the latest
    bool changed = false;
  };
  struct Place {
    uint64_t sequence = 0;
    uint64_t window = 0;
    Timestamp deadline = 0;
    uint32_t offset = 0;
  };
  // The ids of one coordinator's session ascend, but for those on which it tries again: they come and go at
  // the ends.
  class Session {
   public:
    const Place* find(uint64_t sequence) const;
    bool put(const Place& place);                     // true: its sequence is new
    bool remove(uint64_t sequence, uint64_t window);  // true: it was there
    bool empty() const { return begin_ == places_.size(); }

   private:
    std::vector<Place> places_;  // by sequence, from begin_ on
    size_t begin_ = 0;
  };
  using SessionId = std::pair<uint64_t, uint64_t>;
  struct SessionHash {
    size_t operator()(const SessionId& id) const { return std::hash<RequestId>()({id.first, id.second}); }
  };
  static SessionId session_of(const RequestId& id) { return {id.incarnation, id.sequence >> 32}; }

  Result<void> adopt(uint64_t number, BytesView bytes);
  static bool takes(uint64_t number, const Window& window, LogIndex index);
  void put(const RequestId& id, uint64_t window, uint32_t offset, Timestamp deadline);

  GroupId group_;
  std::map<uint64_t, Window> windows_;  // by the index of their first entry (older ones: less)
  std::unordered_map<SessionId, Session, SessionHash> sessions_;
  size_t size_ = 0;
  std::vector<uint64_t> removed_;
};

}  // namespace keyzone::storage
