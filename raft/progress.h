// What a leader knows of one peer.
#pragma once
#include <cstdint>
#include <deque>

#include "schema/ids.h"

namespace keyzone::raft {

enum class ProgressState : uint8_t {
  kProbe,      // where the logs part is unknown: one append at a time
  kReplicate,  // appends follow each other without waiting for answers
  kSnapshot,   // needs what the log no longer has; nothing is sent until it has it
};
const char* name_of(ProgressState state);

// Invariants: match < next. In kReplicate all entries up to next - 1 have been sent.
struct Progress {
  LogIndex match;    // known durable at the peer and equal to ours
  LogIndex next{1};  // to be sent next
  ProgressState state = ProgressState::kProbe;
  bool probe_sent = false;   // kProbe: an append is out, wait for its answer or a heartbeat's
  bool active = false;       // heard since the last check of the quorum
  bool faulty = false;       // under repair: gets everything, counts for nothing
  uint64_t incarnation = 0;  // of its newest known life; older acknowledgements are void once it was faulty
  uint64_t round = 0;        // newest heartbeat round that it answered
  LogIndex commit_sent;      // newest commit index it was told
  uint32_t idle_beats = 0;   // heartbeats since an append was answered, while some are in flight
  uint32_t snapshot_beats = 0;    // heartbeats since it was offered a snapshot or said that one is on its way
  std::deque<LogIndex> inflight;  // last index of each append under way, ascending

  void become_probe();
  void become_replicate();
  void become_snapshot();
  bool paused(size_t inflight_max) const;
  // An append with entries up to `last` was sent.
  void sent(LogIndex last);
  // The peer has everything up to `index`. True: that is news.
  bool acknowledged(LogIndex index);
};

}  // namespace keyzone::raft
