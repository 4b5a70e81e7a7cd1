// Random runs: messages are lost, copied and reordered, nodes crash and forget what was not synced, ways are
// cut, members change, logs are cut, groups sleep. The cluster's judges watch. A failure prints its seed.
// KEYZONE_SEED=n plays and tells one storm; KEYZONE_SEEDS=n plays as many.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/raft/cluster.h"

namespace keyzone::raft::test {
namespace {

constexpr uint64_t kSeeds = 400;
constexpr int kSteps = 12000;

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {  // splitmix64
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return next() % n; }
  bool chance(uint64_t per_mille) { return below(1000) < per_mille; }

 private:
  uint64_t state_;
};

class Storm {
 public:
  explicit Storm(uint64_t seed) : random_(seed), cluster_(config(random_)) {
    cluster_.draw_timeout = [this](NodeId) { return 10 + static_cast<uint32_t>(random_.below(10)); };
    Configuration first;
    for (uint64_t id = 1; id <= 3; ++id) first.voters.push_back(NodeId(id));
    for (NodeId id : first.voters) cluster_.add(id, first);
    for (uint64_t id = 4; id <= 5; ++id) cluster_.add(NodeId(id), Configuration());
    may_change_ = random_.chance(500);
    may_damage_ = !may_change_ && random_.chance(500);
    loss_ = random_.below(200);
    weather_ = 2 + random_.below(40);
  }

  void trace_to_stdout() {
    cluster_.trace = [](const std::string& line) { std::puts(line.c_str()); };
  }

  void blow() {
    for (int i = 0; i < kSteps; ++i) step();
  }

  // With everything well again, the group goes on: a leader, a commit, all equal.
  void calm() {
    cluster_.cut.clear();
    for (auto& [id, node] : cluster_.nodes) {
      if (!node.raft) cluster_.restart(id);
    }
    const LogIndex before = cluster_.highest_applied();
    bool proposed = false;
    for (int i = 0; i < 400; ++i) {
      for (auto& [id, node] : cluster_.nodes) {
        if (node.raft->asleep()) node.raft->wake();
        node.raft->tick();
        cluster_.run(node);
        if (node.offer) cluster_.fetch_snapshot(node);
      }
      cluster_.settle();
      if (i > 200 && !proposed) proposed = propose();
    }
    judge(proposed && cluster_.highest_applied() > before, "no progress in calm");
    const Node& leader = *find_leader();
    for (NodeId id : leader.raft->configuration().members()) {
      const Node& node = cluster_.nodes.at(id);
      judge(node.store.at.index == leader.store.at.index,
            "node " + std::to_string(id.value) + " lags in calm");
      judge(node.store.commands == leader.store.commands, "replicas differ");
      judge(!node.damaged, "a damaged replica isn't repaired in calm");
    }
  }

  uint64_t reads_done() const { return cluster_.reads_done(); }
  uint64_t commits() const { return cluster_.highest_applied().value; }

 private:
  static Config config(Random& random) {
    Config config;
    config.append_bytes_max = 1 + random.below(300);
    config.inflight_appends_max = 1 + random.below(8);
    config.cache_bytes_max = random.below(400);
    config.committed_bytes_max = 1 + random.below(400);
    config.persist_bytes_max = 1 + random.below(400);
    return config;
  }

  Node& any() { return cluster_.nodes.at(NodeId(1 + random_.below(cluster_.nodes.size()))); }

  Node* find_leader() {
    Node* leader = nullptr;
    for (auto& [id, node] : cluster_.nodes) {
      if (!node.raft || !node.raft->is_leader()) continue;
      if (!leader || leader->raft->term() < node.raft->term()) leader = &node;
    }
    return leader;
  }

  bool propose() {
    Node* leader = find_leader();
    if (!leader) return false;
    std::vector<Payload> payloads;
    for (uint64_t count = 1 + random_.below(4); count > 0; --count) {
      payloads.push_back(std::make_shared<const Bytes>("c" + std::to_string(++commands_)));
    }
    const bool taken = leader->raft->propose(std::move(payloads)).ok();
    cluster_.run(*leader);
    return taken;
  }

  void step() {
    if (random_.chance(weather_)) {
      Node& node = any();
      rare(node, random_.below(100));
      if (node.raft) cluster_.run(node);
      return;
    }
    const uint64_t dice = random_.below(1000);
    if (dice < 560) return deliver();
    Node& node = any();
    if (!node.raft) return;
    if (dice < 680) {
      cluster_.sync(node, 1);
    } else if (dice < 900) {
      node.raft->tick();
      cluster_.run(node);
    } else if (dice < 945) {
      propose();
    } else if (dice < 990) {
      cluster_.read(node, ++reads_);
    } else if (node.offer) {
      cluster_.fetch_snapshot(node);
    }
  }

  // Which message comes next is drawn; some are lost, some come twice.
  void deliver() {
    auto& network = cluster_.network;
    if (network.empty()) return;
    const size_t at = random_.chance(800) ? 0 : random_.below(network.size());
    Message message = network[at];
    if (!random_.chance(50)) network.erase(network.begin() + static_cast<std::ptrdiff_t>(at));
    if (!random_.chance(loss_)) cluster_.deliver(std::move(message));
  }

  void rare(Node& node, uint64_t dice) {
    if (!node.raft) {
      if (dice < 40) cluster_.restart(node.config.self);
      return;
    }
    if (dice < 15) {
      crash(node);
    } else if (dice < 25) {
      cut();
    } else if (dice < 32) {
      cluster_.cut.clear();
    } else if (dice < 55) {
      cluster_.compact(node, node.store.at.index);
    } else if (dice < 60) {
      cluster_.flush(node);
    } else if (dice < 65) {
      if (node.offer) node.raft->snapshot_failed(), node.offer.reset();
    } else if (dice < 70) {
      if (node.raft->can_sleep()) node.raft->sleep();
    } else if (dice < 75) {
      node.raft->wake();
    } else if (dice < 82) {
      if (may_change_) change();
    } else if (dice < 88) {
      Node* leader = find_leader();
      if (leader) (void)leader->raft->transfer_leadership(node.config.self);
    } else if (dice < 94) {
      node.raft->campaign();
    } else if (dice < 97) {
      node.raft->report_unreachable(any().config.self);
    } else {
      node.raft->report_snapshot_failed(any().config.self);
    }
  }

  // One replica at a time may forget part of its log: others have what it acknowledged.
  void crash(Node& node) {
    cluster_.crash(node.config.self);
    if (!may_damage_ || !random_.chance(500)) return;
    for (const auto& [id, other] : cluster_.nodes) {
      if (other.damaged) return;
    }
    const uint64_t length = node.disk.log.size();
    if (length == 0) return;
    cluster_.damage(node.config.self, LogIndex(node.disk.start.index.value + 1 + random_.below(length)));
  }

  // Half of the time it is a leader that is cut off, one way or both: others elect a new one, and it doesn't
  // know.
  void cut() {
    const Node* leader = find_leader();
    const NodeId from = leader && random_.chance(500) ? leader->config.self : any().config.self;
    const bool both = random_.chance(500);
    const uint64_t spared = random_.chance(500) ? 0 : 400;
    for (auto& [id, node] : cluster_.nodes) {
      if (random_.chance(spared)) continue;
      cluster_.cut.insert({from, id});
      if (both) cluster_.cut.insert({id, from});
    }
  }

  void change() {
    Node* leader = find_leader();
    if (!leader) return;
    std::vector<ConfigurationChange> changes;
    for (uint64_t id = 1; id <= 5; ++id) {
      if (random_.chance(400)) continue;
      changes.push_back({static_cast<ConfigurationChange::Kind>(random_.below(3)), NodeId(id)});
    }
    (void)leader->raft->propose_configuration(changes);
    cluster_.run(*leader);
  }

  Random random_;
  Cluster cluster_;
  bool may_change_ = false;
  bool may_damage_ = false;
  uint64_t loss_ = 0;     // messages in a thousand
  uint64_t weather_ = 0;  // accidents in a thousand steps
  uint64_t commands_ = 0;
  uint64_t reads_ = 0;
};

TEST(Random, Storms) {
  uint64_t first = 1, last = kSeeds;
  if (const char* count = std::getenv("KEYZONE_SEEDS")) last = std::strtoull(count, nullptr, 10);
  if (const char* seed = std::getenv("KEYZONE_SEED")) first = last = std::strtoull(seed, nullptr, 10);
  uint64_t reads = 0, commits = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    Storm run(seed);
    if (first == last) run.trace_to_stdout();
    try {
      run.blow();
      run.calm();
    } catch (const std::runtime_error& error) {
      FAIL() << "KEYZONE_SEED=" << seed << ": " << error.what();
    }
    reads += run.reads_done();
    commits += run.commits();
  }
  RecordProperty("reads", std::to_string(reads));
  RecordProperty("commits", std::to_string(commits));
  if (first == last) return;
  EXPECT_GT(reads, 20 * kSeeds);
  EXPECT_GT(commits, 50 * kSeeds);
}

}  // namespace
}  // namespace keyzone::raft::test
