#include "raft/quorum.h"

#include <algorithm>

namespace keyzone::raft {
namespace {

LogIndex majority_index(const std::vector<NodeId>& voters, const std::function<LogIndex(NodeId)>& match) {
  if (voters.empty()) return LogIndex();
  std::vector<LogIndex> matches;
  matches.reserve(voters.size());
  for (NodeId voter : voters) matches.push_back(match(voter));
  std::sort(matches.begin(), matches.end());
  return matches[(voters.size() - 1) / 2];  // as many as a majority have this or more
}

bool has_majority(const std::vector<NodeId>& voters, const std::function<bool(NodeId)>& has) {
  const auto count = std::count_if(voters.begin(), voters.end(), has);
  return static_cast<size_t>(count) > voters.size() / 2;
}

}  // namespace

LogIndex quorum_index(const Configuration& configuration, const std::function<LogIndex(NodeId)>& match) {
  const LogIndex incoming = majority_index(configuration.voters, match);
  return configuration.joint() ? std::min(incoming, majority_index(configuration.outgoing, match)) : incoming;
}

bool has_quorum(const Configuration& configuration, const std::function<bool(NodeId)>& has) {
  return has_majority(configuration.voters, has) &&
         (!configuration.joint() || has_majority(configuration.outgoing, has));
}

VoteResult count_votes(const Configuration& configuration, const std::function<int(NodeId)>& vote) {
  if (has_quorum(configuration, [&](NodeId node) { return vote(node) > 0; })) return VoteResult::kWon;
  if (has_quorum(configuration, [&](NodeId node) { return vote(node) >= 0; })) return VoteResult::kPending;
  return VoteResult::kLost;
}

}  // namespace keyzone::raft
