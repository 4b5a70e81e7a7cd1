// What a node knows about itself and its peers that the catalog doesn't: given to system_rows().
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "schema/catalog.h"
#include "schema/ids.h"

namespace keyzone::cql {

struct NodeStats {
  bool up = true;
  uint32_t leaders = 0;   // tablets that it leads
  uint32_t replicas = 0;  // tablets that it holds
  uint64_t data_bytes = 0;
  uint64_t log_bytes = 0;
  uint64_t cpu_time_us = 0;
  uint64_t uptime_ms = 0;
};

struct TabletStats {
  NodeId leader;  // none known: 0
  keyzone::Term term;
  LogIndex applied_index;
  uint64_t partitions = 0;  // estimates, where asked for (shows_estimates())
  uint64_t mean_partition_bytes = 0;
};

struct PreparedFact {
  Bytes id;
  std::string keyspace;  // the session's when it was prepared; may be empty
  std::string text;
};

// A request under way.
struct QueryFact {
  std::string thread;
  std::string task;
  uint64_t queued_us = 0, running_us = 0;
};

struct ClientFact {
  std::string address;  // as text, "127.0.0.1"
  uint16_t port = 0;
  std::string driver_name;
  std::string driver_version;
  std::string username;
  std::string keyspace;
  int protocol_version = 4;
  uint64_t request_count = 0;
  bool ssl = false;
  std::string ssl_protocol;
  std::string ssl_cipher_suite;
  std::map<std::string, std::string> options;  // of STARTUP
};

struct TraceEvent {
  Uuid id;  // version 1: also when
  std::string activity;
  int32_t elapsed_us = 0;  // since the request came
  std::string source{};    // the address of the node that it is about; empty: the coordinator
};
// What a coordinator did for one request whose client asked for a trace.
struct TraceFact {
  Uuid id;
  std::string client;  // addresses as text
  std::string coordinator;
  uint16_t coordinator_port = 0;  // for peers
  std::string request;            // "Execute CQL3 query"
  std::map<std::string, std::string> parameters;
  Timestamp started_at = 0;
  int32_t duration_us = 0;
  std::string thread;
  std::vector<TraceEvent> events;  // in order
  // What clients have deleted: the row of system_traces.sessions, or some columns of it.
  bool session_deleted = false;
  std::set<std::string> deleted_columns;
};
using TraceFactPtr = std::shared_ptr<const TraceFact>;

// Of many values: how many in the node's life, and how they were of late.
struct MeterFact {
  uint64_t count = 0;
  uint64_t max = 0, p50 = 0, p99 = 0, p999 = 0;
  double per_second = 0;
};
// What was done for one table. Durations in microseconds.
struct TableWorkFact {
  MeterFact coordinator_reads, coordinator_scans, coordinator_writes;
  MeterFact local_reads, local_scans, local_writes;
  MeterFact rows_per_read, tombstones_per_read;
};
struct CacheFact {
  uint64_t capacity_bytes = 0, size_bytes = 0, entries = 0;
  uint64_t hits = 0, requests = 0;
  double hits_per_second = 0, requests_per_second = 0;
};
struct PoolFact {
  std::string name;
  uint64_t active = 0, active_max = 0, completed = 0;
};
struct WorkFacts {
  std::map<Uuid, TableWorkFact> tables;  // of those that had work
  MeterFact partitions_per_logged_batch, partitions_per_unlogged_batch, partitions_per_counter_batch;
  uint64_t prepared_count = 0, prepared_evicted = 0;
  uint64_t prepared_executed = 0, others_executed = 0;  // statements
  CacheFact blocks;
  std::vector<PoolFact> pools;  // by name
};

struct NodeFacts {
  NodeId node;         // this one; its addresses are in the catalog
  bool alone = false;  // clients are shown no other
  std::string release_version = "5.0.8";
  std::string cql_version = "3.4.7";
  std::string native_protocol_version = "5";
  int32_t gossip_generation = 0;           // seconds since 1970 when the node started
  std::map<NodeId, NodeStats> nodes;       // of those known; others count as down
  std::map<GroupId, TabletStats> tablets;  // of those known
  std::vector<PreparedFact> prepared;
  std::vector<ClientFact> clients;
  std::vector<QueryFact> queries;    // the one that asks
  std::vector<TraceFactPtr> traces;  // by id
  WorkFacts work;
  std::map<std::string, std::string> settings;  // of the config, passwords left out
};

}  // namespace keyzone::cql
