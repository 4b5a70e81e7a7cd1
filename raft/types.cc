#include "raft/types.h"

#include <algorithm>

namespace keyzone::raft {
namespace {

bool has(const std::vector<NodeId>& sorted, NodeId node) {
  return std::binary_search(sorted.begin(), sorted.end(), node);
}

void insert_all(std::vector<NodeId>& into, const std::vector<NodeId>& from) {
  into.insert(into.end(), from.begin(), from.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

void append_list(Bytes& out, const std::vector<NodeId>& list) {
  append_varint(out, list.size());
  for (NodeId node : list) append_varint(out, node.value);
}

bool read_list(ByteReader& reader, std::vector<NodeId>& list) {
  const uint64_t count = reader.varint();
  if (count > reader.left()) return false;  // each id takes a byte at least
  list.reserve(count);
  for (uint64_t i = 0; i < count; ++i) list.push_back(NodeId(reader.varint()));
  const auto not_ascending = [](NodeId a, NodeId b) { return a >= b; };
  return !reader.failed() && std::adjacent_find(list.begin(), list.end(), not_ascending) == list.end() &&
         !has(list, NodeId());
}

void append_text(std::string& out, const char* name, const std::vector<NodeId>& list) {
  if (list.empty()) return;
  if (!out.empty()) out += ' ';
  out += name;
  for (NodeId node : list) out += ' ' + std::to_string(node.value);
}

}  // namespace

bool Configuration::is_voter(NodeId node) const { return has(voters, node) || has(outgoing, node); }
bool Configuration::is_learner(NodeId node) const { return has(learners, node); }
bool Configuration::contains(NodeId node) const { return is_voter(node) || is_learner(node); }

std::vector<NodeId> Configuration::members() const {
  std::vector<NodeId> all = voters;
  insert_all(all, outgoing);
  insert_all(all, learners);
  return all;
}

Configuration Configuration::left_joint() const {
  KEYZONE_ASSERT(joint());
  Configuration left{voters, {}, learners, {}, version};
  insert_all(left.learners, learners_next);
  return left;
}

Bytes Configuration::encode() const {
  Bytes out;
  for (const auto* list : {&voters, &outgoing, &learners, &learners_next}) append_list(out, *list);
  if (version != 0) append_varint(out, version);
  return out;
}

Result<Configuration> Configuration::decode(BytesView bytes) {
  ByteReader reader(bytes);
  Configuration c;
  bool ok = true;
  for (auto* list : {&c.voters, &c.outgoing, &c.learners, &c.learners_next})
    ok = ok && read_list(reader, *list);
  if (ok && reader.left() > 0) {
    c.version = reader.varint();
    ok = c.version != 0;
  }
  if (!ok || reader.failed() || reader.left() != 0)
    return Error{ErrorKind::kCorrupt, "a Raft configuration that does not decode"};
  if (c.voters.empty() && (c.joint() || !c.learners.empty() || !c.learners_next.empty())) {
    return Error{ErrorKind::kCorrupt, "a Raft configuration without voters"};
  }
  return c;
}

std::string Configuration::to_string() const {
  std::string out;
  append_text(out, "voters", voters);
  append_text(out, "outgoing", outgoing);
  append_text(out, "learners", learners);
  append_text(out, "learners_next", learners_next);
  return out;
}

size_t Message::size() const {
  constexpr size_t kHeader = 96;
  size_t total = kHeader;
  for (const Entry& entry : entries) total += entry.size();
  return total;
}

const char* name_of(Role role) {
  switch (role) {
    case Role::kFollower:
      return "follower";
    case Role::kPreCandidate:
      return "pre-candidate";
    case Role::kCandidate:
      return "candidate";
    case Role::kLeader:
      return "leader";
  }
  return "unknown";
}

const char* name_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::kPreVote:
      return "PreVote";
    case MessageKind::kPreVoteReply:
      return "PreVoteReply";
    case MessageKind::kVote:
      return "Vote";
    case MessageKind::kVoteReply:
      return "VoteReply";
    case MessageKind::kAppend:
      return "Append";
    case MessageKind::kAppendReply:
      return "AppendReply";
    case MessageKind::kHeartbeat:
      return "Heartbeat";
    case MessageKind::kHeartbeatReply:
      return "HeartbeatReply";
    case MessageKind::kInstallSnapshot:
      return "InstallSnapshot";
    case MessageKind::kTimeoutNow:
      return "TimeoutNow";
    case MessageKind::kReadIndex:
      return "ReadIndex";
    case MessageKind::kReadIndexReply:
      return "ReadIndexReply";
  }
  return "unknown";
}

const char* name_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::kNormal:
      return "normal";
    case EntryKind::kConfiguration:
      return "configuration";
    case EntryKind::kEmpty:
      return "empty";
  }
  return "unknown";
}

}  // namespace keyzone::raft
