// The requests a tablet has applied lately, with their answers: a retry gets the first answer. Part of the tablet's
// state: persisted in windows of 16 log indices, one key each, so that what lies on disk does not depend on how
// commands were cut into batches.
#pragma once
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <map>
#include <optional>
#include <unordered_map>

#include "schema/command.h"

namespace keyzone::storage {

inline constexpr int kRequestWindowBits = 4;

class Requests {
 public:
  explicit Requests(GroupId group) : group_(group) {}
  // Reads what was persisted for the group. Errors: kIo, kCorrupt.
  Result<void> load(leveldb::DB* db);

  // The first answer to a request whose deadline is at most kRequestGraceMicros ago. Errors: kCorrupt.
  std::optional<Outcome> find(const RequestId& id, Timestamp clock) const;
  // REQUIRES: index ascends; deadline != 0
  void add(LogIndex index, const RequestId& id, Timestamp deadline, const Outcome& outcome);
  // Forgets windows that are over and past their deadlines.
  void expire(LogIndex index, Timestamp clock);
  // Puts what changed since the last call into `batch`.
  void flush(leveldb::WriteBatch& batch);

  size_t size() const { return places_.size(); }

 private:
  struct Window {
    Bytes bytes;              // as on disk; row_format.md
    Timestamp deadline = 0;   // the latest
    bool changed = false;
  };
  struct Place {
    uint64_t window = 0;
    uint32_t offset = 0;
    Timestamp deadline = 0;
  };
  Result<void> adopt(uint64_t number, BytesView bytes);

  GroupId group_;
  std::map<uint64_t, Window> windows_;  // by index >> kRequestWindowBits
  std::unordered_map<RequestId, Place> places_;
  std::vector<uint64_t> removed_;
};

// Where a group's windows lie: [first, second), and one of them.
std::pair<Bytes, Bytes> request_key_bounds(GroupId group);
Bytes request_key(GroupId group, uint64_t window);

}  // namespace keyzone::storage
