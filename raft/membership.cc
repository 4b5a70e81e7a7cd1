// Who takes part: joint consensus (thesis 4.3). A configuration is in force from the moment it is in the log.
#include <set>

#include "raft/invariants.h"
#include "raft/raft.h"

namespace keyzone::raft {

void Raft::load_configurations(const Restored& restored) {
  configurations_ = {{restored.log_start.index, restored.log_start.configuration}};
  std::vector<Entry> entries;
  if (restored.configurations) {
    entries = *restored.configurations;
  } else {
    for (LogIndex next = restored.log_start.index.next(); next <= restored.last_index;) {
      auto read = log_.entries(next, restored.last_index, config_.committed_bytes_max);
      if (!read) {
        error_ = read.error();  // who takes part is unknown: take no part
        configurations_ = {{restored.log_start.index, Configuration()}};
        return;
      }
      next = read->back().index.next();
      for (Entry& entry : *read) {
        if (entry.kind == EntryKind::kConfiguration) entries.push_back(std::move(entry));
      }
    }
  }
  for (const Entry& entry : entries) {
    auto configuration = Configuration::decode(entry.payload ? BytesView(*entry.payload) : BytesView());
    KEYZONE_ASSERT(configuration.ok() && entry.index <= restored.last_index);
    configurations_.push_back({entry.index, *std::move(configuration)});
  }
}

const Configuration& Raft::configuration_at(LogIndex index) const {
  auto at = configurations_.rbegin();
  while (at->index > index && std::next(at) != configurations_.rend()) ++at;
  return at->configuration;
}

SnapshotInfo Raft::snapshot_info(LogIndex index) {
  KEYZONE_ASSERT(log_.start_index() <= index && index <= applied_);
  const std::optional<Term> term = log_.term_at(index);
  KEYZONE_ASSERT(term.has_value());
  return {index, *term, configuration_at(index)};
}

SnapshotInfo Raft::compact(LogIndex index) {
  InvariantGuard guard(*this);
  SnapshotInfo info = snapshot_info(index);
  log_.compact(info.index, info.term);
  while (configurations_.size() > 1 && configurations_[1].index <= index) {
    configurations_.erase(configurations_.begin());
  }
  return info;
}

Result<Configuration> Raft::changed(const std::vector<ConfigurationChange>& change) const {
  const Configuration& now = configuration();
  std::set<NodeId> voters(now.voters.begin(), now.voters.end());
  std::set<NodeId> learners(now.learners.begin(), now.learners.end());
  std::set<NodeId> demoted;
  std::set<NodeId> named;
  for (const ConfigurationChange& wish : change) {
    if (wish.node == NodeId() || !named.insert(wish.node).second) {
      return invalid("a change of members names node " + std::to_string(wish.node.value) + " badly or twice");
    }
    const bool voted = voters.erase(wish.node) > 0;
    learners.erase(wish.node);
    if (wish.kind == ConfigurationChange::Kind::kAddVoter) voters.insert(wish.node);
    if (wish.kind == ConfigurationChange::Kind::kAddLearner) (voted ? demoted : learners).insert(wish.node);
  }
  if (voters.empty()) return invalid("a group needs a voter");
  Configuration next;
  next.version = now.version;
  next.voters.assign(voters.begin(), voters.end());
  next.learners.assign(learners.begin(), learners.end());
  if (next == now) return invalid("a change of members that changes nothing");
  if (next.voters != now.voters) {
    next.outgoing = now.voters;
    next.learners_next.assign(demoted.begin(), demoted.end());
  }
  return next;
}

Result<LogIndex> Raft::propose_configuration(const std::vector<ConfigurationChange>& change,
                                             uint64_t version) {
  InvariantGuard guard(*this);
  if (!is_leader()) return Error{ErrorKind::kNotLeader, "this replica does not lead its group"};
  if (transfer_to_ != NodeId()) return Error{ErrorKind::kNotLeader, "leadership is being handed over"};
  // Without the first, two leaders' changes may have majorities that don't meet (raft-dev, 2015).
  if (!leader_ready()) return Error{ErrorKind::kOverloaded, "nothing of this term is committed yet"};
  if (configuration().joint() || configurations_.back().index > commit_) {
    return Error{ErrorKind::kOverloaded, "another change of members is under way"};
  }
  if (version < configuration().version) return invalid("a newer change of members was made already");
  KEYZONE_TRY(next, changed(change));
  next.version = version;
  if (asleep_) wake_up();
  return append_configuration(next);
}

LogIndex Raft::append_configuration(const Configuration& next) {
  const LogIndex index = append_own(EntryKind::kConfiguration, std::make_shared<const Bytes>(next.encode()));
  configurations_.push_back({index, next});
  update_peers();
  return index;
}

// Peers are the members of the newest configuration but this one.
void Raft::update_peers() {
  const std::vector<NodeId> members = configuration().members();
  std::erase_if(peers_, [&](const auto& peer) {
    return !std::binary_search(members.begin(), members.end(), peer.first);
  });
  for (NodeId node : members) {
    if (node == config_.self) continue;
    const auto [peer, added] = peers_.try_emplace(node);
    if (!added) continue;
    peer->second.next = log_.last_index().next();
    peer->second.active = true;  // until the first check of the quorum
  }
  replicate_ = true;
}

// Something was committed: the joint configuration can be left; a leader that is no member any more steps
// down.
void Raft::configuration_committed() {
  if (configurations_.back().index > commit_ || !leader_ready()) return;
  if (configuration().joint()) {
    append_configuration(configuration().left_joint());
    maybe_commit();  // the new majority may be there without us
    return;
  }
  if (configuration().is_voter(config_.self)) return;
  NodeId heir;
  LogIndex match;
  for (const auto& [node, peer] : peers_) {
    if (!configuration().is_voter(node) || peer.faulty || peer.match < match) continue;
    heir = node;
    match = peer.match;
  }
  if (heir != NodeId()) send(make(MessageKind::kTimeoutNow, heir));
  become_follower(term(), NodeId());
}

}  // namespace keyzone::raft
