// Majorities, also those of joint configurations, counted by voter and never by message.
#pragma once
#include <functional>

#include "raft/types.h"

namespace keyzone::raft {

enum class VoteResult : uint8_t { kPending, kWon, kLost };

// The highest index that a majority of voters (of both sets, while joint) has. `match` is asked once for each
// voter of each set.
LogIndex quorum_index(const Configuration& configuration, const std::function<LogIndex(NodeId)>& match);

// True if those for whom `has` holds are a majority (of both sets, while joint).
bool has_quorum(const Configuration& configuration, const std::function<bool(NodeId)>& has);

// `vote` gives +1 for granted, -1 for rejected, 0 for unknown.
VoteResult count_votes(const Configuration& configuration, const std::function<int(NodeId)>& vote);

}  // namespace keyzone::raft
