#include "raft/progress.h"

#include <algorithm>

namespace keyzone::raft {

const char* name_of(ProgressState state) {
  switch (state) {
    case ProgressState::kProbe:
      return "probe";
    case ProgressState::kReplicate:
      return "replicate";
    case ProgressState::kSnapshot:
      return "snapshot";
  }
  return "unknown";
}

void Progress::become_probe() {
  state = ProgressState::kProbe;
  probe_sent = false;
  idle_beats = 0;
  inflight.clear();
  next = match.next();
}

void Progress::become_replicate() {
  state = ProgressState::kReplicate;
  probe_sent = false;
  idle_beats = 0;
  inflight.clear();
  next = match.next();
}

void Progress::become_snapshot() {
  state = ProgressState::kSnapshot;
  probe_sent = false;
  idle_beats = 0;
  snapshot_beats = 0;
  inflight.clear();
}

bool Progress::paused(size_t inflight_max) const {
  switch (state) {
    case ProgressState::kProbe:
      return probe_sent;
    case ProgressState::kReplicate:
      return inflight.size() >= inflight_max;
    case ProgressState::kSnapshot:
      return true;
  }
  return true;
}

void Progress::sent(LogIndex last) {
  if (state == ProgressState::kProbe) probe_sent = true;
  if (state == ProgressState::kReplicate && last >= next) {
    next = last.next();
    inflight.push_back(last);
  }
}

bool Progress::acknowledged(LogIndex index) {
  while (!inflight.empty() && inflight.front() <= index) inflight.pop_front();
  idle_beats = 0;
  if (index <= match) return false;
  match = index;
  next = std::max(next, match.next());
  return true;
}

}  // namespace keyzone::raft
