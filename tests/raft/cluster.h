// A group's replicas in memory, with disks that forget what was never synced and a network that does as told.
// Judges all that happens: election safety, log matching, one order of commits, linearizable reads.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "raft/raft.h"

namespace keyzone::raft::test {

// What is durable of one replica's log.
class Disk : public LogReader {
 public:
  HardState hard_state;
  SnapshotInfo start;
  std::deque<Entry> log;

  LogIndex last() const { return LogIndex(start.index.value + log.size()); }
  void write(const Ready& ready);
  void cut(const SnapshotInfo& info);  // the log starts after it now
  void forget_from(LogIndex index);    // damage

  std::optional<Term> term_at(LogIndex index) override;
  Result<std::vector<Entry>> entries(LogIndex first, LogIndex last, size_t bytes_max) override;
};

// The state machine: what was applied, in order.
struct Store {
  SnapshotInfo at;  // applied up to here
  std::vector<std::string> commands;
};

struct Node {
  Config config;
  Disk disk;
  Store store;                 // as of now
  Store flushed;               // what a crash leaves
  std::deque<Ready> unsynced;  // at the disk
  std::deque<Store> arriving;  // snapshots' data, for the Readys with `install`
  std::optional<SnapshotOffer> offer;
  bool damaged = false;        // the mark that it may not vote
  std::unique_ptr<Raft> raft;  // null: it is down
};

class Cluster {
 public:
  explicit Cluster(const Config& config) : config_(config) {}

  // Called with a line for each thing that happens.
  std::function<void(const std::string&)> trace = [](const std::string&) {};
  // Draws election timeouts.
  std::function<uint32_t(NodeId)> draw_timeout = [this](NodeId node) {
    return config_.election_timeout_ticks + static_cast<uint32_t>(node.value);
  };

  std::map<NodeId, Node> nodes;
  std::deque<Message> network;
  std::set<std::pair<NodeId, NodeId>> cut;  // from, to: what is delivered there is lost

  void add(NodeId id, const Configuration& configuration);
  void crash(NodeId id);
  void restart(NodeId id);
  void damage(NodeId id, LogIndex from);  // of a node that is down

  void run(Node& node);                 // does what the Readys say; nothing becomes durable
  void sync(Node& node, size_t count);  // the oldest Readys at the disk become durable
  bool deliver(Message message);        // false: nobody there, or the way is cut
  void read(Node& node, uint64_t context);
  void compact(Node& node, LogIndex index);
  void flush(Node& node);
  void fetch_snapshot(Node& node);  // what it was offered
  // Until nothing happens any more: runs, syncs and delivers in order. Disks in `slow` don't sync.
  void settle(const std::set<NodeId>& slow = {});

  LogIndex highest_applied() const { return highest_applied_; }
  uint64_t reads_done() const { return reads_done_; }

 private:
  void apply(Node& node, const Entry& entry);
  void judge_persisted(const Ready& ready);
  void judge_leader(const Node& node);
  void judge_read(const Node& node, const ReadState& read);

  Config config_;
  std::map<Term, NodeId> leaders_;
  struct Written {
    Term previous;
    Bytes payload;
  };
  std::map<std::pair<LogIndex, Term>, Written> written_;  // log matching: (index, term) tells all before it
  std::map<LogIndex, std::pair<Term, Bytes>> committed_;
  LogIndex highest_applied_;
  std::map<std::pair<NodeId, uint64_t>, LogIndex> reads_;  // what had been applied anywhere when it was asked
  uint64_t reads_done_ = 0;
};

std::string to_string(const Entry& entry);
std::string to_string(const Message& message);

// Ends the program with a sentence: what must never happen happened.
void judge(bool fine, const std::string& what);

}  // namespace keyzone::raft::test
