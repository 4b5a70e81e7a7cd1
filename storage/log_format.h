// The bytes of the log: frames, records and the directory of a frame. log_format.md shows an example.
//
// One flush writes one frame (two when it crosses into the next segment). A frame is a whole number of
// sectors:
//
//   header 72 | records ... | directory | zeros | trailer 72
//
// Header and trailer say the same, so either can be lost. The directory names every record a second time.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"

namespace keyzone::storage {

inline constexpr uint32_t kSectorBytes = 512;
inline constexpr uint32_t kFrameMagic = 0x314c5a4b;  // "KZL1": the format's version is its last digit

enum class RecordKind : uint8_t {
  kEntry = 1,      // replaces the entry at its index and all after it
  kRewritten = 2,  // an old live entry copied forward: replaces nothing but itself
  kHardState = 3,  // term; payload: vote, commit
  kTrim = 4,       // index, term; payload: configuration
  kRestart = 5,    // as kTrim, and forgets all entries
  kCreate = 6,     // payload: info
  kRemove = 7,
  // index and term of the trim mark; payload: all else that is known of a group but its entries
  kGroupState = 8,
  kLost = 9,  // the entry index, term was found damaged
  kRepaired = 10,
  kMetadata = 11,  // payload: name, value
};

// What stands before each record's payload; records begin at multiples of 8 bytes.
struct RecordHeader {
  uint64_t checksum = 0;  // XXH3 of the rest and the payload, seeded with the record's place
  uint32_t size = 0;      // of the payload
  RecordKind kind{};
  uint8_t entry_kind = 0;
  uint16_t zero = 0;
  uint64_t group = 0;
  uint64_t index = 0;
  uint64_t term = 0;
};
static_assert(sizeof(RecordHeader) == 40);

// The directory's words for a run of records that differ only in their index, each one above the last.
struct RecordRun {
  uint64_t group = 0;
  uint64_t index = 0;  // of the first
  uint64_t term = 0;
  uint32_t offset = 0;  // of the first, in the frame
  uint32_t count = 0;
  RecordKind kind{};
  uint8_t zero[7] = {};
};
static_assert(sizeof(RecordRun) == 40);

struct FrameHeader {
  uint64_t checksum = 0;  // XXH3 of the rest, seeded with the frame's place and which end this is
  uint32_t magic = kFrameMagic;
  uint32_t length = 0;    // of the frame, in bytes: whole sectors
  uint64_t sequence = 0;  // of the segment
  uint64_t flush = 0;
  uint64_t previous_flush = 0;   // synced before this one was written; what lies between was torn and dropped
  uint64_t oldest_flush = 0;     // the chain of flushes is needed back to this one
  uint64_t oldest_sequence = 0;  // segments before this one are not needed
  uint32_t records = 0;
  uint32_t directory = 0;  // its offset in the frame
  uint32_t runs = 0;
  uint16_t part = 0;       // of the flush
  uint16_t last_part = 0;  // 1: the flush has no part after this one
  bool operator==(const FrameHeader&) const = default;
};
static_assert(sizeof(FrameHeader) == 72);

inline constexpr uint32_t kFrameOverhead = 2 * sizeof(FrameHeader) + sizeof(uint64_t);

// Where a frame or record lies; part of every checksum, so that neither a recycled segment's old bytes nor a
// misdirected write can pass.
uint64_t place_seed(uint64_t sequence, uint32_t offset);

enum class FrameEnd { kHeader, kTrailer };
// The header (trailer) that begins at `at` in a segment's bytes if there is a valid one there.
std::optional<FrameHeader> load_frame_end(BytesView segment, size_t at, FrameEnd end);

// The record at `offset` in `bytes`, which themselves begin at `base` in segment `sequence`. Empty if its
// checksum or length is wrong. `payload` is set to point into `bytes`.
std::optional<RecordHeader> load_record(BytesView bytes, size_t offset, uint64_t sequence, uint32_t base,
                                        BytesView* payload);
inline size_t record_bytes(size_t payload) { return (sizeof(RecordHeader) + payload + 7) & ~size_t{7}; }

// The directory of the frame `bytes`, whose first byte lies at `base`. Empty if damaged.
std::optional<std::vector<RecordRun>> load_directory(BytesView bytes, const FrameHeader& header,
                                                     uint32_t base);

// Builds one frame for a known place.
class FrameBuilder {
 public:
  // Empties it; its memory is kept.
  void start(uint64_t sequence, uint32_t base);

  bool empty() const { return records_ == 0; }
  uint64_t sequence() const { return sequence_; }
  uint32_t base() const { return base_; }
  BytesView bytes() const { return bytes_; }

  // Size of the frame if `payloads` bytes in `count` more records were added; of one that has just those.
  size_t size_with(size_t count, size_t payloads) const;
  static size_t size_of(size_t count, size_t payloads);

  // Adds a record; `header` needs no checksum and no size. Gives the record's offset in the segment.
  uint32_t add(RecordHeader header, BytesView payload);

  // Ends it with directory and trailer; length, place, records, directory and runs of `header` are filled in.
  Bytes finish(FrameHeader header);

 private:
  uint64_t sequence_ = 0;
  uint32_t base_ = 0;
  uint32_t records_ = 0;
  Bytes bytes_;
  std::vector<RecordRun> runs_;
};

}  // namespace keyzone::storage
