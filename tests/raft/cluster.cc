#include "tests/raft/cluster.h"

#include <gtest/gtest.h>

namespace keyzone::raft::test {
namespace {

std::string number(uint64_t v) { return std::to_string(v); }
template <class Id>
std::string text(Id id) {
  return number(id.value);
}

Bytes bytes_of(const Entry& entry) { return entry.payload ? *entry.payload : Bytes(); }

}  // namespace

void judge(bool fine, const std::string& what) {
  if (!fine) throw std::runtime_error(what);
}

void Disk::write(const Ready& ready) {
  if (ready.install) {
    start = *ready.install;
    log.clear();
  }
  if (ready.hard_state) hard_state = *ready.hard_state;
  if (ready.entries.empty()) return;
  judge(ready.entries.front().index > start.index && ready.entries.front().index <= last().next(), "a gap");
  log.resize(ready.entries.front().index.value - start.index.value - 1);
  log.insert(log.end(), ready.entries.begin(), ready.entries.end());
}

void Disk::cut(const SnapshotInfo& info) {
  log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(info.index.value - start.index.value));
  start = info;
}

void Disk::forget_from(LogIndex index) {
  if (index <= last()) log.resize(index.value - start.index.value - 1);
}

std::optional<Term> Disk::term_at(LogIndex index) {
  if (index == start.index) return start.term;
  if (index < start.index || index > last()) return std::nullopt;
  return log[index.value - start.index.value - 1].term;
}

Result<std::vector<Entry>> Disk::entries(LogIndex first, LogIndex last_wanted, size_t bytes_max) {
  judge(first > start.index && last_wanted <= last(), "a read outside the durable log");
  std::vector<Entry> out;
  size_t bytes = 0;
  for (LogIndex i = first; i <= last_wanted; i = i.next()) {
    const Entry& entry = log[i.value - start.index.value - 1];
    bytes += entry.size();
    if (!out.empty() && bytes > bytes_max) break;
    out.push_back(entry);
  }
  return out;
}

void Cluster::add(NodeId id, const Configuration& configuration) {
  Node& node = nodes[id];
  node.config = config_;
  node.config.self = id;
  node.config.incarnation = 0;
  node.disk.start.configuration = configuration;
  node.store.at = node.flushed.at = node.disk.start;
  restart(id);
}

void Cluster::crash(NodeId id) {
  Node& node = nodes.at(id);
  node.raft.reset();
  node.unsynced.clear();
  node.arriving.clear();
  node.offer.reset();
  node.store = node.flushed;
}

void Cluster::restart(NodeId id) {
  Node& node = nodes.at(id);
  node.config.incarnation += 1;
  node.config.may_vote = !node.damaged;
  Restored restored;
  restored.hard_state = node.disk.hard_state;
  restored.log_start = node.disk.start;
  restored.last_index = node.disk.last();
  restored.applied = node.store.at.index;
  node.raft = std::make_unique<Raft>(node.config, restored, node.disk);
  run(node);
}

void Cluster::damage(NodeId id, LogIndex from) {
  Node& node = nodes.at(id);
  node.damaged = true;
  if (from.value <= node.store.at.index.value) {
    node.disk.start = node.store.at;  // only the state machine is left
    node.disk.log.clear();
  } else {
    node.disk.forget_from(from);
  }
}

void Cluster::run(Node& node) {
  while (node.raft && node.raft->has_ready()) {
    Ready ready = node.raft->take_ready();
    const std::string name = text(node.config.self);
    if (ready.wants_election_timeout) node.raft->set_election_timeout(draw_timeout(node.config.self));
    if (ready.soft_state) {
      trace(name + " is " + name_of(ready.soft_state->role) + " in term " + text(ready.soft_state->term) +
            (ready.soft_state->leader == NodeId() ? "" : ", leader " + text(ready.soft_state->leader)));
    }
    if (node.raft->is_leader()) judge_leader(node);
    if (ready.install) {
      trace(name + " installs a snapshot at " + text(ready.install->index));
      node.store = node.arriving.back();
    }
    for (Message& message : ready.messages) network.push_back(std::move(message));
    for (const Entry& entry : ready.committed) apply(node, entry);
    if (!ready.committed.empty()) node.raft->applied(ready.committed.back().index);
    for (const ReadState& read : ready.reads) judge_read(node, read);
    for (uint64_t context : ready.reads_failed) {
      trace(name + " read " + number(context) + " failed");
      reads_.erase({node.config.self, context});
    }
    if (ready.snapshot_offer) {
      node.offer = ready.snapshot_offer;
      trace(name + " is offered a snapshot at " + text(node.offer->info.index) + " by " +
            text(node.offer->from));
    }
    if (ready.repaired) {
      trace(name + " is repaired");
      node.damaged = false;
    }
    judge(!ready.error, "the log could not be read");
    if (ready.must_persist()) {
      judge_persisted(ready);
      ready.messages.clear();
      ready.committed.clear();
      node.unsynced.push_back(std::move(ready));
    }
  }
}

void Cluster::sync(Node& node, size_t count) {
  for (; count > 0 && !node.unsynced.empty(); --count) {
    const Ready ready = std::move(node.unsynced.front());
    node.unsynced.pop_front();
    node.disk.write(ready);
    if (ready.install) {
      node.flushed = node.arriving.front();
      node.arriving.pop_front();
    }
    node.raft->persisted(ready.sequence);
  }
  run(node);
}

bool Cluster::deliver(Message message) {
  const auto found = nodes.find(message.to);
  if (found == nodes.end() || !found->second.raft || cut.contains({message.from, message.to})) return false;
  found->second.raft->step(std::move(message));
  run(found->second);
  return true;
}

void Cluster::read(Node& node, uint64_t context) {
  const Result<void> asked = node.raft->read_index(context);
  if (!asked) {
    trace("error: " + asked.error().message);
    return;
  }
  reads_[{node.config.self, context}] = highest_applied_;
  run(node);
}

void Cluster::flush(Node& node) {
  if (node.arriving.empty()) node.flushed = node.store;
}

void Cluster::compact(Node& node, LogIndex index) {
  if (!node.arriving.empty()) return;  // the disk still has the old log
  flush(node);
  node.disk.cut(node.raft->compact(index));
}

void Cluster::fetch_snapshot(Node& node) {
  const SnapshotOffer offer = *std::exchange(node.offer, std::nullopt);
  const auto source = nodes.find(offer.from);
  if (source == nodes.end() || !source->second.raft) {
    node.raft->snapshot_failed();
    return run(node);
  }
  const Store& store = source->second.store;
  judge(store.at == source->second.raft->snapshot_info(store.at.index), "a snapshot has two names");
  if (node.raft->install_snapshot(store.at)) {
    node.arriving.push_back(store);
  } else {
    trace(text(node.config.self) + " needs no snapshot any more");
  }
  run(node);
}

void Cluster::settle(const std::set<NodeId>& slow) {
  for (bool busy = true; busy;) {
    busy = false;
    for (auto& [id, node] : nodes) {
      if (!node.raft) continue;
      run(node);
      if (node.unsynced.empty() || slow.contains(id)) continue;
      sync(node, node.unsynced.size());
      busy = true;
    }
    for (size_t count = network.size(); count > 0; --count) {
      Message message = std::move(network.front());
      network.pop_front();
      deliver(std::move(message));
      busy = true;
    }
  }
}

void Cluster::apply(Node& node, const Entry& entry) {
  judge(entry.index == node.store.at.index.next(), "applied out of order");
  judge(node.disk.term_at(entry.index) == entry.term, "applied before it was durable here");
  const auto [known, first] = committed_.try_emplace(entry.index, entry.term, bytes_of(entry));
  judge(known->second == std::make_pair(entry.term, bytes_of(entry)),
        "two commits at index " + text(entry.index) + ": a committed entry was lost");
  node.store.at.index = entry.index;
  node.store.at.term = entry.term;
  if (entry.kind == EntryKind::kConfiguration) {
    node.store.at.configuration = *Configuration::decode(*entry.payload);
  }
  if (entry.kind == EntryKind::kNormal) node.store.commands.push_back(bytes_of(entry));
  highest_applied_ = std::max(highest_applied_, entry.index);
  trace(text(node.config.self) + " applies " + to_string(entry));
}

void Cluster::judge_persisted(const Ready& ready) {
  for (size_t i = 0; i < ready.entries.size(); ++i) {
    const Entry& entry = ready.entries[i];
    const auto [known, first] =
        written_.try_emplace({entry.index, entry.term}, Written{Term(), bytes_of(entry)});
    judge(known->second.payload == bytes_of(entry), "log matching: two entries at " + to_string(entry));
    if (i == 0) continue;
    Term& previous = known->second.previous;
    if (previous == Term()) previous = ready.entries[i - 1].term;
    judge(previous == ready.entries[i - 1].term, "log matching: two histories before " + to_string(entry));
  }
}

void Cluster::judge_leader(const Node& node) {
  const auto [known, first] = leaders_.try_emplace(node.raft->term(), node.config.self);
  judge(known->second == node.config.self, "two leaders in term " + text(node.raft->term()));
  judge(!node.damaged, "a damaged replica leads");
}

void Cluster::judge_read(const Node& node, const ReadState& read) {
  const auto asked = reads_.find({node.config.self, read.context});
  judge(asked != reads_.end(), "an answer to a read that nobody asked");
  judge(read.index >= asked->second,
        "a stale read: at " + text(read.index) + ", but " + text(asked->second) + " had been applied before");
  reads_.erase(asked);
  ++reads_done_;
  trace(text(node.config.self) + " reads " + number(read.context) + " at " + text(read.index) +
        (read.clock == kNoTimestamp ? "" : ", clock " + std::to_string(read.clock)));
}

std::string to_string(const Entry& entry) {
  std::string out = text(entry.index) + "/" + text(entry.term);
  if (entry.kind == EntryKind::kNormal) return out + " " + bytes_of(entry);
  if (entry.kind == EntryKind::kEmpty) return out + " (empty)";
  const auto configuration = Configuration::decode(bytes_of(entry));
  return out + " (" + (configuration ? configuration->to_string() : "damaged") + ")";
}

std::string to_string(const Message& m) {
  std::string out = text(m.from) + "->" + text(m.to) + " " + name_of(m.kind) + " term " + text(m.term);
  const auto add = [&](const char* name, uint64_t value) {
    if (value != 0) out += std::string(" ") + name + " " + number(value);
  };
  if (m.index != LogIndex() || m.log_term != Term()) {
    out += " at " + text(m.index) + (m.log_term == Term() ? "" : "/" + text(m.log_term));
  }
  add("commit", m.commit.value);
  if (m.reject) out += " rejected";
  if (m.kind == MessageKind::kAppendReply && m.reject) out += " hint " + text(m.hint);
  add("context", m.context);
  if (m.forced) out += " forced";
  if (m.quiesce) out += " quiesce";
  if (m.faulty) out += " faulty";
  if (m.installing) out += " installing";
  if (m.kind == MessageKind::kInstallSnapshot) {
    out += " snapshot " + text(m.snapshot.index) + "/" + text(m.snapshot.term);
  }
  if (m.clock != kNoTimestamp) out += " clock " + std::to_string(m.clock);
  for (const Entry& entry : m.entries) out += " [" + to_string(entry) + "]";
  return out;
}

}  // namespace keyzone::raft::test
