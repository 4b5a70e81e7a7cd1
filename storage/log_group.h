// What the log keeps in memory of one group: where each entry lies, and the state that isn't entries.
#pragma once
#include <deque>

#include "storage/log.h"
#include "storage/log_format.h"

namespace keyzone::storage {

// Where an entry's record begins. An entry that was damaged and is lost has offset 0, and the segment that
// says so (0: none yet).
struct Place {
  uint64_t sequence = 0;
  uint64_t term = 0;
  uint32_t offset = 0;
  uint32_t size = 0;  // of the payload
  bool lost() const { return offset == 0; }
  size_t bytes() const { return record_bytes(size); }
  bool operator==(const Place&) const = default;
};

struct GroupLog {
  Bytes info;
  HardState hard;
  TrimMark trim;
  std::deque<Place> entries;  // entries[i] has index trim.index + 1 + i
  bool vote_damaged = false;
  bool all_damaged = false;
  // The segments of the newest records of each kind: all are needed until written anew.
  uint64_t info_sequence = 0;
  uint64_t hard_sequence = 0;
  uint64_t trim_sequence = 0;

  uint64_t first() const { return trim.index.value + 1; }
  uint64_t last() const { return trim.index.value + entries.size(); }
  bool has(uint64_t index) const { return index >= first() && index <= last(); }
  Place& at(uint64_t index) { return entries[index - first()]; }
  const Place& at(uint64_t index) const { return entries[index - first()]; }
  bool needs(uint64_t sequence) const {
    return info_sequence == sequence || hard_sequence == sequence || trim_sequence == sequence;
  }
  void state_written(uint64_t sequence) { info_sequence = hard_sequence = trim_sequence = sequence; }

  // A vote in the damaged term stays unknown until the term has passed.
  void set_hard(const HardState& state) {
    if (state.term > hard.term) vote_damaged = false;
    hard = state;
  }
};

struct Metadata {
  Bytes value;
  uint64_t sequence = 0;
};

// Payloads of the records that aren't entries.
Bytes encode_hard_state(const HardState& state);
bool decode_hard_state(uint64_t term, BytesView payload, HardState* state);
Bytes encode_group_state(const GroupLog& group);
bool decode_group_state(const RecordHeader& header, BytesView payload, GroupLog* group);
Bytes encode_metadata(BytesView name, BytesView value);

}  // namespace keyzone::storage
