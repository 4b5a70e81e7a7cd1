// What must hold of a replica after each input, alone and compared with before. Checked in release builds
// too.
#pragma once
#include "raft/raft.h"

namespace keyzone::raft {

// What is compared with before.
struct InvariantView {
  explicit InvariantView(const Raft& raft);

  Term term;
  NodeId vote;
  Role role;
  NodeId leader;
  LogIndex commit;
  LogIndex applied;
  LogIndex handed_out;
  LogIndex start;
  LogIndex last;
  uint64_t durable_sequence;

  static void check(const InvariantView& before, const Raft& raft);

 private:
  static void check_now(const Raft& raft);
  static void check_leader(const Raft& raft);
};

// Checks at the end of its scope.
class InvariantGuard {
 public:
  explicit InvariantGuard(const Raft& raft) : raft_(raft), before_(raft) {}
  ~InvariantGuard() { InvariantView::check(before_, raft_); }
  InvariantGuard(const InvariantGuard&) = delete;
  InvariantGuard& operator=(const InvariantGuard&) = delete;

 private:
  const Raft& raft_;
  const InvariantView before_;
};

}  // namespace keyzone::raft
