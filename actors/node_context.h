// What all actors of one node share. Each member says who may touch it; the rest is fixed before the first
// actor runs.
#pragma once
#include <atomic>
#include <caf/actor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/clock.h"
#include "actors/environment.h"
#include "actors/interfaces.h"
#include "actors/meters.h"
#include "actors/node_options.h"
#include "actors/routing.h"
#include "actors/statement_cache.h"
#include "actors/trace.h"
#include "cql/system_tables/node_facts.h"
#include "raft/types.h"

namespace keyzone::actors {

class Shard;

// A client's connection as system_views.clients shows it. Its session changes it; any thread reads a copy.
class ClientRecord {
 public:
  void set(cql::ClientFact fact);
  void set_keyspace(const std::string& keyspace);
  void count_request() { requests_.fetch_add(1, std::memory_order_relaxed); }
  cql::ClientFact fact() const;

 private:
  mutable std::mutex mutex_;
  cql::ClientFact fact_;
  std::atomic<uint64_t> requests_{0};
};

// Where the answer to a request goes: the sessions (and other coordinators) of this node, by number. Any
// thread.
class SessionDirectory {
 public:
  // The session's number: the upper half of its requests' sequences. Never given twice in a node's life.
  // `client`: null if it serves none.
  uint32_t add(caf::actor session, std::shared_ptr<ClientRecord> client = nullptr);
  void remove(uint32_t number);
  caf::actor find(uint32_t number) const;  // invalid: it has gone
  std::vector<caf::actor> all() const;
  std::vector<cql::ClientFact> clients() const;  // those that have said STARTUP
  size_t size() const;
  void clear();

 private:
  mutable std::mutex mutex_;
  struct Entry {
    caf::actor session;
    std::shared_ptr<ClientRecord> client;
  };
  std::map<uint32_t, Entry> sessions_;
  uint32_t next_ = 1;
};

// What replicas report for virtual tables and placement.
struct ReplicaStatus {
  GroupId group;
  NodeId leader;
  Term term;
  LogIndex applied;
  bool is_leader = false;
  bool asleep = false;
  Term last_term;  // of the log's newest entry
  LogIndex last_index;
  raft::Configuration members;   // in force here
  bool members_settled = false;  // they are applied here, and no change is under way
  bool operator==(const ReplicaStatus&) const = default;
};
class StatusBoard {
 public:
  void report(const ReplicaStatus& status);
  void remove(GroupId group);
  std::vector<ReplicaStatus> all() const;
  std::optional<ReplicaStatus> of(GroupId group) const;  // nullopt: no replica of it here
  // The groups that this node leads and began to lead, or entered a new term of, after `version`; the oldest
  // first, at most `most`, and the version that this comes to.
  struct LedChanges {
    std::vector<Led> items;
    uint64_t version = 0;
  };
  LedChanges led_since(uint64_t version, size_t most) const;
  // `watcher` sees every report, on the thread that makes it. Called before the first one.
  void watch(std::function<void(const ReplicaStatus&)> watcher) { watcher_ = std::move(watcher); }

 private:
  mutable std::mutex mutex_;
  void note_led(const ReplicaStatus& status);
  void forget_led(GroupId group);

  std::map<GroupId, ReplicaStatus> statuses_;
  std::map<GroupId, std::pair<Term, uint64_t>> led_;  // by us; with the version of the change
  std::map<uint64_t, GroupId> led_order_;             // by version
  uint64_t led_version_ = 0;
  std::function<void(const ReplicaStatus&)> watcher_;
};

// Who leads which group, as other nodes say. Any thread.
class LeaderBoard {
 public:
  struct Leader {
    NodeId node;
    Term term;
  };
  void learn(GroupId group, NodeId node, Term term);  // older terms are ignored
  std::map<GroupId, Leader> all() const;
  void keep(const std::function<bool(GroupId)>& known);  // forgets the others

 private:
  mutable std::mutex mutex_;
  std::map<GroupId, Leader> leaders_;
};

// What nodes last said about their load, ourselves included. Any thread.
class LoadBoard {
 public:
  void report(NodeId node, const NodeLoad& load);
  std::map<NodeId, NodeLoad> all() const;
  NodeLoad of(NodeId node) const;
  bool any_full() const { return any_full_; }  // somebody's disk is

 private:
  mutable std::mutex mutex_;
  std::map<NodeId, NodeLoad> loads_;
  std::atomic<bool> any_full_{false};
};

struct NodeContext {
  NodeContext(NodeOptions node_options, Environment node_environment);
  ~NodeContext();

  const NodeOptions options;
  const Environment environment;
  HybridClock clock;
  Routing routing;
  SessionDirectory sessions;
  StatusBoard statuses;
  LeaderBoard leaders;
  LoadBoard loads;
  StatementCache statements;
  MeterBoard meters;
  TraceBoard traces;

  // Who we are. Set by the supervisor before the first replica is spawned, then fixed.
  NodeId self;
  Uuid host;
  Uuid cluster;
  uint64_t incarnation = 0;  // of this life of the process
  Timestamp started_at = 0;

  std::vector<std::unique_ptr<Shard>> shards;
  caf::actor hub;
  caf::actor supervisor;
  std::atomic<bool> ready{false};  // the catalog is in force and clients are served
  std::atomic<bool> stopping{false};
  std::atomic<bool> quitting{false};     // its actors are told to quit: who connects now is turned away
  std::atomic<bool> space_short{false};  // less is free than options.disk_space_reserve
  // No entries can be stored: space is short, or a shard's log is full. Leaders refuse writes.
  bool disk_full() const;

  // RequestId::incarnation of what this life of this node asks: no two lives in the cluster share one.
  uint64_t coordinator() const { return self.value << 32 | (incarnation & 0xffffffff); }
  // Whether session `number` of this life asked.
  bool is_of(uint32_t number, const RequestId& id) const {
    return id.sequence >> kSessionShift == number && id.incarnation == coordinator();
  }
  size_t shard_of(GroupId group) const { return group.value % shards.size(); }
};

// Hands answers to the sessions that wait for them, one message a session; those that have gone are dropped.
// The sessions share the message: each takes what is its own (is_of) and leaves the rest.
void deliver_replies(NodeContext& context, const RepliesPtr& replies);

}  // namespace keyzone::actors
