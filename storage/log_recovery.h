// From the bytes of all segments to the state of all groups.
//
// Flushes form a chain: each names the one that was synced before it was written. The newest flush may be
// torn; it is dropped then, since nothing of it was acknowledged. Every flush before it on the chain was
// synced, so what is missing there is damage. Frames that are not on the chain are remains of flushes torn in
// earlier crashes, or of what a recycled file once held.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "storage/log_files.h"
#include "storage/log_group.h"

namespace keyzone::storage {

struct RecoveredSegment {
  SegmentFile file;
  uint64_t first_flush = 0;
  uint64_t last_flush = 0;
};

struct RecoveredFrame {
  uint64_t sequence = 0;
  uint32_t base = 0;
  uint32_t length = 0;
};

struct RecoveredLog {
  std::map<GroupId, GroupLog> groups;
  std::map<std::string, Metadata> metadata;
  std::map<uint64_t, RecoveredSegment> segments;  // by sequence
  std::vector<SegmentFile> free;
  uint64_t last_flush = 0;  // the newest that counts
  uint64_t next_flush = 1;
  uint64_t oldest_flush = 1;
  uint64_t oldest_sequence = 1;
  uint64_t next_sequence = 1;          // above every one ever seen
  bool confirmed = true;               // the newest flush is known to have been synced
  std::vector<RecoveredFrame> newest;  // the frames of the newest flush, if that is not known
  // Where to go on, if the rest of that segment is zeros; sequence 0: in a new segment.
  uint64_t end_sequence = 0;
  uint32_t end_offset = 0;
  uint64_t damaged_records = 0;
  bool anything_lost = false;  // groups unknown by name may be affected, too
};

// `lost_file`: a whole segment file is known to be gone.
Result<RecoveredLog> recover_log(const std::vector<SegmentFile>& files, bool lost_file);

}  // namespace keyzone::storage
