// What one Raft group's replicas tell each other, and what they keep. Plain values; the caller adds the
// GroupId, encodes messages for the wire and entries for the disk.
#pragma once
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace keyzone::raft {

using Payload = std::shared_ptr<const Bytes>;  // shared by log, messages and apply; never changed

enum class EntryKind : uint8_t {
  kNormal = 0,         // a command of the caller
  kConfiguration = 1,  // payload is Configuration::encode(); in force from the moment it is appended
  kEmpty = 2,          // the first entry of a leader's term; no payload
};

struct Entry {
  LogIndex index;
  Term term;
  EntryKind kind = EntryKind::kEmpty;
  Payload payload;  // null: no bytes
  // What this entry counts against a limit in bytes.
  size_t size() const { return kOverhead + (payload ? payload->size() : 0); }
  static constexpr size_t kOverhead = 24;
};

// What must survive a crash besides the log.
struct HardState {
  Term term;
  NodeId vote;      // whom this replica voted for in `term`; none: nobody
  LogIndex commit;  // a hint: at least this was committed. May be older than the truth, never newer
  bool operator==(const HardState&) const = default;
};

// Who takes part. All lists are sorted and have no duplicates.
// Joint: `outgoing` is not empty; every decision needs a majority of `voters` and one of `outgoing`.
struct Configuration {
  std::vector<NodeId> voters;         // (incoming) voters
  std::vector<NodeId> outgoing;       // the voters before the change, while it is joint
  std::vector<NodeId> learners;       // receive the log; don't vote and aren't counted
  std::vector<NodeId> learners_next;  // voters in `outgoing` that become learners when it leaves joint
  // of whose wish it is (a catalog's): never falls, so that an old wish is not carried out late
  uint64_t version = 0;

  bool joint() const { return !outgoing.empty(); }
  bool is_voter(NodeId node) const;    // in `voters` or `outgoing`
  bool is_learner(NodeId node) const;  // in `learners`
  bool contains(NodeId node) const;
  std::vector<NodeId> members() const;  // everyone, sorted
  Configuration left_joint() const;     // REQUIRES: joint()

  // Bytes: for each of the four lists in the order above a varint count, then varint ids; then, if it isn't
  // 0, the version as a varint. voters {1,2,3} alone: 03 01 02 03 00 00 00; of version 9: 03 01 02 03 00 00
  // 00 09
  Bytes encode() const;
  static Result<Configuration> decode(BytesView bytes);
  std::string to_string() const;  // "voters 1 2 3 outgoing 1 2 learners 4"
  bool operator==(const Configuration&) const = default;
};

// One wish; a change is a list of them carried out at once.
struct ConfigurationChange {
  enum class Kind : uint8_t { kAddVoter, kAddLearner, kRemove };
  Kind kind = Kind::kAddVoter;  // kAddVoter promotes a learner; kAddLearner demotes a voter
  NodeId node;
};

// Everything up to and including `index` is in the state machine; the log goes on after it.
struct SnapshotInfo {
  LogIndex index;
  Term term;                    // of the entry at `index`
  Configuration configuration;  // in force at `index`
  bool operator==(const SnapshotInfo&) const = default;
};

enum class MessageKind : uint8_t {
  kPreVote = 0,       // "would you vote for me?"; `term` is the term it would campaign in
  kPreVoteReply = 1,  // granted: `term` as asked; rejected: the term of who answers
  kVote = 2,
  kVoteReply = 3,
  kAppend = 4,
  kAppendReply = 5,
  kHeartbeat = 6,
  kHeartbeatReply = 7,
  kInstallSnapshot = 8,  // an offer without data; see Ready::snapshot_offer
  kTimeoutNow = 9,       // leader to its heir: campaign at once
  kReadIndex = 10,       // follower to leader
  kReadIndexReply = 11,
};

// One struct for all kinds; a field that a kind doesn't name is at its default.
struct Message {
  MessageKind kind = MessageKind::kHeartbeat;
  NodeId from;
  NodeId to;
  Term term;
  // kPreVote, kVote: last index of the candidate's log. kAppend: the index before `entries`.
  // kAppendReply: highest index known durable and equal to the leader's; rejected: the `index` refused.
  // kHeartbeat with quiesce: last index of the leader. kReadIndexReply: apply up to here, then read.
  LogIndex index;
  Term log_term;    // term of the entry at `index`; kAppendReply rejected: of the entry at `hint`
  LogIndex commit;  // kAppend, kHeartbeat: what is committed, as far as the receiver may know
  LogIndex hint;    // kAppendReply rejected: where the logs may still agree
  uint64_t context =
      0;                // kHeartbeat and its reply: round of reads. kReadIndex and its reply: the reader's id
  bool reject = false;  // in replies
  bool forced = false;  // kVote: by leadership transfer; a live leader is no reason to ignore it
  bool quiesce = false;  // kHeartbeat: "sleep, all is equal"; kHeartbeatReply: "I sleep"
  bool faulty =
      false;  // kAppendReply, kHeartbeatReply: from a replica under repair; never counts to a quorum
  bool installing =
      false;  // kHeartbeatReply: a snapshot is on its way; kAppendReply rejected: only one helps
  uint64_t incarnation = 0;        // of the sender's life; kReadIndexReply: of the reader's
  Timestamp clock = kNoTimestamp;  // the sender's hybrid clock; opaque to raft
  std::vector<Entry> entries;      // kAppend
  SnapshotInfo snapshot;           // kInstallSnapshot

  size_t size() const;  // an estimate of its bytes on the wire, for limits
};

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

const char* name_of(Role role);
const char* name_of(MessageKind kind);
const char* name_of(EntryKind kind);

}  // namespace keyzone::raft
